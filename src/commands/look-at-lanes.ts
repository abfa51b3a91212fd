import { MdpError } from '../errors.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane, LaneRequest } from '../model/lane.ts';
import type { Database, Limit } from '../postgres.ts';
import { parseSpeed } from '../sources/settings.ts';
import { identityOf } from '../store/lane-errors.ts';
import type { TakenLane } from '../store/lanes.ts';
import { readTelling, type Telling } from '../store/read-telling.ts';
import { firstOf, isSameLog } from '../store/tellings.ts';

export interface LookParts {
  readonly database: Database;
  readonly limit: Limit;
  readonly clock: Clock;
  /** Fires when nobody waits for lanes any more. */
  readonly drain: AbortSignal;
  /** A lane that nobody has taken up yet is waited for; a sentence for people. */
  readonly onWait: (message: string) => void;
}

type Looked = Pick<Lane, 'name' | 'source' | 'pausable' | 'complete'>;

const lookEveryMs = 1_000;

/**
 * Looks where the lane stands whose holder is another process: the newest checkpoint of its telling, and nothing is taken
 * or written. Waits for a lane that nobody has taken up yet. Throws an MdpError: `log-changed`, `store-unavailable`.
 */
export async function lookAtLane(parts: LookParts, lane: Looked, request: LaneRequest): Promise<TakenLane> {
  const telling = await awaitTelling(parts, lane.name);
  if (!isSameLog(telling, request)) {
    throw new MdpError('log-changed', `The log of lane ${lane.name} is now "${identityOf(request)}"; its stored bars come ` +
      `from "${identityOf(telling)}". What is stored is shown; \`mdp run\` says what to do.`);
  }
  const { checkpoint, generation, fromPosition, startTimeMs } = telling;
  return {
    start: {
      lane: { ...lane, generation, fromPosition, storedUntilMs: -Infinity }, startTimeMs, newestEventTimeMs: null,
      position: checkpoint?.position ?? Math.max(fromPosition, firstOf(request)),
      lastRecordHash: checkpoint?.lastRecordHash ?? null,
    },
    state: checkpoint?.state ?? null, storedBars: [],
  };
}

/** Whether a process that looks on can fold what another one folds: only a log that can be read twice. */
export function canBeReadBeside({ name, type, values }: Config['sources'][number]): boolean {
  return type !== 'synthetic' || parseSpeed(name, values.speed) === Infinity;
}

async function awaitTelling({ database, limit, clock, drain, onWait }: LookParts, lane: string): Promise<Telling> {
  for (;;) {
    const telling = await readTelling(database, limit, lane);
    if (telling !== null) return telling;
    onWait(`Nobody has taken up lane ${lane} yet: it is shown once \`mdp run\` has.`);
    await clock.wait(lookEveryMs, drain);
    if (drain.aborted) throw new MdpError('store-unavailable', `Lane ${lane} was waited for until the end.`);
  }
}
