import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBarSpec, parseBarSpecs, type BarSpec } from '../../src/model/bar-spec.ts';

const hourMs = 3_600_000;
const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** Each is made once: a zone is asked for its offsets of 130 years, which takes some 40 ms. */
const known = new Map<string, BarSpec>();
function specOf(text: string): BarSpec {
  const spec = known.get(text) ?? parseBarSpec(text);
  known.set(text, spec);
  return spec;
}

/** `open → close` of the window that holds an instant. */
function windowOf(spec: string, instant: string): string {
  const parsed = parseBarSpec(spec);
  const openMs = parsed.openAt(at(instant));
  return `${iso(openMs)} → ${iso(parsed.closeOf(openMs))}`;
}

describe('a bar spec', () => {
  it.each([
    ['60s', '1m'], ['24h', '1d'], ['7d', '1w'], ['1d@UTC', '1d'], ['90m', '90m'], ['1h/1800s', '1h/30m'],
    ['1d/17h@America/Chicago', '1d/17h@America/Chicago'],
  ])('has one name: %s is %s', (text, name) => {
    expect(parseBarSpec(text).name).toBe(name);
  });

  it.each(['', '0s', '1', 's', '-1m', '1.5m', '1M', '2w', '8d', '1h/1h', '1d@Nowhere/City', '1d@', '1m/', ' 1m', '1m1s'])(
    'is refused with what is allowed: "%s"', (text) => {
      expect(() => parseBarSpec(text)).toThrow(expect.objectContaining({
        code: 'bar-spec-invalid', message: expect.stringContaining('1d@America/New_York') as string,
      }));
    });

  it('is listed once: two spellings of one spec are refused', () => {
    expect(() => parseBarSpecs(['1m', '5m', '60s'])).toThrow(/"1m" and "60s"/);
  });

  it('begins weeks on Monday and days at midnight UTC', () => {
    expect(windowOf('1w', '2026-11-21T12:00:00Z')).toBe('2026-11-16T00:00:00Z → 2026-11-23T00:00:00Z');
    expect(windowOf('1d', '2026-11-21T23:59:59.999Z')).toBe('2026-11-21T00:00:00Z → 2026-11-22T00:00:00Z');
  });

  it('is cut downwards before 1970 as after it', () => {
    expect(windowOf('1m', '1969-12-31T23:59:30Z')).toBe('1969-12-31T23:59:00Z → 1970-01-01T00:00:00Z');
    expect(windowOf('1w', '1970-01-01T00:00:00Z')).toBe('1969-12-29T00:00:00Z → 1970-01-05T00:00:00Z');
  });

  it('has local days of 23 and 25 hours', () => {
    expect(windowOf('1d@America/New_York', '2026-03-08T12:00:00Z')).toBe('2026-03-08T05:00:00Z → 2026-03-09T04:00:00Z');
    expect(windowOf('1d@America/New_York', '2026-11-01T12:00:00Z')).toBe('2026-11-01T04:00:00Z → 2026-11-02T05:00:00Z');
  });

  it('has local weeks that begin on the local Monday', () => {
    expect(windowOf('1w@America/New_York', '2026-11-01T12:00:00Z')).toBe('2026-10-26T04:00:00Z → 2026-11-02T05:00:00Z');
  });

  it('cuts shorter steps of a zone anew at each local midnight', () => {
    expect(windowOf('4h@America/New_York', '2026-03-09T03:30:00Z')).toBe('2026-03-09T01:00:00Z → 2026-03-09T04:00:00Z');
    expect(windowOf('1h@Asia/Kolkata', '2026-03-09T03:45:00Z')).toBe('2026-03-09T03:30:00Z → 2026-03-09T04:30:00Z');
  });

  it('takes the first of two local times, and the end of the hour that is missing', () => {
    expect(windowOf('1d/1h@America/New_York', '2026-11-01T06:10:00Z')).toBe('2026-11-01T05:00:00Z → 2026-11-02T06:00:00Z');
    expect(windowOf('1d/150m@America/New_York', '2026-03-08T08:00:00Z')).toBe('2026-03-08T07:00:00Z → 2026-03-09T06:30:00Z');
  });

  it('tiles time without hole or overlap, on its grid, for any zone, origin and instant', () => {
    const zone = fc.constantFrom('', '@America/New_York', '@Europe/London', '@Asia/Kolkata', '@Australia/Lord_Howe', '@Asia/Kathmandu');
    const interval = fc.constantFrom('7s', '1m', '17m', '1h', '4h', '5h', '1d', '2d', '1w');
    const origin = fc.constantFrom('', '/3s');
    const instant = fc.integer({ min: -5 * 365 * 24, max: 70 * 365 * 24 }).map((hours) => hours * hourMs + 123.25);
    fc.assert(fc.property(interval, origin, zone, instant, (every, from, where, timeMs) => {
      const spec = specOf(`${every}${from}${where}`);
      const openMs = spec.openAt(timeMs);
      const closeMs = spec.closeOf(openMs);
      expect(openMs).toBeLessThanOrEqual(timeMs);
      expect(closeMs).toBeGreaterThan(timeMs);
      expect(spec.openAt(openMs)).toBe(openMs);
      expect(spec.openAt(closeMs - 0.5)).toBe(openMs);
      expect(spec.openAt(closeMs)).toBe(closeMs);
      expect(Math.abs(openMs % spec.gridMs)).toBe(0);
    }), { numRuns: 400 });
  });
});
