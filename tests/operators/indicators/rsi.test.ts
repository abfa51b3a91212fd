import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBarSpec } from '../../../src/model/bar-spec.ts';
import { indicatorTypes } from '../../../src/operators/indicators/registry.ts';
import { wilderRsi } from '../../oracle/wilder.ts';

const bar = { openTimeMs: 0, closeTimeMs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, notional: 0 };

function rsiOf(closes: readonly number[], n: number): (number | null)[] {
  const rsi = indicatorTypes.rsi.create([n], parseBarSpec('1m'))!;
  const [state, values] = [new Float64Array(rsi.stateSize), new Float64Array(1)];
  return closes.map((close) => {
    rsi.step({ ...bar, close }, state, values);
    return Number.isNaN(values[0]) ? null : values[0];
  });
}

/** The example that charting sites show for RSI(14): closes of 33 days, and its values from the 15th on. */
const published = {
  closes: [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140,
    46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515, 45.7835, 45.3548,
    44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
  ],
  values: [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87, 45.46, 37.30,
    33.08, 37.77,
  ],
};

describe('RSI', () => {
  it('has the values that are published for a well-known series', () => {
    const values = rsiOf(published.closes, 14);
    expect(values.slice(0, 14)).toEqual(Array.from({ length: 14 }, () => null));
    expect(values.slice(14).map((value) => value!.toFixed(2))).toEqual(published.values.map((value) => value.toFixed(2)));
  });

  it('is 100 without a loss, 0 without a gain, and 50 where nothing moves', () => {
    expect(rsiOf([1, 2, 3, 4], 2)).toEqual([null, null, 100, 100]);
    expect(rsiOf([4, 3, 2, 1], 2)).toEqual([null, null, 0, 0]);
    expect(rsiOf([7, 7, 7, 7], 2)).toEqual([null, null, 50, 50]);
  });

  it('is what the whole series gives from its beginning, whatever the closes', () => {
    const closes = fc.array(fc.double({ min: 0.000_1, max: 1e6, noNaN: true }), { maxLength: 80 });
    fc.assert(fc.property(closes, fc.integer({ min: 2, max: 30 }), (series, n) => {
      const [got, wanted] = [rsiOf(series, n), wilderRsi(series, n)];
      expect(got.map((value) => value === null)).toEqual(wanted.map((value) => value === null));
      for (const [index, value] of wanted.entries()) if (value !== null) expect(got[index]).toBeCloseTo(value, 9);
    }));
  });

  it('takes a whole number of bars and nothing else', () => {
    for (const numbers of [[], [1], [1_001], [14.5], [NaN], [14, 3]]) expect(indicatorTypes.rsi.create(numbers, parseBarSpec('1m'))).toBeNull();
  });
});
