import { createHash } from 'node:crypto';
import { MdpError } from '../errors.ts';
import type { Gap } from '../model/gap.ts';
import type { LaneStart, Resume } from '../model/lane.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { Progress, Source } from './source.ts';
import { parseSpeed, type SourceContext, type SourceType } from './settings.ts';
import { SyntheticLog, type Outage } from './synthetic/log.ts';
import { syntheticSettings, type SyntheticValues } from './synthetic/settings.ts';
import { ColumnPool } from './tick-columns.ts';

/**
 * Real-time ids begin at start time × this: they rise over restarts up to a million ticks a second of each
 * symbol.
 */
const idsPerMs = 1_024;

/**
 * The seeded generator. On virtual time (speed max) its log can be read again from any position. In real
 * time, or at a factor of it, every start is a new telling that begins now, after a gap from where the last
 * one ended. It never waits: event times tell its runner when a batch is due.
 */
export class SyntheticSource implements Source {
  readonly name: string;
  readonly pausable = true;
  readonly #context: SourceContext<SyntheticValues>;
  readonly #virtual: boolean;
  #ticks = 0;

  constructor(context: SourceContext<SyntheticValues>) {
    this.name = context.name;
    this.#context = context;
    this.#virtual = parseSpeed(context.name, context.values.speed) === Infinity;
    checkShares(context.name, context.values);
  }

  async *read(resume: Resume, drain: AbortSignal): AsyncGenerator<TickBatch | Gap, void> {
    const identity = identityOf(this.#context.values);
    const start = await resume.take({ logIdentity: identity, repeatable: this.#virtual });
    const startMs = this.#virtual ? start.startTimeMs : this.#nowAfter(start);
    const restarts = this.#virtual ? [] : this.#restartGaps(start, startMs);
    yield* restarts;
    const log = new SyntheticLog(this.#context.values, this.#context.instruments, {
      startMs,
      idBase: this.#virtual ? 0 : Math.floor(startMs) * idsPerMs,
      position: this.#virtual ? 0 : start.position + (restarts.length === 0 ? 0 : 1),
    });
    if (this.#virtual) log.skipTo(start.position);
    yield* this.#batches(log, start, drain);
  }

  progress(): Progress {
    const { count } = this.#context.values;
    return { share: count === null ? null : this.#ticks / Math.max(1, count), ticks: this.#ticks };
  }

  async *#batches(
    log: SyntheticLog, start: LaneStart, drain: AbortSignal,
  ): AsyncGenerator<TickBatch | Gap, void> {
    const { values, batchSpanMs, clock } = this.#context;
    const { lane } = start;
    const pool = new ColumnPool(values.batch_ticks, values.ids);
    while (!log.ended && !drain.aborted) {
      const columns = pool.take();
      const outage = log.readInto(columns, batchSpanMs);
      const end = { lane, receivedTimeMs: clock(), nextPosition: log.position, atLogEnd: !this.#virtual };
      this.#ticks += columns.length;
      const batch = columns.finish(end);
      if (batch !== null) yield batch;
      if (outage !== null) yield outageGap(outage, start);
    }
  }

  /** What was lost between two tellings: of each venue from its own time on, where that is known. */
  #restartGaps(start: LaneStart, untilMs: number): Gap[] {
    const { instruments } = this.#context;
    const known = [...start.knownUntilMs ?? []].map(([venue, fromMs]) => ({ venue: instruments.venueIndex(venue), fromMs }));
    const newestMs = start.newestEventTimeMs;
    const from = known.length > 0 || newestMs === null ? known : [{ venue: 'all' as const, fromMs: newestMs }];
    return from.map(({ venue, fromMs }) => ({
      kind: 'gap', lane: start.lane, position: start.position, instruments: 'all', venue, fromMs, untilMs, reason: 'restart',
      ticksLost: 0,
    }));
  }

  /** At a factor above 1 the last telling may have run ahead of our clock: event time never goes back. */
  #nowAfter(start: LaneStart): number {
    const nowMs = this.#context.clock();
    return start.newestEventTimeMs === null ? nowMs : Math.max(nowMs, start.newestEventTimeMs + 1);
  }
}

export const syntheticSource: SourceType<typeof syntheticSettings> = {
  settings: syntheticSettings,
  create: (context) => new SyntheticSource(context),
};

/** Settings that say how the log is read, not what is in it. */
const readingKeys = new Set<string>(['speed', 'batch_ticks', 'max_msgs_per_sec', 'burst', 'symbol']);

/**
 * What makes the log this log and no other. A greater count only appends to it, unless its end was declared
 * final.
 */
function identityOf(values: SyntheticValues): string {
  const shape = Object.entries({ ...values, count: values.complete ? values.count : null })
    .filter(([key]) => Object.hasOwn(syntheticSettings, key) && !readingKeys.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex');
}

function checkShares(name: string, values: SyntheticValues): void {
  const sum = values.duplicate_share + values.poison_share + values.late_share + values.disorder_share;
  if (sum <= 1) return;
  throw new MdpError(
    'config-invalid',
    `Source "${name}": duplicate_share, poison_share, late_share and disorder_share add up to ` +
      `${sum}, which is more than 1.`,
  );
}

function outageGap(outage: Outage, start: LaneStart): Gap {
  return {
    kind: 'gap', lane: start.lane, position: outage.position, instruments: 'all', venue: outage.venueIndex,
    fromMs: outage.fromMs, untilMs: outage.untilMs, reason: 'venue-outage', ticksLost: 0,
  };
}
