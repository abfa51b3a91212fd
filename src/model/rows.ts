import type { AlertRow } from './alert.ts';
import { BarColumns } from './bar.ts';
import { CheckpointMarker } from './checkpoint.ts';
import type { OriginalMessage } from './dead-letter.ts';
import type { Gap } from './gap.ts';
import { IndicatorColumns } from './indicator.ts';
import type { Lane } from './lane.ts';
import type { SpanRef } from './trace.ts';

/** A tick behind the lateness horizon: it changes no bar, and it is kept. Key: lane, generation, position, counter. */
export interface LateTick {
  readonly instrument: number;
  readonly eventTimeMs: number;
  readonly price: number;
  readonly size: number;
  readonly side: number;
  readonly tradeId: string | number | null;
  readonly watermarkMs: number;
  readonly position: number;
  /** Tells several of one position apart. */
  readonly counter: number;
}

/** A record or a row that could not be used, kept with its bytes. Key: lane, generation, position, counter. */
export interface DeadLetter {
  /** `tick`: a record of the log. `row`: a row that the sink refused. */
  readonly origin: 'tick' | 'row';
  readonly reason: string;
  readonly message: string;
  readonly place: string;
  readonly bytes: Uint8Array;
  readonly position: number;
  readonly counter: number;
  readonly atMs: number;
  /** Where somebody wants the whole message; the database keeps it not. */
  readonly original?: OriginalMessage;
}

/**
 * Rows on their way to the sinks: all of one lane and one shard, which is the number of the worker that writes them; an
 * instrument of a lane always has the same one. At most one row per key.
 */
export interface RowBatch {
  readonly lane: Lane;
  readonly shard: number;
  readonly bars: BarColumns;
  readonly indicators: IndicatorColumns;
  readonly lateTicks: LateTick[];
  readonly gaps: Gap[];
  readonly alerts: AlertRow[];
  readonly deadLetters: DeadLetter[];
  /** Our clock when its first row was emitted. */
  openedAtMs: number;
  /** Spans of the batches of ticks that made its rows, the first `spanRefsMax`; absent where nobody traces. */
  madeBy?: readonly SpanRef[] | undefined;
}

/** What one bar, value, late tick, gap, alert or dead letter takes in memory: 20 columns of a bar come to 129 bytes. */
export const barBytes = 136;
export const indicatorBytes = 56; // 12 columns come to 50.
export const lateTickBytes = 160;
export const gapBytes = 160;
export const alertBytes = 200;
export const deadLetterBytes = 256; // Plus its bytes.

export function createRowBatch(lane: Lane, shard: number, openedAtMs: number, capacity: number): RowBatch {
  return {
    lane, shard, bars: new BarColumns(capacity), indicators: new IndicatorColumns(0), lateTicks: [], gaps: [],
    alerts: [], deadLetters: [], openedAtMs,
  };
}

/** Number of rows of every kind. */
export function rowCount(batch: RowBatch): number {
  const { bars, indicators, lateTicks, gaps, alerts, deadLetters } = batch;
  return bars.length + indicators.length + lateTicks.length + gaps.length + alerts.length + deadLetters.length;
}

export function byteCount(batch: RowBatch): number {
  let bytes = batch.bars.length * barBytes + batch.indicators.length * indicatorBytes +
    batch.lateTicks.length * lateTickBytes + batch.gaps.length * gapBytes + batch.alerts.length * alertBytes;
  for (const { bytes: kept, original } of batch.deadLetters) {
    bytes += deadLetterBytes + kept.length + (original?.key?.length ?? 0) + (original?.value?.length ?? 0);
  }
  return bytes;
}

/** What moves through a sink queue. */
export type SinkItem = RowBatch | CheckpointMarker;

export function isRows(item: SinkItem): item is RowBatch {
  return !(item instanceof CheckpointMarker);
}
