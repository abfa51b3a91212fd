import { exactSum } from './exact.ts';
import { wilderRsi } from './wilder.ts';
import { windowOf } from './windows.ts';

/** A bar as far as formulas look at it. */
export interface FormulaBar {
  readonly spec: string;
  readonly openTimeMs: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
}

/**
 * One line of an indicator over a whole series of bars. `valueAt` is null where there is none; `firstSeen` is the place of the
 * oldest bar that the value at a place depends on.
 */
export interface OracleLine {
  valueAt(index: number): number | null;
  firstSeen(index: number): number;
}

type Formula = (bars: readonly FormulaBar[], numbers: readonly number[], line: string) => OracleLine;

/** By its canonical name, such as `macd(12,26,9).signal`. Everything is computed from the beginning, by other ways. */
export function oracleLine(name: string, bars: readonly FormulaBar[]): OracleLine {
  const [, kind, numbers, line = ''] = /^(\w+)\(([^)]*)\)(?:\.(\w+))?$/.exec(name)!;
  return formulas[kind](bars, numbers === '' ? [] : numbers.split(',').map(Number), line);
}

const all = (): number => 0;
const lastOf = (count: number) => (index: number): number => Math.max(0, index - count + 1);

/** A line whose value at a place is one of the last `count` things, null where there are not so many. */
function windowed<T>(things: readonly T[], count: number, of: (window: readonly T[]) => number | null): OracleLine {
  return {
    valueAt: (index) => (index < count - 1 ? null : of(things.slice(index - count + 1, index + 1))),
    firstSeen: lastOf(count),
  };
}

function meanOf(values: readonly number[]): number {
  return exactSum(values) / values.length;
}

/** Of a mean of the first n, then previous · (1 − α) + this · α: as a sum of all values with their weights. Null before. */
function exponential(values: readonly number[], n: number, alpha: number): (number | null)[] {
  return values.map((_, index) => {
    if (index < n - 1) return null;
    const since = values.slice(n, index + 1).toReversed();
    const weighted = since.map((value, age) => value * alpha * (1 - alpha) ** age);
    return weighted.reduce((sum, part) => sum + part, meanOf(values.slice(0, n)) * (1 - alpha) ** since.length);
  });
}

const emaOf = (values: readonly number[], n: number): (number | null)[] => exponential(values, n, 2 / (n + 1));
const closesOf = (bars: readonly FormulaBar[]): number[] => bars.map(({ close }) => close);

/** The range over which a price has gone since the last close: from the lowest to the highest of three. */
function atr(bars: readonly FormulaBar[], n: number): (number | null)[] {
  const ranges = bars.slice(1).map(({ high, low }, index) => {
    const sorted = [high, low, bars[index].close].toSorted((a, b) => a - b);
    return sorted[2] - sorted[0];
  });
  return bars.length === 0 ? [] : [null, ...exponential(ranges, n, 1 / n)];
}

function macd(bars: readonly FormulaBar[], [fast, slow, signal]: readonly number[]): Record<string, (number | null)[]> {
  const [fasts, slows] = [emaOf(closesOf(bars), fast), emaOf(closesOf(bars), slow)];
  const line = fasts.flatMap((value, index) => (slows[index] === null ? [] : [value! - slows[index]]));
  const shifted = <T>(values: readonly T[]): (T | null)[] => [...bars.slice(line.length).map(() => null), ...values];
  const signals = emaOf(line, signal);
  const histogram = line.map((value, index) => (signals[index] === null ? null : value - signals[index]));
  return { macd: shifted(line), signal: shifted(signals), histogram: shifted(histogram) };
}

/** Σ over all pairs of (a − a′)(b − b′), which is n² times the covariance. */
function pairSum(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + b.slice(0, i).reduce((part, y, j) => part + (x - a[j]) * (b[i] - y), 0), 0);
}

function bollinger(closes: readonly number[], k: number, line: string): number {
  const deviation = Math.sqrt(pairSum(closes, closes)) / closes.length;
  return meanOf(closes) + k * deviation * (line === 'upper' ? 1 : line === 'lower' ? -1 : 0);
}

/** The slope by the normal equations, x = 1 … n. */
function trend(volumes: readonly number[]): number | null {
  const [n, total] = [volumes.length, exactSum(volumes)];
  const [sumX, sumXX] = [(n * (n + 1)) / 2, (n * (n + 1) * (2 * n + 1)) / 6];
  const sumXV = exactSum(volumes.map((volume, index) => (index + 1) * volume));
  return total === 0 ? null : ((n * sumXV - sumX * total) / (n * sumXX - sumX * sumX)) / (total / n);
}

function correlation(window: readonly FormulaBar[]): number | null {
  const changesOf = (of: (bar: FormulaBar) => number): number[] =>
    window.slice(1).map((bar, index) => of(bar) - of(window[index]));
  const [prices, volumes] = [changesOf(({ close }) => close), changesOf(({ volume }) => volume)];
  const deviations = [prices, volumes].map((changes) => Math.sqrt(pairSum(changes, changes)) / changes.length);
  const roundings = [window.map(({ close }) => Math.abs(close)), window.map(({ volume }) => volume)]
    .map((sizes) => 2 ** -50 * Math.max(...sizes));
  if (deviations.some((deviation, index) => deviation <= roundings[index])) return null;
  return pairSum(prices, volumes) / prices.length ** 2 / deviations[0] / deviations[1];
}

/** Where the session of a bar begins: the day of its zone and origin, or the bar itself where that is no shorter. */
function sessionOf({ spec, openTimeMs }: FormulaBar): number {
  const [, unit, rest] = /^\d+([smhdw])(.*)$/.exec(spec)!;
  const day = /^[dw]$/.test(unit) ? spec : `1d${rest}`;
  return windowOf(day, openTimeMs).openMs;
}

function vwap(bars: readonly FormulaBar[]): OracleLine {
  const starts = bars.map(sessionOf);
  const firstSeen = (index: number): number => starts.indexOf(starts[index]);
  return {
    firstSeen,
    valueAt: (index) => {
      const session = bars.slice(firstSeen(index), index + 1);
      const volume = exactSum(session.map((bar) => bar.volume));
      return volume === 0 ? null : exactSum(session.map(({ notional }) => notional)) / volume;
    },
  };
}

const ratio = (volumes: readonly number[]): number | null => {
  const usual = exactSum(volumes.slice(0, -1));
  return usual === 0 ? null : (volumes.at(-1)! * (volumes.length - 1)) / usual;
};

const ever = (values: readonly (number | null)[]): OracleLine => ({ valueAt: (index) => values[index], firstSeen: all });
const volumesOf = (bars: readonly FormulaBar[]): number[] => bars.map(({ volume }) => volume);

const formulas: Readonly<Record<string, Formula>> = {
  rsi: (bars, [n]) => ever(wilderRsi(closesOf(bars), n)),
  sma: (bars, [n]) => windowed(closesOf(bars), n, meanOf),
  ema: (bars, [n]) => ever(emaOf(closesOf(bars), n)),
  bollinger: (bars, [n, k], line) => windowed(closesOf(bars), n, (closes) => bollinger(closes, k, line)),
  macd: (bars, numbers, line) => ever(macd(bars, numbers)[line]),
  atr: (bars, [n]) => ever(atr(bars, n)),
  vwap: (bars) => vwap(bars),
  volume_ratio: (bars, [n]) => windowed(volumesOf(bars), n + 1, ratio),
  volume_trend: (bars, [n]) => windowed(volumesOf(bars), n, trend),
  pv_correlation: (bars, [n]) => windowed(bars, n + 1, correlation),
};
