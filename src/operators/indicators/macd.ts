import { averageSize, ExponentialAverage } from './exponential-average.ts';
import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';

const barsMin = 2;

/**
 * Moving average convergence/divergence (Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005):
 * macd is the exponential average of closes over `fast` bars less the one over `slow`; signal is the exponential
 * average of macd over `signal` bars; histogram is macd less signal. Each average is seeded by the simple mean of its
 * own first values (see ema.ts). In units of price. First macd at bar `slow`, the others at bar slow + signal − 1;
 * defined for all closes. It never forgets.
 */
export const macd: IndicatorType = {
  form: `macd(fast,slow,signal) with fast < slow, each from ${barsMin} to ${periodMax}`,
  create: ([fast, slow, signal, ...others]) => {
    if (others.length > 0 || ![fast, slow, signal].every((n) => isPeriod(n, barsMin)) || fast >= slow) return null;
    const name = `macd(${fast},${slow},${signal})`;
    const fastAverage = new ExponentialAverage(0, fast);
    const slowAverage = new ExponentialAverage(averageSize, slow);
    const signalAverage = new ExponentialAverage(2 * averageSize, signal);
    return {
      name, lines: [`${name}.macd`, `${name}.signal`, `${name}.histogram`],
      stateSize: 3 * averageSize, memoryBars: Infinity,
      meaning: `exponential averages of closes over ${fast} and ${slow} bars, and of their difference over ${signal}, ` +
        'each seeded by the mean of its first values',
      step: ({ close }, state, values) => {
        const difference = fastAverage.take(state, close) - slowAverage.take(state, close);
        values[0] = difference;
        values[1] = Number.isNaN(difference) ? NaN : signalAverage.take(state, difference);
        values[2] = difference - values[1];
      },
    };
  },
};
