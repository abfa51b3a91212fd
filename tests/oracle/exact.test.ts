import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactMean, exactSum, exactSumOfProducts, nearestDouble, unitsInLastPlaceBetween, unitsOf,
} from './exact.ts';

// IEEE 754 rounds one operation correctly, so the machine itself can judge a sum, a product and a quotient of
// two.
const double = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 })
  .map((value) => (Math.abs(value) < 1e-100 ? 0 : value));

describe('exact arithmetic', () => {
  it('rounds the sum of two doubles as the machine does', () => {
    fc.assert(fc.property(double, double, (a, b) => exactSum([a, b]) === a + b));
  });

  it('rounds the product of two doubles as the machine does', () => {
    fc.assert(fc.property(double, double, (a, b) => exactSumOfProducts([[a, b]]) + 0 === a * b + 0));
  });

  it('rounds the quotient of two doubles as the machine does', () => {
    const quotientIsNearest = (a: number, b: number): boolean =>
      nearestDouble(unitsOf(a), unitsOf(b)) + 0 === a / b + 0;
    fc.assert(fc.property(double, double.filter((b) => b !== 0), quotientIsNearest));
  });

  it('keeps what a running sum of doubles loses', () => {
    expect(exactSum([1e100, 1, -1e100])).toBe(1);
    expect(exactSum(Array.from({ length: 10 }, () => 0.1))).toBe(1);
    expect([exactSum([2 ** 53, 1]), exactSum([2 ** 53, 1, 2 ** -1_000])]).toEqual([2 ** 53, 2 ** 53 + 2]);
    expect(exactMean([[1, 3], [2, 1]])).toBe(1.25);
    expect(exactMean([[1, 0]])).toBeNull();
  });

  it('counts the doubles between two', () => {
    expect(unitsInLastPlaceBetween(1, 1)).toBe(0n);
    expect(unitsInLastPlaceBetween(1, 1 + Number.EPSILON)).toBe(1n);
    expect(unitsInLastPlaceBetween(0, -0)).toBe(0n);
    expect(unitsInLastPlaceBetween(-Number.MIN_VALUE, Number.MIN_VALUE)).toBe(2n);
  });
});
