import { oracleLine, type OracleLine } from './formulas.ts';
import type { OracleBar } from './log.ts';

/** A value as the program made it. */
export interface ActualValue {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly indicator: string;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly value: number | null;
  readonly quality: number;
  readonly state: number;
  readonly revision: number;
  readonly whole: boolean;
  readonly position: number;
}

/** Beside its own number a value has what its bar has, but has seen the positions of all bars before it. */
const fieldsOfBar = ['closeTimeMs', 'quality', 'state', 'revision'] as const;

interface Asked {
  /** Canonical names of the lines, on the bars of every spec. */
  readonly lines: readonly string[];
  /** The log has gaps of our own: what they make of quality, wholeness and positions is not looked at. */
  readonly hasLosses?: boolean;
}

/** One line a difference between values and what all bars of a log give; empty where there is none. */
export function valueDifferences(
  bars: readonly OracleBar[], actual: readonly ActualValue[], { lines, hasLosses = false }: Asked,
): string[] {
  const found = new Map(actual.map((value) => [keyOf(value, value.indicator), value]));
  const differences = found.size < actual.length ? ['two values of one key'] : [];
  for (const series of Map.groupBy(bars, ({ venue, symbol, spec }) => `${venue} ${symbol} ${spec}`).values()) {
    const sorted = series.toSorted((a, b) => a.openTimeMs - b.openTimeMs);
    for (const name of lines) {
      for (const [index, wanted] of wantedValues(sorted, name).entries()) {
        const key = keyOf(sorted[index], name);
        differences.push(...differencesAt(key, found.get(key), { wanted, bar: sorted[index], hasLosses }));
        found.delete(key);
      }
    }
  }
  return [...differences, ...[...found.keys()].map((key) => `${key}: unexpected`)];
}

function keyOf({ venue, symbol, spec, openTimeMs }: OracleBar | ActualValue, indicator: string): string {
  return `${venue} ${symbol} ${indicator}@${spec} ${new Date(openTimeMs).toISOString()}`;
}

interface WantedValue {
  readonly value: number | null;
  readonly tolerance: number;
  readonly position: number;
  readonly whole: boolean;
}

/** Of the bars of one series in order of time: it begins with the first whole one. */
function wantedValues(bars: readonly OracleBar[], name: string): WantedValue[] {
  const begin = bars.findIndex(({ whole }) => whole);
  const counted = begin === -1 ? [] : bars.slice(begin);
  const line = oracleLine(name, counted);
  return bars.map((_, index) => {
    const position = Math.max(...bars.slice(0, index + 1).map((bar) => bar.position));
    if (begin === -1 || index < begin) return { value: null, tolerance: 0, position, whole: false };
    return { ...wantedValue(counted, line, index - begin), tolerance: toleranceOf(name, counted, { line, index: index - begin }), position };
  });
}

function wantedValue(bars: readonly OracleBar[], line: OracleLine, index: number): Pick<WantedValue, 'value' | 'whole'> {
  return { value: line.valueAt(index), whole: bars.slice(line.firstSeen(index), index + 1).every(({ whole }) => whole) };
}

/** Sums and quotients of some hundred doubles: of a price as much as of the greatest one that went in. */
function toleranceOf(
  name: string, bars: readonly OracleBar[], { line, index }: { readonly line: OracleLine; readonly index: number },
): number {
  const relative = 1e-9;
  if (/^(rsi|volume_trend|pv_correlation)/.test(name)) return relative;
  if (name.startsWith('volume_ratio')) return relative * Math.max(1, line.valueAt(index) ?? 0);
  const seen = bars.slice(line.firstSeen(index), index + 1);
  return relative * Math.max(...seen.flatMap(({ high, low }) => [Math.abs(high), Math.abs(low)]));
}

interface Judged {
  readonly wanted: WantedValue;
  readonly bar: OracleBar;
  readonly hasLosses: boolean;
}

function differencesAt(key: string, value: ActualValue | undefined, { wanted, bar, hasLosses }: Judged): string[] {
  if (value === undefined) return [`${key}: missing`];
  const isEqual = value.value === null || wanted.value === null ? value.value === wanted.value
    : Math.abs(value.value - wanted.value) <= wanted.tolerance;
  const musts = [
    ...fieldsOfBar.filter((field) => !(hasLosses && field === 'quality')).map((field) => [field, bar[field]] as const),
    ...(hasLosses ? [] : [['position', wanted.position], ['whole', wanted.whole]] as const),
  ];
  return [
    ...(isEqual ? [] : [`${key}: value is ${value.value}, must be ${wanted.value}`]),
    ...musts.filter(([field, must]) => value[field] !== must)
      .map(([field, must]) => `${key}: ${field} is ${String(value[field])}, must be ${String(must)}`),
  ];
}
