import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';
import { ValueWindow } from './value-window.ts';

const barsMin = 2;

/**
 * Simple moving average of closes: the sum of the last n closes / n (John J. Murphy, Technical Analysis of the
 * Financial Markets, 1999, chapter 9). In units of price. First value at bar n; defined for all closes.
 */
export const sma: IndicatorType = {
  form: `sma(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `sma(${n})`;
    const closes = new ValueWindow(0, n);
    return {
      name, lines: [name], stateSize: closes.size, memoryBars: n,
      meaning: `the mean of the last ${n} closes`,
      step: ({ close }, state, values) => {
        closes.push(state, close);
        values[0] = closes.isFull(state) ? closes.mean(state) : NaN;
      },
    };
  },
};
