import { column } from './window-table.ts';

/**
 * Adds a number to a compensated sum: `values[at]` is the sum, `values[at + 1]` what rounding took from it. The error of
 * an addition of two doubles is a double (Knuth's two-sum, TAOCP 2, 4.2.2); the sums of SEMANTICS 10 are Neumaier's,
 * which gather the same errors.
 */
export function addTo(values: Float64Array, at: number, amount: number): void {
  const sum = values[at];
  const next = sum + amount;
  const added = next - sum;
  values[at] = next;
  values[at + 1] += sum - (next - added) + (amount - added);
}

/**
 * Adds a row of a base window to the row of a coarser bar. To be called in order of open time, from an empty row on: so
 * every coarser bar is a function of its base bars alone, whenever it is computed.
 */
export function rollUp(into: Float64Array, at: number, { values, from }: { values: Float64Array; from: number }): void {
  if (into[at + column.trades] === 0) into[at + column.open] = values[from + column.open]!;
  const high = values[from + column.high];
  const low = values[from + column.low];
  if (high > into[at + column.high]) into[at + column.high] = high;
  if (low < into[at + column.low]) into[at + column.low] = low;
  into[at + column.close] = values[from + column.close]!;
  for (let sum = column.notional; sum < column.trades; sum += 2) {
    addTo(into, at + sum, values[from + sum]);
    into[at + sum + 1] += values[from + sum + 1];
  }
  into[at + column.trades] += values[from + column.trades];
  const position = values[from + column.position];
  if (position > into[at + column.position]) into[at + column.position] = position;
}

/** The total of the three sides' sizes, rounded once. */
export function volumeOf(values: Float64Array, at: number): number {
  let sum = values[at + column.size];
  let rest = values[at + column.size + 1];
  for (let side = column.size + 2; side < column.trades; side += 2) {
    const amount = values[at + side];
    const next = sum + amount;
    const added = next - sum;
    rest += sum - (next - added) + (amount - added) + values[at + side + 1];
    sum = next;
  }
  return sum + rest;
}
