import { describe, expect, it } from 'vitest';
import { barsOf, lineOf, valuesOf } from './series.ts';

const hour = 3_600_000;

describe('session VWAP', () => {
  it('is what was paid for a unit since the session began, from its first bar on', () => {
    const bars = barsOf([{ volume: 2, notional: 20 }, { volume: 1, notional: 40 }, { volume: 5, notional: 20 }]);
    expect(lineOf('vwap()', bars)).toEqual([10, 20, 10]);
  });

  it('begins anew with each day of UTC', () => {
    const bars = barsOf([1, 2, 3, 4].map((close) => ({ close })), { from: Date.UTC(2024, 0, 1, 22), stepMs: hour });
    expect(lineOf('vwap()', bars, '1h')).toEqual([1, 1.5, 3, 3.5]);
  });

  it('begins anew with the first bar after midnight, where the first hours had no trades', () => {
    const [before] = barsOf([{ close: 1 }], { from: Date.UTC(2024, 0, 1, 22), stepMs: hour });
    const [after] = barsOf([{ close: 7 }], { from: Date.UTC(2024, 0, 4, 5), stepMs: hour });
    expect(lineOf('vwap()', [before, after], '1h')).toEqual([1, 7]);
  });

  it('follows the zone and the origin of its bars', () => {
    // Midnight in New York is 05:00 in UTC; 04:00 in summer.
    for (const [from, midnight] of [[Date.UTC(2024, 0, 2, 3), 5], [Date.UTC(2024, 6, 2, 3), 4]] as const) {
      const bars = barsOf([1, 2, 3, 4].map((close) => ({ close })), { from, stepMs: hour });
      const values = midnight === 5 ? [1, 1.5, 3, 3.5] : [1, 2, 2.5, 3];
      expect(lineOf('vwap()', bars, '1h@America/New_York')).toEqual(values);
    }
    const halfPast = barsOf([1, 2, 3].map((close) => ({ close })), { from: Date.UTC(2024, 0, 1, 22, 30), stepMs: hour });
    expect(lineOf('vwap()', halfPast, '1h/30m')).toEqual([1, 1.5, 3]);
  });

  it('is a bar’s own where bars last a day or longer', () => {
    const bars = barsOf([1, 2, 3].map((close) => ({ close })), { from: Date.UTC(2024, 0, 1), stepMs: 7 * 24 * hour });
    expect(lineOf('vwap()', bars, '1w')).toEqual([1, 2, 3]);
  });

  it('has no value before something was traded', () => {
    expect(lineOf('vwap()', barsOf([{ volume: 0 }, { volume: 0 }, { volume: 3, close: 7 }]))).toEqual([null, null, 7]);
  });

  it('does not add up what rounding leaves over', () => {
    const bars = barsOf([{ volume: 1e16, notional: 1e16 }, ...Array.from({ length: 1_000 }, () => ({ volume: 1, notional: 1 }))]);
    expect(Object.values(valuesOf('vwap()', bars))[0].at(-1)).toBe(1);
    const small = barsOf([{ volume: 1, notional: 1e16 }, ...Array.from({ length: 999 }, () => ({ volume: 0, notional: 1 }))]);
    expect(lineOf('vwap()', small).at(-1)).toBe(1e16 + 999 + 1); // 1e16 + 999 lies between two doubles; the nearer even one.
  });
});
