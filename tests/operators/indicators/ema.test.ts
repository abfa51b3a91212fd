import { expect, it } from 'vitest';
import { lineOf, ofCloses } from './series.ts';

it('an exponential moving average begins at bar n with the simple mean, and takes 2 / (n + 1) of each difference', () => {
  expect(lineOf('ema(3)', ofCloses([1, 2, 6, 7, 1]))).toEqual([null, null, 3, 5, 3]);
});

/** The example that charting sites show for EMA(10): closes of 15 days, and its values from the tenth on. */
it('an exponential moving average has the values that are published for a well-known series', () => {
  const closes = [
    22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38, 22.61, 23.36,
  ];
  expect(lineOf('ema(10)', ofCloses(closes)).slice(9).map((value) => value!.toFixed(2)))
    .toEqual(['22.22', '22.21', '22.24', '22.27', '22.33', '22.52']);
});
