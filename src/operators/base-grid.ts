import { greatestCommonDivisor, type BarSpec } from '../model/bar-spec.ts';

/**
 * The interval, ms, of the bars into which ticks are folded once: the coarsest that divides every boundary of every
 * spec, counted from 1970. All other bars are rolled up from these.
 */
export function baseGridMs(specs: readonly BarSpec[]): number {
  return specs.map((spec) => spec.gridMs).reduce(greatestCommonDivisor);
}

/** Index of the spec whose bars are the base bars themselves, or -1: then the base grid is not stored. */
export function baseSpecIndex(specs: readonly BarSpec[]): number {
  const gridMs = baseGridMs(specs);
  return specs.findIndex((spec) => spec.intervalMs === gridMs);
}
