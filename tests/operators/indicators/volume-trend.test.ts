import { expect, it } from 'vitest';
import { lineOf, ofVolumes } from './series.ts';

it('volume trend is the slope of the line through n volumes as a share of their mean, from bar n on', () => {
  expect(lineOf('volume_trend(3)', ofVolumes([10, 20, 30, 20, 10]))).toEqual([null, null, 0.5, 0, -0.5]);
  // By hand: x̄ 1.5, v̄ 5, Σ (x − x̄)(v − v̄) = 1.5 · 4 − 0.5 · 1 + 0.5 · 1 + 1.5 · 2 = 9, through 5 through 5.
  expect(lineOf('volume_trend(4)', ofVolumes([1, 6, 6, 7])).at(-1)).toBeCloseTo(9 / 5 / 5, 15);
});

it('volume trend is 0 where all volumes are equal, and has no value where they are 0', () => {
  expect(lineOf('volume_trend(3)', ofVolumes([0.1, 0.1, 0.1, 0, 0, 0]))).toEqual([null, null, 0, expect.any(Number), expect.any(Number), null]);
});
