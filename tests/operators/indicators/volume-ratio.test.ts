import { expect, it } from 'vitest';
import { lineOf, ofVolumes } from './series.ts';

it('volume ratio is a bar’s volume in units of the mean of the n before it, from bar n + 1 on', () => {
  expect(lineOf('volume_ratio(2)', ofVolumes([1, 3, 4, 0, 6]))).toEqual([null, null, 2, 0, 3]);
});

it('volume ratio has no value where the bars before had no volume', () => {
  expect(lineOf('volume_ratio(2)', ofVolumes([0, 0, 4, 4]))).toEqual([null, null, null, 2]);
});
