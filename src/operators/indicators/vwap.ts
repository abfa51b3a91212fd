import { parseBarSpec, type BarSpec } from '../../model/bar-spec.ts';
import type { IndicatorBar, IndicatorType } from './indicator.ts';

/**
 * Places in the state: 1 once a bar was taken; when the session ends; two sums, each with what rounding has left
 * over.
 */
const place = { begun: 0, endMs: 1, notional: 2, notionalRest: 3, volume: 4, volumeRest: 5 } as const;
const stateSize = 6;
const dayMs = 86_400_000;

/**
 * Volume-weighted average price of the session so far: Σ notional / Σ volume of its bars, which is Σ price · size / Σ
 * size of its trades (Berkowitz, Logue and Noser, The Total Cost of Transactions on the NYSE, Journal of Finance
 * 43(1), 1988). Not of typical prices (high + low + close) / 3, which stand for trades where nobody has them. In
 * units of price. First value at the first bar; none while nothing but zero-size trades have come.
 *
 * A session is a day of the bars' own clock: of UTC, or from the origin and in the time zone that their spec names,
 * so that no bar lies in two. A bar of a day or longer is a session of its own.
 */
export const vwap: IndicatorType = {
  form: 'vwap()',
  create: (numbers, barSpec) => {
    if (numbers.length > 0) return null;
    const session = sessionOf(barSpec);
    return {
      name: 'vwap()', lines: ['vwap()'], stateSize, memoryBars: Infinity,
      meaning: `of trades since the start of their ${session.name}`,
      beginsAnew,
      step: (bar, state, values) => {
        if (beginsAnew(bar, state)) {
          state.fill(0);
          state[place.begun] = 1;
          state[place.endMs] = session.closeOf(session.openAt(bar.openTimeMs));
        }
        add(state, place.notional, bar.notional);
        add(state, place.volume, bar.volume);
        const total = state[place.volume] + state[place.volumeRest];
        values[0] = total === 0 ? NaN : (state[place.notional] + state[place.notionalRest]) / total;
      },
    };
  },
};

function beginsAnew({ openTimeMs }: IndicatorBar, state: Float64Array): boolean {
  return state[place.begun] === 0 || openTimeMs >= state[place.endMs];
}

/** The spec of a day with the origin and the zone of another one. */
function sessionOf(bars: BarSpec): BarSpec {
  return bars.intervalMs >= dayMs ? bars : parseBarSpec(bars.name.replace(/^\d+[a-z]/, '1d'));
}

/** Neumaier's compensated sum (Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen, 1974). */
function add(state: Float64Array, at: number, value: number): void {
  const sum = state[at];
  const next = sum + value;
  state[at + 1] += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
  state[at] = next;
}
