import { describe, expect, it } from 'vitest';
import { numberOf } from '../../src/dashboard/number-of.ts';

describe('what is typed as a number', () => {
  it.each([
    ['64500', 64_500], ['64,500.25', 64_500.25], ['1,234,567', 1_234_567], [' -2 ', -2], ['−1.5', -1.5], ['1 000', 1_000], ['1e-4', 1e-4],
  ])('%s is one', (text, value) => {
    expect(numberOf(text)).toBe(value);
  });

  it.each(['', ' ', 'much', '0,25', '1,23', '1,2345', '1.2.3', 'Infinity', '12,34,567'])('"%s" is none', (text) => {
    expect(numberOf(text)).toBeNull();
  });
});
