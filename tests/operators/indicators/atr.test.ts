import { expect, it } from 'vitest';
import { barsOf, lineOf } from './series.ts';

it('average true range counts a jump from the last close, begins at bar n + 1, and smooths as Wilder does', () => {
  const bars = barsOf([
    { high: 12, low: 8, close: 10 }, // No close before it: no range.
    { high: 11, low: 9, close: 11 }, // 2
    { high: 15, low: 14, close: 14 }, // 4 from the last close up.
    { high: 12, low: 11, close: 12 }, // 3 from the last close down.
  ]);
  expect(lineOf('atr(2)', bars)).toEqual([null, null, 3, 3]);
  expect(lineOf('atr(2)', [...bars, ...barsOf([{ high: 21, low: 12, close: 20 }])])).toEqual([null, null, 3, 3, 6]);
});

it('average true range is 0 where nothing moves', () => {
  expect(lineOf('atr(2)', barsOf([{}, {}, {}, {}]))).toEqual([null, null, 0, 0]);
});
