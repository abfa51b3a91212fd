import { describe, expect, it } from 'vitest';
import { barsOf, lineOf } from './series.ts';

const series = (pairs: readonly (readonly [number, number])[]): ReturnType<typeof barsOf> =>
  barsOf(pairs.map(([close, volume]) => ({ close, volume })));
const last = (pairs: readonly (readonly [number, number])[]): number | null | undefined =>
  lineOf(`pv_correlation(${pairs.length - 1})`, series(pairs)).at(-1);

describe('price–volume correlation', () => {
  it('is 1 where volume changes as the price does, −1 where it does the opposite, from bar n + 1 on', () => {
    expect(lineOf('pv_correlation(3)', series([[10, 5], [12, 9], [11, 7], [14, 13]]))).toEqual([null, null, null, 1]);
    expect(last([[10, 15], [12, 11], [11, 13], [14, 7]])).toBe(-1);
  });

  it('is Pearson’s of the changes, not of what both drift with', () => {
    // Changes 1, 2, 3 and 2, 1, 3: Σ of products of deviations is 1, and of each square 2.
    expect(last([[1, 10], [2, 12], [4, 13], [7, 16]])).toBeCloseTo(0.5, 14);
    // Both rise all the time; their changes are as opposite as can be.
    expect(last([[10, 30], [11, 33], [14, 34], [15, 37], [18, 38]])).toBeCloseTo(-1, 14);
  });

  it('has no value where one of the two does not vary, also where only rounding does', () => {
    expect(last([[10, 5], [10, 9], [10, 7], [10, 13]])).toBeNull();
    expect(last([[10, 5], [12, 5], [11, 5], [14, 5]])).toBeNull();
    expect(last([[0.1, 5], [0.2, 9], [0.30000000000000004, 7], [0.4, 13]])).toBeNull();
  });

  it('does not leave its range by rounding', () => {
    for (let digit = 1; digit < 200; digit++) {
      const pairs = [0, 1, 3, 4, 9, 2].map((x) => [1 + x / digit, 10 + (x * 7) / digit] as const);
      expect(Math.abs(last(pairs)!)).toBeLessThanOrEqual(1);
    }
  });
});
