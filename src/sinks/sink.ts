import { messageOf } from '../errors.ts';
import type { Lane } from '../model/lane.ts';
import type { DeadLetter, RowBatch } from '../model/rows.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { ProducerFacts } from '../model/status.ts';
import type { sinkBreakerSettings } from './settings.ts';

/** Why a write failed: what the runner must do follows from the kind alone. */
export type SinkFailure =
  | { readonly kind: 'unavailable' } // Nothing was written: the same batch, later.
  | { readonly kind: 'unknown' } // The answer to COMMIT was lost: the same batch, later; rows are idempotent.
  | { readonly kind: 'too-large' } // Nothing was written: split the batch.
  /** Set it aside, or bisect when unknown. Rows count through bars, indicators, late ticks, gaps, alerts, letters. */
  | { readonly kind: 'bad-row'; readonly rowIndex?: number }
  | { readonly kind: 'lane-lost'; readonly lane: Lane } // A newer generation exists: drop the lane's state and rows.
  | { readonly kind: 'misconfigured' }; // Stop and say what to do.

/** The only thing that `Sink.write` throws. The message says what, where, and what to do next. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly failure: SinkFailure;

  constructor(failure: SinkFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
  }
}

/** What a sink has thrown; anything but a SinkError is a fault of the program, which waiting does not cure. */
export function asSinkError(error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  return new SinkError({ kind: 'misconfigured' }, `The sink failed in a way that it must not: ${messageOf(error)}`, error);
}

/** What became of the rows of one write that came back: rows of the batch = committed + setAside.length. */
export interface WriteResult {
  /** Rows that a transaction carried to its commit. */
  readonly committed: number;
  /** Of those, rows that the guard left out because a stored one has seen more. */
  readonly outdated: number;
  /** Of those, rows that went by plain COPY. */
  readonly direct: number;
  /** Rows that the sink refused by itself and kept as dead letters in the same transaction. */
  readonly setAside: readonly DeadLetter[];
  /** A plain COPY met a row that was stored already; the batch was written again by upsert. */
  readonly fellBack: boolean;
}

/**
 * Writes the whole batch or throws a SinkError. Calls overlap, one per worker; an instrument always goes to the same
 * worker. When `abort` fires the call rejects at once, whatever the server does.
 */
export interface Sink {
  readonly name: string;
  /** When it is left alone; as the pool says unless given. */
  readonly breaker?: ValuesOf<typeof sinkBreakerSettings>;
  /** Whether it writes anything of these rows; others pass it by, whatever its state. All unless given. */
  wants?(rows: RowBatch): boolean;
  open(abort: AbortSignal): Promise<void>;
  write(rows: RowBatch, abort: AbortSignal): Promise<WriteResult>;
  /** A checkpoint of the lane is written. */
  checkpointed?(lane: Lane): void;
  /** What it has written, where it is a producer of Kafka. */
  producer?(): ProducerFacts;
  close(): Promise<void>;
}
