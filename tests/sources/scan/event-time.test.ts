import { describe, expect, it } from 'vitest';
import { eventTimeScan, parseEventTime, type EventTimeUnit } from '../../../src/sources/scan/event-time.ts';
import { eventTimeWordScan, timeWordsBytes } from '../../../src/sources/scan/event-time-words.ts';
import { TestRandom } from './test-random.ts';

function scanned(text: string, unit: EventTimeUnit): number | null {
  const out = new Float64Array(2);
  const end = eventTimeScan(unit)(Buffer.from(`${text}\n`), 0, out);
  return end === text.length ? out[0] : null;
}

describe('event times', () => {
  it('are ms with the microseconds that the text has, and no more', () => {
    const cases: readonly (readonly [string, EventTimeUnit, number])[] = [
      ['1570752011620', 'ms', 1_570_752_011_620],
      ['1570752011620.5', 'ms', 1_570_752_011_620.5],
      ['1570752011620.1239999', 'ms', 1_570_752_011_620.123],
      ['1570752011', 's', 1_570_752_011_000],
      ['1570752011.620123', 's', 1_570_752_011_620.123],
      ['1570752011620123', 'us', 1_570_752_011_620.123],
      ['1570752011620123.9', 'us', 1_570_752_011_620.123],
      ['1570752011620123999', 'ns', 1_570_752_011_620.123],
      ['2019-10-11T00:00:11.620Z', 'iso', 1_570_752_011_620],
      ['2019-10-11 00:00:11.620123999+00:00', 'iso', 1_570_752_011_620.123],
      ['2019-10-11T02:00:11+02:00', 'iso', 1_570_752_011_000],
      ['2019-10-10T19:30:11-0430', 'iso', 1_570_752_011_000],
      ['2019-10-11T00:00:11', 'iso', 1_570_752_011_000],
      ['2024-02-29T23:59:59.999Z', 'iso', Date.UTC(2024, 1, 29, 23, 59, 59, 999)],
      ['2099-12-31T00:00:00Z', 'iso', Date.UTC(2099, 11, 31)],
    ];
    for (const [text, unit, timeMs] of cases) {
      expect(scanned(text, unit), `${text} scanned as ${unit}`).toBe(timeMs);
      expect(parseEventTime(text, unit), `${text} judged as ${unit}`).toBe(timeMs);
    }
  });

  it('are floored from the digits of nanoseconds, where a double would have rounded up', () => {
    const text = '1570752011620123999';
    expect(Math.floor(Number(text) / 1_000) / 1_000).not.toBe(1_570_752_011_620.123);
    expect(parseEventTime(text, 'ns')).toBe(1_570_752_011_620.123);
    expect(parseEventTime('1.570752011620123999e18', 'ns')).toBe(1_570_752_011_620.123);
  });

  it('in another unit than declared are refused with the unit that they look like', () => {
    const cases: readonly (readonly [string, EventTimeUnit, EventTimeUnit])[] = [
      ['1570752011', 'ms', 's'],
      ['1570752011620123', 'ms', 'us'],
      ['1570752011620123999', 'ms', 'ns'],
      ['1570752011620', 's', 'ms'],
      ['1570752011620', 'us', 'ms'],
      ['1570752011620', 'ns', 'ms'],
      ['1570752011620', 'iso', 'ms'],
      ['2019-10-11T00:00:11Z', 'ms', 'iso'],
      ['1.570752011620e9', 'ms', 's'],
    ];
    for (const [text, declared, meant] of cases) {
      expect(scanned(text, declared), `${text} scanned as ${declared}`).toBeNull();
      expect(parseEventTime(text, declared), `${text} judged as ${declared}`).toMatchObject({
        looksLike: meant,
      });
    }
  });

  it('that are no times are refused without a guess', () => {
    for (const text of [
      '',
      'abc',
      '-5',
      '12:30',
      '1e400',
      '5',
      '99999999999999999999999999',
      'NaN',
      '0x16de8ab5c64',
    ]) {
      expect(scanned(text, 'ms'), text).toBeNull();
      expect(parseEventTime(text, 'ms'), text).toMatchObject({ looksLike: null });
    }
    for (const text of [
      '2019-13-01T00:00:00Z',
      '2019-02-29T00:00:00Z',
      '2019-01-01T24:00:00Z',
      '2019-01-01T00:60:00Z',
      '2019-01-01T00:00:60Z',
      '2019-01-01',
      '2019-01-01T00:00',
      '2019-01-01T00:00:00.Z',
      '2019-01-01T00:00:00+1',
      '2019-01-01T00:00:00Zx',
      '19-01-01T00:00:00Z',
    ]) {
      expect(scanned(text, 'iso'), text).toBeNull();
      expect(parseEventTime(text, 'iso'), text).toMatchObject({ looksLike: null });
    }
  });

  it('as ISO text agree with Date over four centuries', () => {
    const random = new TestRandom(7);
    for (let n = 0; n < 20_000; n++) {
      const timeMs = Math.floor(
        Date.UTC(1980, 0, 1) + random.uniform() * (Date.UTC(2250, 0, 1) - Date.UTC(1980, 0, 1)),
      );
      expect(scanned(new Date(timeMs).toISOString(), 'iso')).toBe(timeMs);
    }
  });

  it('in every unit agree with whole-number arithmetic on their digits', () => {
    const random = new TestRandom(8);
    for (let n = 0; n < 20_000; n++) {
      const nanoseconds =
        1_500_000_000_000_000_000n +
        BigInt(random.below(2 ** 30)) * 1_000_000_007n +
        BigInt(random.below(1_000));
      const wanted = Number(nanoseconds / 1_000n) / 1_000;
      const [seconds, rest] = [
        nanoseconds / 1_000_000_000n,
        String(nanoseconds % 1_000_000_000n).padStart(9, '0'),
      ];
      expect(scanned(String(nanoseconds), 'ns')).toBe(wanted);
      expect(scanned(`${seconds}.${rest}`, 's')).toBe(wanted);
      expect(
        scanned(`${nanoseconds / 1_000_000n}.${String(nanoseconds % 1_000_000n).padStart(6, '0')}`, 'ms'),
      ).toBe(wanted);
    }
  });

  it.each(['ms', 'us', 'ns', 's', 'iso'] as const)('in %s are the same four digits at a time, or are left alone', (unit) => {
    const random = new TestRandom(9);
    const [out, words] = [new Float64Array(2), new Float64Array(2)];
    const ofOurDays = { ms: 13, us: 16, ns: 19, s: 0, iso: 0 }[unit];
    let read = 0;
    for (let n = 0; n < 20_000; n++) {
      const digits = Array.from({ length: 11 + random.below(10) }, () => random.below(10)).join('');
      const bytes = Buffer.from(`${digits}\n${'x'.repeat(timeWordsBytes)}`);
      if (random.below(4) === 0) bytes[random.below(digits.length)] = random.below(256);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const end = eventTimeWordScan(unit)(view, 0, words);
      if (end < 0 || bytes[end] !== 0x0a) continue; // The piece that must follow shows that the time is longer.
      read++;
      expect(end, digits).toBe(ofOurDays);
      expect(eventTimeScan(unit)(bytes, 0, out), digits).toBe(end);
      expect(words[0], digits).toBe(out[0]);
    }
    expect(read > 300).toBe(ofOurDays > 0);
  });
});
