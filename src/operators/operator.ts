import type { AlertRow } from '../model/alert.ts';
import type { BarColumns } from '../model/bar.ts';
import type { Gap } from '../model/gap.ts';
import type { IndicatorColumns } from '../model/indicator.ts';
import type { DeadLetter, LateTick } from '../model/rows.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { Fingerprints } from './fingerprints.ts';

/** Where an operator's output goes. What it is given is read at once and may be reused after the call. */
export interface Emit {
  /** Rows of any specs; at most one row per key in one call of the operator. */
  bars(rows: BarColumns): void;
  indicators(rows: IndicatorColumns): void;
  alert(row: AlertRow): void;
  lateTick(tick: LateTick): void;
  gap(gap: Gap): void;
  deadLetter(letter: DeadLetter): void;
}

/** A tick that is not folded and yet shows how far the time of its venue has come, behind all ticks before it. */
export interface TimeMark {
  /** It stands in front of this tick of its batch; behind all of them where it is the batch's length. */
  readonly before: number;
  readonly venue: number;
  readonly eventTimeMs: number;
  readonly position: number;
}

/** What admission hands on: ticks to be folded and, where the lane has bounds, what the others say about time. */
export interface AdmittedBatch extends TickBatch {
  /** In order of `before`. */
  readonly timeMarks?: readonly TimeMark[];
}

/** What an operator must know after a restart: names, not table indices. */
export interface Snapshot {
  readonly version: number;
  /** What gives it its meaning, bar spec by bar spec. */
  readonly fingerprints: Fingerprints;
  readonly state: unknown;
}

/**
 * Folds admitted ticks into rows. One instance per lane; called by its runner, never concurrently. Synchronous and pure:
 * time is an argument, loss is an output, and nothing is thrown for bad data (admission has judged it). What it emits
 * must not depend on how the log was cut into batches, but for the number of times a row is emitted.
 */
export interface Operator {
  readonly name: string;
  onBatch(batch: AdmittedBatch, out: Emit): void;
  onGap(gap: Gap, out: Emit): void;
  /**
   * When our clock has something to do here, ms since 1970 UTC, unless a batch or a gap comes before; Infinity where it
   * has nothing.
   */
  readonly timeDueAtMs: number;
  /** Our clock, ms since 1970 UTC. Called only while the lane is at the end of its log; before `timeDueAtMs` in vain. */
  onTime(nowMs: number, out: Emit): void;
  /** The log is over. `position` is its last + 1. */
  onEnd(position: number, out: Emit): void;
  /** Between two batches. Columns of it are its own: the operator changes none of them afterwards. */
  snapshot(): Snapshot;
  /**
   * Before the first batch. Throws an MdpError: `settings-changed` when the snapshot meant something else,
   * `checkpoint-unreadable` when its version is not known.
   */
  restore(from: Snapshot): void;
}
