import type { IndicatorType } from './indicator.ts';
import { isPeriod, periodMax } from './period.ts';
import { ValueWindow } from './value-window.ts';

const barsMin = 2;

/**
 * Relative volume: the volume of a bar / the mean volume of the n bars before it, its own left out, so that a burst
 * does not raise what it is measured by. Screens call it RVOL and agree on no source; some take the bar into its own
 * mean. A number without a unit: 1 is as usual, 2 twice that. First value at bar n + 1; none where the n bars before
 * it had no volume.
 */
export const volumeRatio: IndicatorType = {
  form: `volume_ratio(n) with n from ${barsMin} to ${periodMax}`,
  create: ([n, ...others]) => {
    if (others.length > 0 || !isPeriod(n, barsMin)) return null;
    const name = `volume_ratio(${n})`;
    const before = new ValueWindow(0, n);
    return {
      name, lines: [name], stateSize: before.size, memoryBars: n + 1,
      meaning: `volume through the mean volume of the ${n} bars before`,
      step: ({ volume }, state, values) => {
        const usual = before.isFull(state) ? before.mean(state) : 0;
        values[0] = usual === 0 ? NaN : volume / usual;
        before.push(state, volume);
      },
    };
  },
};
