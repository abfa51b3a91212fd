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
