import type { BarColumns } from './bar.ts';
import type { Gap } from './gap.ts';
import type { IndicatorColumns } from './indicator.ts';
import type { Lane } from './lane.ts';
import type { TickBatch } from './tick-batch.ts';

/** A lane as those see it who look while it folds. Asked from within a call of `LiveListener`, or between two batches. */
export interface LaneView {
  readonly lane: Lane;
  /**
   * Adds to `into` the newest bar of an instrument in a bar spec (an index into the pipeline's list), forming, or closed
   * and not yet settled; and behind it every older one that still forms, from newer to older: the watermark lets several be
   * open at a time. False where there is none.
   */
  newestBars(instrument: number, spec: number, into: BarColumns): boolean;
  /**
   * Adds to `into` what each line of the indicators on bars of that spec would be if all those bars closed as they stand,
   * with the states of the bars; of one line from older to newer. False where it adds none. Not while rows are emitted:
   * values of closed bars are not all there yet.
   */
  newestValues(instrument: number, spec: number, into: IndicatorColumns): boolean;
}

/** Why a snapshot was sent: a subscription, a client that asked, or one that was too slow. */
export const snapshotReasons = ['subscribe', 'resync', 'slow'] as const;
export type SnapshotReason = typeof snapshotReasons[number];

/** What the live hub shows of itself: what there is now, and counts since the start. */
export interface LiveStatus {
  readonly clients: number;
  readonly subscriptions: number;
  readonly messages: number;
  readonly snapshots: Readonly<Record<SnapshotReason, number>>;
}

/**
 * Hears what a lane folds, in the order in which it happens. Everything is synchronous: what is given may be reused after
 * the call, and whoever listens copies what it keeps, returns soon and throws nothing. It looks and never touches.
 */
export interface LiveListener {
  laneOpened(view: LaneView): void;
  laneClosed(lane: Lane): void;
  /** Ticks that were admitted, folded by now. */
  ticksFolded(view: LaneView, ticks: TickBatch): void;
  /** Rows as they leave the operators: provisional, closed, revised. Not committed yet. */
  barsEmitted(view: LaneView, rows: BarColumns): void;
  valuesEmitted(view: LaneView, rows: IndicatorColumns): void;
  /** Also of rows that were emitted and then given up by a full sink queue. */
  gapRecorded(view: LaneView, gap: Gap): void;
  /** A batch, a gap, a turn of time or a loss is over: everything that it changed has been told. */
  settled(view: LaneView): void;
}
