import type { OracleBar } from './log.ts';

/**
 * RSI of a whole series of closes, by Wilder's book: everything from the beginning, nothing kept. Null where there is none
 * yet. As a share of the moves, 100 · gain / (gain + loss), which is the same number by another way.
 */
export function wilderRsi(closes: readonly number[], n: number): (number | null)[] {
  const moves = closes.slice(1).map((close, index) => close - closes[index]);
  const averages = (of: (move: number) => number): number[] => {
    const first = moves.slice(0, n).reduce((sum, move) => sum + of(move), 0) / n;
    const smoothed = [first];
    for (const move of moves.slice(n)) smoothed.push((smoothed.at(-1)! * (n - 1) + of(move)) / n);
    return smoothed;
  };
  const [gains, losses] = [averages((move) => (move > 0 ? move : 0)), averages((move) => (move < 0 ? -move : 0))];
  return closes.map((_, index) => {
    if (index < n) return null;
    const [gain, loss] = [gains[index - n], losses[index - n]];
    return gain + loss === 0 ? 50 : (100 * gain) / (gain + loss);
  });
}

/** A bar as far as the oracle looks at it. */
export interface ClosedBar {
  readonly close: number;
  readonly whole: boolean;
}

/** The bars of one series in order of time: it begins with the first whole one. */
export function rsiOfBars(bars: readonly ClosedBar[], n: number): (number | null)[] {
  const begin = bars.findIndex(({ whole }) => whole);
  if (begin === -1) return bars.map(() => null);
  return [...bars.slice(0, begin).map(() => null), ...wilderRsi(bars.slice(begin).map(({ close }) => close), n)];
}

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
/** Of sums and quotients of some hundred doubles, of a number up to 100. */
const toleranceMax = 1e-9;

/**
 * One line a difference between values of rsi(n) and what all bars of a log give; empty where there is none. With `hasLosses`
 * the log has gaps of our own: what they make of quality, wholeness and positions is not looked at.
 */
export function valueDifferences(
  bars: readonly OracleBar[], actual: readonly ActualValue[], { n, hasLosses = false }: { n: number; hasLosses?: boolean },
): string[] {
  const lines: string[] = [];
  const keyOf = ({ venue, symbol, spec, openTimeMs }: OracleBar | ActualValue): string =>
    `${venue} ${symbol} ${spec} ${new Date(openTimeMs).toISOString()}`;
  const found = new Map(actual.map((value) => [keyOf(value), value]));
  if (found.size < actual.length) lines.push('two values of one key');
  for (const series of Map.groupBy(bars, ({ venue, symbol, spec }) => `${venue} ${symbol} ${spec}`).values()) {
    const sorted = series.toSorted((a, b) => a.openTimeMs - b.openTimeMs);
    let position = 0;
    let [hasBegun, isWhole] = [false, true];
    for (const [index, wanted] of rsiOfBars(sorted, n).entries()) {
      const bar = sorted[index];
      const value = found.get(keyOf(bar));
      found.delete(keyOf(bar));
      position = Math.max(position, bar.position);
      isWhole &&= bar.whole || !hasBegun;
      hasBegun ||= bar.whole;
      const note = (field: string, is: unknown, must: unknown): number =>
        lines.push(`${keyOf(bar)}: ${field} is ${String(is)}, must be ${String(must)}`);
      if (value === undefined) lines.push(`${keyOf(bar)}: missing`);
      else {
        if (!isNear(value.value, wanted)) note('value', value.value, wanted);
        for (const field of fieldsOfBar) {
          if (!(hasLosses && field === 'quality') && value[field] !== bar[field]) note(field, value[field], bar[field]);
        }
        if (!hasLosses && value.position !== position) note('position', value.position, position);
        if (!hasLosses && value.whole !== (hasBegun && isWhole)) note('whole', value.whole, hasBegun && isWhole);
      }
    }
  }
  for (const key of found.keys()) lines.push(`${key}: unexpected`);
  return lines;
}

function isNear(actual: number | null, expected: number | null): boolean {
  if (actual === null || expected === null) return actual === expected;
  return Math.abs(actual - expected) <= toleranceMax;
}
