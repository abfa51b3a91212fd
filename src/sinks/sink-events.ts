import type { Lane } from '../model/lane.ts';
import type { DeadLetter, RowBatch } from '../model/rows.ts';
import type { SpanRef } from '../model/trace.ts';
import type { BreakerState } from './circuit-breaker.ts';
import type { SinkFailure, WriteResult } from './sink.ts';

/** Why rows were given up by the pool. */
export type RowsDropReason =
  | 'lane-lost' // A newer generation of the lane exists: another process writes these rows.
  | 'forced-end' // The deadline for draining passed.
  | 'sink-failed' // A sink refuses for good.
  | 'dead-letter-refused'; // A dead letter that the database refuses as well.

export interface CommittedWrite {
  readonly sink: string;
  readonly lane: Lane;
  readonly rows: number;
  readonly result: WriteResult;
  /** Our clock when the oldest of its rows was emitted. */
  readonly openedAtMs: number;
  readonly madeBy?: readonly SpanRef[] | undefined;
}

export interface FailedWrite {
  readonly sink: string;
  /** Null: the sink could not even be opened. */
  readonly lane: Lane | null;
  readonly rows: number;
  readonly kind: SinkFailure['kind'];
  readonly message: string;
  /** Failed attempts of this batch in a row that waiting may cure, this one included. */
  readonly failures: number;
  /** How long the attempt took; absent where the sink could not be opened. */
  readonly seconds?: number;
  readonly madeBy?: readonly SpanRef[] | undefined;
}

/** What happens in the workers of a pool, for logs and metrics. Called synchronously; must not throw. */
export interface SinkWorkerEvents {
  /** A worker has them in hand, and writes them next. */
  rowsTaken(batch: RowBatch): void;
  committed(write: CommittedWrite, seconds: number): void;
  failedAttempt(write: FailedWrite): void;
  retried(sink: string, lane: Lane): void;
  laneLost(lane: Lane): void;
  rowsDropped(lane: Lane, count: number, reason: RowsDropReason): void;
  setAside(lane: Lane, letter: DeadLetter, madeBy?: readonly SpanRef[]): void;
}

/** What happens in a pool. */
export interface SinkPoolEvents extends SinkWorkerEvents {
  breakerChanged(sink: string, state: BreakerState): void;
}
