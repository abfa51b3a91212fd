import { expect, it } from 'vitest';
import { lineOf, ofCloses, randomWalk, valuesOf } from './series.ts';

it('MACD is the fast average less the slow one from bar `slow` on; its signal and histogram come signal − 1 bars later', () => {
  const lines = valuesOf('macd(2,4,3)', ofCloses([1, 2, 3, 4, 5, 9, 9]));
  expect(Object.values(lines).map((line) => line.findIndex((value) => value !== null))).toEqual([3, 5, 5]);
});

it('MACD of a price that rises evenly is half the distance of its periods', () => {
  // An average that is seeded in the middle of its window lags (n − 1) / 2 behind a straight line, for ever.
  const lines = valuesOf('macd(3,7,2)', ofCloses(Array.from({ length: 30 }, (_, index) => 100 + index)));
  expect(lines['macd(3,7,2).macd'].at(-1)).toBeCloseTo(2, 12);
  expect(lines['macd(3,7,2).signal'].at(-1)).toBeCloseTo(2, 12);
  expect(lines['macd(3,7,2).histogram'].at(-1)).toBeCloseTo(0, 12);
});

it('MACD is made of the averages that ema() shows', () => {
  const bars = randomWalk(5, 200);
  const [fast, slow] = [lineOf('ema(12)', bars), lineOf('ema(26)', bars)];
  for (const [index, value] of valuesOf('macd(12,26,9)', bars)['macd(12,26,9).macd'].entries()) {
    expect(value).toBe(slow[index] === null ? null : fast[index]! - slow[index]);
  }
});
