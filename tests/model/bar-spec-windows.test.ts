import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greatestCommonDivisor, parseBarSpec, type BarSpec } from '../../src/model/bar-spec.ts';
import { windowOf } from '../oracle/windows.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Each is made once: a zone is asked for its offsets of 130 years. What one was asked before must not matter. */
const known = new Map<string, BarSpec>();
function specOf(text: string): BarSpec {
  const spec = known.get(text) ?? parseBarSpec(text);
  known.set(text, spec);
  return spec;
}

function windowAt(text: string, time: string | number): [open: string, hours: number] {
  const spec = specOf(text);
  const openMs = spec.openAt(typeof time === 'number' ? time : Date.parse(time));
  return [new Date(openMs).toISOString().replace(':00.000Z', 'Z'), (spec.closeOf(openMs) - openMs) / hour];
}

describe('windows of fixed length', () => {
  it('are counted from 1970, an origin later', () => {
    expect(windowAt('1h', '2024-05-05T13:59:59.999Z')).toEqual(['2024-05-05T13:00Z', 1]);
    expect(windowAt('1h/30m', '2024-05-05T13:29:59.999Z')).toEqual(['2024-05-05T12:30Z', 1]);
    expect(windowAt('1h/30m', '2024-05-05T13:30:00.000Z')).toEqual(['2024-05-05T13:30Z', 1]);
    expect(windowAt('1d/17h', '2024-05-05T16:00:00.000Z')).toEqual(['2024-05-04T17:00Z', 24]);
    expect(windowAt('1w/1d', '2024-05-06T00:00:00.000Z')).toEqual(['2024-04-30T00:00Z', 168]);
  });

  it('reach back over 1970 without a seam', () => {
    expect(windowAt('1m', -1)).toEqual(['1969-12-31T23:59Z', 1 / 60]);
    expect(windowAt('1m', -60_000)).toEqual(['1969-12-31T23:59Z', 1 / 60]);
    expect(windowAt('1m', -60_000.25)).toEqual(['1969-12-31T23:58Z', 1 / 60]);
  });

  it('keep fractions of a millisecond on their side of a boundary', () => {
    const at = Date.UTC(2199, 11, 31, 23, 59, 59);
    expect(specOf('1s').openAt(at - 0.001)).toBe(at - 1_000);
    expect(specOf('1s').openAt(at + 0.999)).toBe(at);
  });
});

describe('local days', () => {
  it('begin with the origin on the clock of the wall', () => {
    expect(windowAt('1d/17h@America/Chicago', '2024-03-10T12:00:00Z')).toEqual(['2024-03-09T23:00Z', 23]);
    expect(windowAt('1d/17h@America/Chicago', '2024-03-11T12:00:00Z')).toEqual(['2024-03-10T22:00Z', 24]);
  });

  it('begin when the gap is over where midnight does not exist', () => {
    expect(windowAt('1d@America/Sao_Paulo', '2018-11-04T12:00:00Z')).toEqual(['2018-11-04T03:00Z', 23]);
  });

  it('may be missing altogether', () => { // Samoa had no 30 December 2011.
    expect(windowAt('1d@Pacific/Apia', '2011-12-30T09:59:59Z')).toEqual(['2011-12-29T10:00Z', 24]);
    expect(windowAt('1d@Pacific/Apia', '2011-12-30T10:00:00Z')).toEqual(['2011-12-30T10:00Z', 24]);
  });

  it('make weeks of 167 or 169 hours when the clocks change', () => {
    expect(windowAt('1w@Europe/Berlin', '2024-03-31T12:00:00Z')).toEqual(['2024-03-24T23:00Z', 167]);
    expect(windowAt('1w@Europe/Berlin', '2024-10-27T12:00:00Z')).toEqual(['2024-10-20T22:00Z', 169]);
  });

  it('are divided from their midnight on, and the last part is cut', () => {
    expect(windowAt('4h@Europe/Berlin', '2024-03-30T23:30:00Z')).toEqual(['2024-03-30T23:00Z', 4]);
    expect(windowAt('4h@Europe/Berlin', '2024-03-31T21:30:00Z')).toEqual(['2024-03-31T19:00Z', 3]);
    expect(windowAt('7h@Asia/Tokyo', '2024-05-05T14:59:59Z')).toEqual(['2024-05-05T12:00Z', 3]);
  });
});

const specs = fc.constantFrom(
  '1s', '90s', '7m', '1h/30m', '1d/17h', '3d', '1w', '1w/2d', '36h',
  '1m@Europe/Berlin', '4h@Australia/Lord_Howe', '7h@Africa/Abidjan', '1d@America/New_York', '1d/17h@America/Chicago',
  '1d@America/Sao_Paulo', '2d@Pacific/Apia', '1w@Africa/Casablanca', '1h@Asia/Kathmandu', '1d/150m@America/St_Johns',
);
const changes = ['2024-03-10T07:00Z', '2024-11-03T06:00Z', '2018-11-04T03:00Z', '2011-12-30T10:00Z', '2024-10-05T15:30Z'];
/** From 1970 to 2099 in quarters of a millisecond, many of them beside whole hours or where somewhere the clocks change. */
const times = fc.oneof(
  fc.integer({ min: 0, max: 4 * 4_099_680_000_000 }).map((quarters) => quarters / 4),
  fc.tuple(fc.integer({ min: 0, max: 1_138_800 }), fc.integer({ min: -8, max: 8 }))
    .map(([hours, quarters]) => hours * hour + quarters / 4),
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -30 * hour, max: 30 * hour }))
    .map(([change, ms]) => Date.parse(change) + ms),
);

describe('every spec', () => {
  it('has windows that hold their time, meet without a seam, and stand on its grid', () => {
    fc.assert(fc.property(specs, times, (text, time) => {
      const spec = specOf(text);
      const open = spec.openAt(time);
      const close = spec.closeOf(open);
      expect(open).toBeLessThanOrEqual(time);
      expect(close).toBeGreaterThan(time);
      expect([spec.openAt(open), spec.openAt(close - 0.25)]).toEqual([open, open]);
      expect(spec.openAt(close)).toBe(close);
      expect(spec.closeOf(spec.openAt(open - 0.25))).toBe(open);
      expect([open % spec.gridMs, close % spec.gridMs].map(Math.abs)).toEqual([0, 0]);
      expect(spec.intervalMs % spec.gridMs).toBe(0);
    }), { numRuns: 500 });
  });

  it('has the windows that the clock on the wall says, found the slow way', () => {
    fc.assert(fc.property(specs, times, (text, time) => {
      const openMs = specOf(text).openAt(time);
      expect({ openMs, closeMs: specOf(text).closeOf(openMs) }).toEqual(windowOf(text, time));
    }), { numRuns: 100 });
  }, 60_000);
});

describe('the grid', () => {
  it.each([
    ['1m', 60_000], ['90s', 90_000], ['1h/30m', hour / 2], ['1d', day], ['1w', day], ['1d/17h', hour],
    ['7h@Africa/Abidjan', hour], ['1d@Asia/Kolkata', hour / 2], ['1d@Asia/Tokyo', 3 * hour], ['1h@Asia/Kathmandu', hour / 4],
  ])('of %s is %d ms', (text, gridMs) => {
    expect(specOf(text).gridMs).toBe(gridMs);
  });

  it('rests on the greatest common divisor', () => {
    expect([greatestCommonDivisor(12, 18), greatestCommonDivisor(0, 5), greatestCommonDivisor(-4, 6)]).toEqual([6, 5, 2]);
  });
});
