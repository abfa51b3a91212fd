import type { Mutant } from './list.ts';

const of = 'tests/operators/indicators/';
const series = { file: 'src/operators/indicators/indicator-series.ts', test: `${of}lane-indicators.test.ts` };
const lists = { file: 'src/operators/indicators/bar-lists.ts', test: `${of}lane-indicators.test.ts` };
const rsi = { file: 'src/operators/indicators/rsi.ts', test: `${of}rsi.test.ts` };
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
    shows: 'are those of its bars, however it is cut and wherever a restart falls',
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
