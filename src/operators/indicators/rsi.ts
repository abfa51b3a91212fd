import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';

const barsMin = 2;

/** Places in the state: bars taken, the last close, average gain and loss (sums of them until there are n changes). */
const place = { bars: 0, close: 1, gain: 2, loss: 3 } as const;
const stateSize = 4;

/**
 * Relative Strength Index (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section VI) of closes.
 * The first averages are the means of the first n gains and losses, later ones (previous · (n − 1) + this) / n; RSI =
 * 100 − 100 / (1 + average gain / average loss), from 0 to 100. First value at bar n + 1. An average loss of 0 gives
 * 100, both 0 give 50.
 */
export const rsi: IndicatorType = {
  form: `rsi(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `rsi(${n})`;
    return {
      name, lines: [name], stateSize, memoryBars: Infinity,
      meaning: `of closes, the mean of the first ${n} changes, then Wilder's averages`,
      step: ({ close }, state, values) => {
        const changes = state[place.bars];
        if (changes > 0) takeChange(state, close - state[place.close], n);
        state[place.bars] = changes + 1;
        state[place.close] = close;
        values[0] = changes < n ? NaN : indexOf(state[place.gain], state[place.loss]);
      },
    };
  },
};

/** Before it `place.bars` changes less one have been taken. */
function takeChange(state: Float64Array, change: number, n: number): void {
  const [gain, loss] = [Math.max(change, 0), Math.max(-change, 0)];
  const count = state[place.bars];
  if (count > n) {
    state[place.gain] = (state[place.gain] * (n - 1) + gain) / n;
    state[place.loss] = (state[place.loss] * (n - 1) + loss) / n;
    return;
  }
  state[place.gain] += gain;
  state[place.loss] += loss;
  if (count < n) return;
  state[place.gain] /= n;
  state[place.loss] /= n;
}

function indexOf(gain: number, loss: number): number {
  if (loss === 0) return gain === 0 ? 50 : 100;
  return 100 - 100 / (1 + gain / loss);
}
