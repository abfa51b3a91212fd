import type { InstrumentTable } from '../../model/instruments.ts';
import { AlertBar, type AlertSeries } from './alert-series.ts';
import { versionKey } from './rule-chain.ts';

export interface NewestBar {
  readonly venue: string;
  readonly barSpec: string;
  readonly closeMs: number;
}

/** Rows of numbers one behind the other, `barWidth`, `valueWidth` and `toldWidth` each; see `numbersOf`. */
export interface SavedSeries {
  readonly venue: string;
  readonly symbol: string;
  readonly barSpec: string;
  readonly bars: Float64Array;
  /** Lines that values are of, by their place. */
  readonly lines: readonly string[];
  readonly values: Float64Array;
  /** Versions of rules that something was told of, by their place. */
  readonly versions: readonly string[];
  readonly told: Float64Array;
}

export interface AlertsState {
  readonly newest: readonly NewestBar[];
  readonly series: readonly SavedSeries[];
  /** Where versions of rules had begun, by `versionKey`. */
  readonly begun: readonly { readonly key: string; readonly validFromMs: number }[];
}

const barWidth = 13;
const valueWidth = 5;
const toldWidth = 6;

/** Between two batches, when nothing waits to be judged. */
export function alertsState({ series, newest, instruments }: {
  readonly series: readonly AlertSeries[]; readonly newest: readonly NewestBar[]; readonly instruments: InstrumentTable;
}): AlertsState {
  const begun = series.flatMap(({ chains }) => chains.flatMap(({ versions }) => versions.flatMap((rule) => (
    rule.validFromMs === null ? [] : [{ key: versionKey(rule), validFromMs: rule.validFromMs }]))));
  return { newest, begun, series: series.filter(({ bars }) => bars.length > 0).map((one) => saved(one, instruments)) };
}

function saved({ instrument, barSpec, bars }: AlertSeries, instruments: InstrumentTable): SavedSeries {
  const lines = [...new Set(bars.flatMap((bar) => [...bar.values.keys()]))];
  const versions = [...new Set(bars.flatMap((bar) => [...bar.told.keys()]))];
  return {
    venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), barSpec, lines, versions,
    bars: Float64Array.from(bars.flatMap(numbersOf)),
    values: Float64Array.from(bars.flatMap((bar, at) => [...bar.values].flatMap(([line, { value, position, again }]) => (
      [at, lines.indexOf(line), value, position, again ? 1 : 0])))),
    told: Float64Array.from(bars.flatMap((bar, at) => [...bar.told].flatMap(([key, { isMet, value, position, state }]) => (
      [at, versions.indexOf(key), isMet ? 1 : 0, value, position, state])))),
  };
}

function numbersOf(bar: AlertBar): number[] {
  return [
    bar.openMs, bar.barIndex, bar.closeMs, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.position, bar.state,
    bar.revision, bar.isWhole ? 1 : 0, bar.isAgain ? 1 : 0,
  ];
}

export function restoreBars({ bars, lines, values, versions, told }: SavedSeries): AlertBar[] {
  const restored = rowsOf(bars, barWidth).map(barOf);
  for (const [at, line, value, position, again] of rowsOf(values, valueWidth)) {
    restored[at].values.set(lines[line], { value, position, again: again === 1 });
  }
  for (const [at, version, isMet, value, position, state] of rowsOf(told, toldWidth)) {
    restored[at].told.set(versions[version], { isMet: isMet === 1, value, position, state });
  }
  return restored;
}

function barOf(row: readonly number[]): AlertBar {
  const [openMs, barIndex, closeMs, open, high, low, close, volume, position, state, revision, whole, again] = row;
  return Object.assign(new AlertBar(openMs, barIndex), {
    closeMs, open, high, low, close, volume, position, state, revision, isWhole: whole === 1, isAgain: again === 1,
  });
}

function rowsOf(numbers: Float64Array, width: number): number[][] {
  return Array.from({ length: numbers.length / width }, (_, row) => [...numbers.subarray(row * width, (row + 1) * width)]);
}
