import { expect, it } from 'vitest';
import { ofCloses, valuesOf } from './series.ts';

it('Bollinger bands lie k deviations of the population around the mean, from bar n on', () => {
  // Mean 5, squared deviations 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32: the deviation is √(32 / 8) = 2, not √(32 / 7).
  const bands = valuesOf('bollinger(8,1.5)', ofCloses([2, 4, 4, 4, 5, 5, 7, 9]));
  expect(Object.values(bands).map((line) => line.slice(6))).toEqual([[null, 5], [null, 8], [null, 2]]);
});

it('Bollinger bands of equal closes are one line', () => {
  const bands = valuesOf('bollinger(7,2)', ofCloses(Array.from({ length: 8 }, () => 0.1)));
  expect(Object.values(bands).map((line) => line.at(-1))).toEqual([0.1, 0.1, 0.1]);
});
