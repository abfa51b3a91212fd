import type { BarSpec } from '../model/bar-spec.ts';
import { baseGridMs, baseSpecIndex } from './base-grid.ts';
import type { Tolerance } from './event-clock.ts';
import { stride } from './window-table.ts';

/** A row of a snapshot: its columns, and the place of its instrument. */
export const stateBytesPerRow = stride * Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT;
/** A trade id of a snapshot: the id, its event time, and the place of its instrument. */
export const stateBytesPerId = 2 * Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT;

/**
 * The most rows that an instrument can have in a snapshot: one in each window that is not settled. A stretch of t ms
 * touches at most ceil(t / Δ) + 1 windows of Δ ms; the spec of the base grid has its rows in common with the base.
 */
export function stateRowsPerInstrument(specs: readonly BarSpec[], tolerance: Tolerance): number {
  const unsettledMs = tolerance.out_of_orderness_ms + tolerance.allowed_lateness_ms;
  const windowsOf = (intervalMs: number): number => Math.ceil(unsettledMs / intervalMs) + 1;
  const coarser = specs.filter((_, index) => index !== baseSpecIndex(specs));
  return coarser.reduce((rows, { intervalMs }) => rows + windowsOf(intervalMs), windowsOf(baseGridMs(specs)));
}
