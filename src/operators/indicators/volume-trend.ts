import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';
import { ValueWindow } from './value-window.ts';

const barsMin = 2;

/**
 * Trend of volume: the slope of the least-squares line through the last n volumes, with x = 0 … n − 1, divided by
 * their mean: Σ (x − x̄)(v − v̄) / Σ (x − x̄)² / v̄, and Σ (x − x̄)² = n (n² − 1) / 12 (Draper and Smith, Applied
 * Regression Analysis, 1998). A share of the mean volume a bar: 0.05 is a rise by 5 % of it with each
 * bar. First value at bar n; 0 where all volumes are equal, none where they are all 0.
 */
export const volumeTrend: IndicatorType = {
  form: `volume_trend(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `volume_trend(${n})`;
    const volumes = new ValueWindow(0, n);
    const middle = (n - 1) / 2;
    const spread = (n * (n * n - 1)) / 12;
    return {
      name, lines: [name], stateSize: volumes.size, memoryBars: n,
      meaning: `slope of the least-squares line through the last ${n} volumes, through their mean`,
      step: ({ volume }, state, values) => {
        volumes.push(state, volume);
        const mean = volumes.isFull(state) ? volumes.mean(state) : 0;
        let products = 0;
        for (let x = 0; mean !== 0 && x < n; x++) products += (x - middle) * (volumes.valueAt(state, x) - mean);
        values[0] = mean === 0 ? NaN : products / spread / mean;
      },
    };
  },
};
