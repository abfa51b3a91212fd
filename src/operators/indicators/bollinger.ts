import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';
import { ValueWindow } from './value-window.ts';

const barsMin = 2;
const widthMin = 0.1;
const widthMax = 10;

/**
 * Bollinger bands of closes (John Bollinger, Bollinger on Bollinger Bands, 2001): middle is the simple
 * mean of the last n closes, upper and lower lie k standard deviations above and below it. The deviation is the
 * population's, √(Σ (close − mean)² / n), as Bollinger defines it. In units of price. First value at bar n. Where all
 * n closes are equal the three lines are.
 */
export const bollinger: IndicatorType = {
  form: `bollinger(n,k) with n from ${barsMin} to ${periodMax} and k from ${widthMin} to ${widthMax}`,
  create: ([n, k, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin) || !(k >= widthMin && k <= widthMax)) return null;
    const name = `bollinger(${n},${k})`;
    const closes = new ValueWindow(0, n);
    return {
      name, lines: [`${name}.middle`, `${name}.upper`, `${name}.lower`], stateSize: closes.size, memoryBars: n,
      meaning: `the mean of the last ${n} closes, and ${k} population standard deviations around it`,
      step: ({ close }, state, values) => {
        closes.push(state, close);
        values.fill(NaN);
        if (!closes.isFull(state)) return;
        const mean = closes.mean(state);
        let squares = 0;
        for (let index = 0; index < n; index++) squares += (closes.valueAt(state, index) - mean) ** 2;
        const width = k * Math.sqrt(squares / n);
        values[0] = mean;
        values[1] = mean + width;
        values[2] = mean - width;
      },
    };
  },
};
