import type { Mutant } from './list.ts';

const of = 'tests/operators/indicators/';
const series = { file: 'src/operators/indicators/indicator-series.ts', test: `${of}lane-indicators.test.ts` };
const lists = { file: 'src/operators/indicators/bar-lists.ts', test: `${of}lane-indicators.test.ts` };
const rsi = { file: 'src/operators/indicators/rsi.ts', test: `${of}rsi.test.ts` };
const formula = (name: string): { readonly file: string; readonly test: string } => (
  { file: `src/operators/indicators/${name}.ts`, test: `${of}${name}.test.ts` });
const writing = { file: 'src/sinks/timescale/sql/indicators.ts', test: 'tests/sinks/timescale-indicators.test.ts' };

/** Planted in what is computed from bars. */
export const indicatorMutants: readonly Mutant[] = [
  {
    ...series, name: 'a value that has seen its own bar alone',
    find: 'before === 0 ? 0 : values[from + column.seenPosition], values[at + column.position]',
    replace: '0, values[at + column.position]',
    shows: 'is computed again from a bar that a late tick changes, and all later values have seen its position',
  },
  {
    ...series, name: 'a revised bar whose later values stay',
    find: 'for (; node !== 0; node = nodes.next(node)) {', replace: 'for (; node !== 0; node = 0) {',
    shows: 'is computed again from a bar that a late tick changes, and all later values have seen its position',
  },
  {
    ...series, name: 'a series that begins with a bar that is not whole',
    find: 'values[at + column.started] = hasBegun || isWhole ? 1 : 0;', replace: 'values[at + column.started] = 1;',
    shows: 'begins with its first whole bar',
  },
  {
    ...lists, name: 'one bar too many cut off',
    find: 'if (nodes.values[second * nodes.stride + column.closeMs] > horizonMs) break;',
    replace: 'if (nodes.values[second * nodes.stride] > horizonMs) break;',
    shows: 'keeps what a bar that can still be revised needs',
  },
  {
    ...lists, name: 'nothing cut off, ever',
    find: 'if (nodes.values[second * nodes.stride + column.closeMs] > horizonMs) break;', replace: 'if (horizonMs < Infinity) break;',
    shows: 'keeps no more bars than can still be revised, and the one before',
  },
  {
    ...rsi, name: 'first averages of n - 1 changes',
    find: '  state[place.gain] /= n;\n  state[place.loss] /= n;', replace: '  state[place.gain] /= n - 1;\n  state[place.loss] /= n - 1;',
    shows: 'is what the whole series gives from its beginning, whatever the closes',
  },
  {
    ...rsi, name: 'averages that are exponential ones, not Wilder’s',
    find: '(state[place.gain] * (n - 1) + gain) / n', replace: 'state[place.gain] + (gain - state[place.gain]) * 2 / (n + 1)',
    shows: 'has the values that are published for a well-known series',
  },
  {
    ...series, name: 'a session that a loss of the last one is felt in',
    find: 'if (this.indicator.beginsAnew?.(bar, this.#memory) === true) values[at + column.sinceLoss] = Infinity;',
    replace: 'if (this.indicator.beginsAnew?.(bar, this.#memory) === true) values[at + column.sinceLoss] = 0;',
    shows: 'of sessions is whole again with the next one that nothing is missing of',
  },
  {
    ...series, name: 'a session that is whole though its beginning was lost',
    find: 'else if (isLoss) values', replace: 'else if (isLoss && this.indicator.beginsAnew === undefined) values',
    shows: 'of sessions is not whole in one whose beginning may have been lost',
  },
  {
    ...series, name: 'a mean that is whole one bar too early',
    find: 'values[at + column.sinceLoss] >= this.indicator.memoryBars', replace: 'values[at + column.sinceLoss] >= this.indicator.memoryBars - 1',
    shows: 'of a mean is whole again when what was lost has left its window',
  },
  {
    ...series, test: `${of}preview.test.ts`, name: 'a preview that stays in the list',
    find: 'for (const node of laid) this.lists.nodes.give(node);', replace: 'this.lists.put(bars, 0);', shows: 'changes nothing',
  },
  {
    ...lists, test: `${of}preview.test.ts`, name: 'a preview that does not know of a loss',
    find: ': next === 0 ? this.#lossBetween(instrument, openMs, before) : -1;', replace: ': -1;',
    shows: 'says that something was lost behind the last bar',
  },
  {
    ...formula('value-window'), test: `${of}arguments.test.ts`, name: 'a window in the order of its ring',
    find: 'const slot = state[this.#next] + index;', replace: 'const slot = index;',
    shows: 'gives from the bars that it can see just what it gives from all',
  },
  {
    ...formula('exponential-average'), test: `${of}ema.test.ts`, name: 'an average that its first close seeds',
    find: 'if (taken > this.#n) return', replace: 'if (taken > 1) return',
    shows: 'begins at bar n with the simple mean',
  },
  {
    ...formula('bollinger'), name: 'bands of the sample’s deviation',
    find: 'Math.sqrt(squares / n)', replace: 'Math.sqrt(squares / (n - 1))', shows: 'k deviations of the population',
  },
  {
    ...formula('macd'), name: 'a signal of closes',
    find: 'signalAverage.take(state, difference)', replace: 'signalAverage.take(state, close)',
    shows: 'MACD of a price that rises evenly',
  },
  {
    ...formula('atr'), name: 'a range that knows no jump',
    find: 'Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose))', replace: 'high - low + 0 * previousClose',
    shows: 'counts a jump from the last close',
  },
  {
    ...formula('vwap'), name: 'a session without an end',
    find: ' || openTimeMs >= state[place.endMs]', replace: ' || openTimeMs < 0', shows: 'begins anew with each day of UTC',
  },
  {
    ...formula('vwap'), name: 'sessions of UTC on bars of another zone',
    find: "bars.name.replace(/^\\d+[a-z]/, '1d')", replace: "'1d'", shows: 'follows the zone and the origin of its bars',
  },
  {
    ...formula('volume-ratio'), name: 'a volume in its own mean',
    find: 'const usual =', replace: 'before.push(state, volume);\n        const usual =',
    shows: 'in units of the mean of the n before it',
  },
  {
    ...formula('volume-trend'), name: 'a slope in units of volume',
    find: 'products / spread / mean', replace: 'products / spread', shows: 'as a share of their mean',
  },
  {
    ...formula('pv-correlation'), name: 'a correlation of what both drift with',
    find: 'const price = close - closes.valueAt(state, index - 1) - priceMean;', replace: 'const price = close - priceMean;',
    shows: 'is Pearson’s of the changes, not of what both drift with',
  },
  {
    ...writing, name: 'a value of an older telling over a newer one',
    find: 'ELSE excluded.generation > indicators.generation\n', replace: 'ELSE excluded.generation <> indicators.generation\n',
    shows: 'are replaced where the greater stamp says so, for every pair of versions',
  },
  {
    file: 'src/store/rebuild.ts', test: 'tests/store/rebuild.test.ts', name: 'a rebuild that leaves the values of removed bars',
    find: "for (const table of ['bars', 'indicators'] as const)", replace: "for (const table of ['bars'] as const)",
    shows: 'take the values of indicators along, and leave those of bars that stay',
  },
];
