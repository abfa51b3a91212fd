import type { LaneRequest, TakeMode } from '../model/lane.ts';
import type { StoredCheckpoint } from './checkpoints.ts';
import { unknownLog } from './lane-admin.ts';

/** What the database knows of a lane from before. */
export interface KnownLane {
  readonly generation: number;
  readonly logIdentity: string;
  /** As in `LaneRequest`; null where nobody has told it yet. */
  readonly logId: string | null;
  readonly repeatable: boolean;
}

/** What the row of a lane says of its telling. */
export interface ToldLane extends KnownLane {
  readonly fromPosition: number;
  readonly rebuilding: boolean;
}

export type LaneVerdict =
  | { readonly kind: 'keep'; readonly generation: number }
  | { readonly kind: 'next'; readonly generation: number }
  | { readonly kind: 'log-changed' };

/**
 * Which telling of the history a take-up is: a log that can be read again keeps its generation over restarts, another
 * one gets the next at every take-up, and so does one that is to be told anew. A log that was exchanged for another is
 * refused where its bars are stored, unless somebody has said what to do with it.
 */
export function judgeLane(known: KnownLane, request: LaneRequest, mode: TakeMode = 'resume'): LaneVerdict {
  const next: LaneVerdict = { kind: 'next', generation: known.generation + 1 };
  if (!request.repeatable || mode !== 'resume') return next;
  return isSameLog(known, request) ? { kind: 'keep', generation: known.generation } : { kind: 'log-changed' };
}

export function isSameLog(
  known: Pick<KnownLane, 'logIdentity' | 'logId' | 'repeatable'>, { logIdentity, logId }: LaneRequest,
): boolean {
  if (known.logIdentity === unknownLog) return true;
  const isOtherId = known.logId !== null && logId !== undefined && known.logId !== logId;
  return known.repeatable && known.logIdentity === logIdentity && !isOtherId;
}

/** Where and how a take-up goes on. */
export interface Telling {
  readonly generation: number;
  readonly fromPosition: number;
  readonly isRebuilding: boolean;
  /** Where this telling goes on; null where it begins. */
  readonly checkpoint: StoredCheckpoint | null;
}

/** Where a telling begins that knows nothing yet. */
export function firstOf({ beginAt = 0, firstPosition = 0 }: LaneRequest): number {
  return Math.max(beginAt, firstPosition);
}

export function firstTelling(request: LaneRequest): Telling {
  return { generation: 1, fromPosition: firstOf(request), isRebuilding: false, checkpoint: null };
}

interface TakeUp {
  readonly wish: { readonly mode: TakeMode; readonly request: LaneRequest };
  readonly known: ToldLane;
  readonly stored: StoredCheckpoint | null;
}

export function tellingOf(verdict: LaneVerdict, { wish, known, stored }: TakeUp): Telling {
  if (verdict.kind === 'keep') {
    return afterDeletion({
      generation: verdict.generation, fromPosition: known.fromPosition, isRebuilding: known.rebuilding,
      checkpoint: sameTelling(stored, verdict.generation),
    }, wish.request);
  }
  const generation = known.generation + 1;
  const { firstPosition = 0 } = wish.request;
  const anew = { generation, fromPosition: firstPosition, isRebuilding: wish.mode === 'rebuild', checkpoint: null };
  if (verdict.kind === 'log-changed' || wish.mode === 'rebuild') return anew;
  // A live lane counts on from where it was; --from-now leaves out what was before it.
  if (wish.mode === 'resume') return { ...anew, checkpoint: stored };
  if (!isSameLog(known, wish.request)) return anew;
  return { ...anew, checkpoint: stored, fromPosition: stored?.position ?? firstPosition };
}

/** Records that nobody had read are gone: what follows is another telling, which goes on with what was open. */
function afterDeletion(telling: Telling, { firstPosition = 0 }: LaneRequest): Telling {
  const { generation, fromPosition, checkpoint } = telling;
  if (firstPosition <= (checkpoint?.position ?? fromPosition)) return telling;
  return { ...telling, generation: generation + 1, fromPosition: checkpoint === null ? firstPosition : fromPosition };
}

/** A checkpoint of an older telling says nothing about this one. */
function sameTelling(stored: StoredCheckpoint | null, generation: number): StoredCheckpoint | null {
  return stored?.generation === generation ? stored : null;
}

