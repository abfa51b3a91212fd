import type { BarColumns } from '../../model/bar.ts';
import type { RowNames } from '../set-aside.ts';

/* Rows as arrays for `unnest`, a parameter a column: the way of few rows, where a COPY would cost more round trips. */

/** Keys of the rows at the indices `rows`: venue, symbol, bar spec, open time in µs, bar index. */
export function keyArrays(bars: BarColumns, rows: Int32Array, { instruments, specNames }: RowNames): unknown[] {
  const list = [...rows];
  return [
    list.map((row) => instruments.venue(bars.instrument[row])),
    list.map((row) => instruments.symbol(bars.instrument[row])),
    list.map((row) => specNames[bars.spec[row]]),
    list.map((row) => microseconds(bars.openTimeMs[row])),
    list.map((row) => bars.barIndex[row]),
  ];
}

/** Everything behind the keys, in the order of the columns. */
export function valueArrays(bars: BarColumns, rows: Int32Array): unknown[] {
  const list = [...rows];
  const doubles = (column: Float64Array): string[] => list.map((row) => exactDouble(column[row]));
  const integers = (column: Float64Array | Int32Array | Uint8Array): number[] => list.map((row) => column[row]);
  return [
    list.map((row) => microseconds(bars.closeTimeMs[row])),
    doubles(bars.open), doubles(bars.high), doubles(bars.low), doubles(bars.close), doubles(bars.volume),
    doubles(bars.notional), list.map((row) => vwap(bars, row)), integers(bars.trades), doubles(bars.buyVolume),
    doubles(bars.sellVolume), integers(bars.quality), integers(bars.state), integers(bars.revision),
    list.map((row) => bars.whole[row] === 1), integers(bars.position),
  ];
}

/** The shortest text that reads back as the same double; JavaScript leaves the sign of -0 out. */
export function exactDouble(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Microseconds since 1970, exact to the microsecond until the year 2255. */
export function microseconds(timeMs: number): number {
  return Math.round(timeMs * 1_000);
}

function vwap(bars: BarColumns, row: number): string | null {
  return bars.volume[row] === 0 ? null : exactDouble(bars.notional[row] / bars.volume[row]);
}
