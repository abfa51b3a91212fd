import { expect, it } from 'vitest';
import { lineOf, ofCloses } from './series.ts';

it('a simple moving average is the mean of the last n closes, from bar n on', () => {
  expect(lineOf('sma(3)', ofCloses([1, 2, 3, 7, 11]))).toEqual([null, null, 2, 4, 7]);
});

it('a simple moving average of equal closes is that close, to the last digit', () => {
  expect(lineOf('sma(7)', ofCloses(Array.from({ length: 9 }, () => 0.1)))).toEqual([...Array.from({ length: 6 }, () => null), 0.1, 0.1, 0.1]);
});
