import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';

const barsMin = 2;

/** Places in the state: bars taken, the last close, the average (the sum of true ranges until there are n). */
const place = { bars: 0, close: 1, average: 2 } as const;
const stateSize = 3;

/**
 * Average true range (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section III). True range is
 * the greatest of high − low, |high − previous close| and |low − previous close|; the first average is the mean of
 * the first n of them, later ones (previous · (n − 1) + this) / n. In units of price. The first bar has no previous
 * close and so no true range (as in TA-Lib; some charts take high − low): first value at bar n + 1. Where nothing
 * moves it is 0. It never forgets.
 */
export const atr: IndicatorType = {
  form: `atr(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `atr(${n})`;
    return {
      name, lines: [name], stateSize, memoryBars: Infinity,
      meaning: `the mean of the first ${n} true ranges, from the second bar on, then Wilder's average`,
      step: ({ high, low, close }, state, values) => {
        const ranges = state[place.bars];
        if (ranges > 0) takeRange(state, trueRange(high, low, state[place.close]), n);
        state[place.bars] = ranges + 1;
        state[place.close] = close;
        values[0] = ranges < n ? NaN : state[place.average];
      },
    };
  },
};

function trueRange(high: number, low: number, previousClose: number): number {
  return Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));
}

/** Before it `place.bars` ranges less one have been taken. */
function takeRange(state: Float64Array, range: number, n: number): void {
  const count = state[place.bars];
  if (count > n) {
    state[place.average] = (state[place.average] * (n - 1) + range) / n;
    return;
  }
  state[place.average] += range;
  if (count === n) state[place.average] /= n;
}
