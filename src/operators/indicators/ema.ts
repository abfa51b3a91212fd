import { averageSize, ExponentialAverage } from './exponential-average.ts';
import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';

const barsMin = 2;

/**
 * Exponential moving average of closes, α = 2 / (n + 1): EMA = previous + α · (close − previous), seeded by the
 * simple mean of the first n closes (John J. Murphy, Technical Analysis of the Financial Markets, 1999, chapter 9;
 * seeded as TA-Lib does). In units of price. First value at bar n; defined for all closes. It never forgets.
 */
export const ema: IndicatorType = {
  form: `ema(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `ema(${n})`;
    const average = new ExponentialAverage(0, n);
    return {
      name, lines: [name], stateSize: averageSize, memoryBars: Infinity,
      meaning: `of closes, the mean of the first ${n}, then previous + 2 / ${n + 1} of the difference`,
      step: ({ close }, state, values) => {
        values[0] = average.take(state, close);
      },
    };
  },
};
