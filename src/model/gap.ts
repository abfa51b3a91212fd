import type { Lane } from './lane.ts';

/** Why a stretch of a log is missing. */
export type GapReason =
  | 'venue-outage' // The log itself says that the venue was away.
  | 'disconnect' // A live connection was lost.
  | 'restart' // A live lane was down between two runs of ours.
  | 'dropped-batch' // A full op queue gave up a batch of ticks.
  | 'dropped-rows' // A full sink queue gave up rows.
  | 'deleted-records'; // The log had deleted records before we read them.

export const ownLosses: ReadonlySet<GapReason> = new Set<GapReason>([
  'disconnect', 'restart', 'dropped-batch', 'dropped-rows', 'deleted-records',
]);

/** Whether we lost data that another reading of the log would hold: bars it touches are not whole. */
export function isOwnLoss(reason: GapReason): boolean {
  return ownLosses.has(reason);
}

/** A hole in the log, at a position of the log. Times are event times, `[fromMs, untilMs)`. */
export interface Gap {
  readonly kind: 'gap';
  readonly lane: Lane;
  readonly position: number;
  readonly instruments: 'all' | Int32Array;
  /** Venue index, or 'all': a lane may carry several venues. */
  readonly venue: 'all' | number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: GapReason;
  /** Ticks known to be lost; 0 where nobody can know. */
  readonly ticksLost: number;
  /** Set where only bars of one spec are lost (a full sink queue). */
  readonly barSpec?: string;
}
