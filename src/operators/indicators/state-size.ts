import type { BarSpec } from '../../model/bar-spec.ts';
import type { Tolerance } from '../event-clock.ts';
import { column } from './bar-nodes.ts';
import type { BarIndicator } from './parse.ts';

/** Beside its bars, of an instrument: place, number of bars, whether they are cut, position and time of a loss. */
const bytesPerInstrument = 2 * Int32Array.BYTES_PER_ELEMENT + 1 + 2 * Float64Array.BYTES_PER_ELEMENT;

/**
 * The most bytes that an instrument can have in a snapshot, in memory about as many: of each indicator the bars that are not
 * settled, as many as windows that a stretch of t ms touches (ceil(t / Δ) + 1), and the last one that is.
 */
export function indicatorBytesPerInstrument(
  indicators: readonly BarIndicator[], specs: readonly BarSpec[], tolerance: Tolerance,
): number {
  const unsettledMs = tolerance.out_of_orderness_ms + tolerance.allowed_lateness_ms;
  return indicators.reduce((bytes, { indicator, spec }) => {
    const bars = Math.ceil(unsettledMs / specs[spec].intervalMs) + 2;
    return bytes + bytesPerInstrument + bars * (column.memory + indicator.stateSize) * Float64Array.BYTES_PER_ELEMENT;
  }, 0);
}
