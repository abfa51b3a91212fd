import type { Lane } from '../model/lane.ts';
import type { RowBatch } from '../model/rows.ts';
import type { SpanRef } from '../model/trace.ts';
import type { TickBatch } from '../model/tick-batch.ts';

/** One attempt to write rows to a sink. */
export interface TracedWrite {
  readonly sink: string;
  readonly lane: Lane;
  readonly rows: number;
  /** How long it took. */
  readonly seconds: number;
  /** Spans of the batches of ticks that made the rows; absent where nobody traces. */
  readonly madeBy?: readonly SpanRef[] | undefined;
  /** Null where the sink has them. */
  readonly failure: { readonly kind: string; readonly message: string } | null;
}

/**
 * Where spans are made of what happens, or not. Called by the happenings, synchronously, once per batch and stage; must not
 * throw. One file knows what they are made with.
 */
export interface Spans {
  /** To be called once, before all others. `onTrouble` is told in words what is lost, maybe at every attempt to send. */
  start(onTrouble: (problem: string) => void): void;
  /** It was read and its turn has come: from here on it waits for its lane. */
  batchRead(batch: TickBatch): void;
  /** Its lane folds it now; the span that rows refer to which it makes, or null. */
  batchTaken(batch: TickBatch): SpanRef | null;
  /** The one that was taken last is done. */
  batchFolded(batch: TickBatch): void;
  /** A worker has them in hand. */
  rowsTaken(batch: RowBatch): void;
  writeEnded(write: TracedWrite): void;
  /** Sends what is there, but waits for nobody for long. Never rejects. */
  close(): Promise<void>;
}

const nothing = (): void => {};

/** Nobody traces. */
export const noSpans: Spans = {
  start: nothing, batchRead: nothing, batchTaken: () => null, batchFolded: nothing, rowsTaken: nothing, writeEnded: nothing,
  close: () => Promise.resolve(),
};

/** Fields of a log line that belongs to a span, named as OpenTelemetry wants them in logs; none where there is no span. */
export function spanFields(span: SpanRef | null | undefined): { readonly trace_id?: string; readonly span_id?: string } {
  return span === null || span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
