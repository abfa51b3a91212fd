import { describe, expect, it } from 'vitest';
import { BarBook, inOrder, isGapOf, specLengthMs } from '../../src/dashboard/bars.ts';
import type { Bar } from '../../src/dashboard/bars.ts';
import { ageText, decimal, digitsOf, percentChange, quantity, signed, timeText } from '../../src/dashboard/format.ts';
import { timePoints } from '../../src/dashboard/tabs/trading/time-points.ts';

const bar = (openMs: number, more: Partial<Bar> = {}): Bar => ({
  openMs, closeMs: openMs + 1_000, open: 1, high: 2, low: 1, close: 2, volume: 1, notional: 2, trades: 1, buyVolume: 1, sellVolume: 0,
  state: 'closed', quality: 'complete', revision: 0, whole: true, ...more,
});

describe('the bars of a chart', () => {
  it('lack what is missing of all, of their venue, of them, and of what they are made of', () => {
    const of = { venue: 'x', symbol: 'A', spec: '3s' };
    const all = { venue: '', symbol: '', spec: '' };
    for (const gap of [all, { ...all, venue: 'x' }, { ...all, venue: 'x', symbol: 'A' }, of, { ...of, spec: '1s' }]) {
      expect(isGapOf(gap, of, '1s'), JSON.stringify(gap)).toBe(true);
    }
    for (const gap of [{ ...all, venue: 'y' }, { ...of, symbol: 'B' }, { ...of, spec: '1m' }]) expect(isGapOf(gap, of, '1s')).toBe(false);
    expect(isGapOf({ ...of, spec: '1s' }, of, null)).toBe(false);
  });

  it('come in any order and stand in order, each once', () => {
    const book = new BarBook();
    expect(book.put([bar(3_000), bar(4_000)])).toBe(0);
    expect(book.put([bar(2_000), bar(1_000), bar(3_000)])).toBe(0);
    expect(book.put([bar(5_000, { state: 'forming' })])).toBe(4);
    expect(book.put([bar(6_000), bar(3_000, { revision: 1 }), bar(2_000, { state: 'forming' })])).toBe(2);
    expect(book.bars.map(({ openMs }) => openMs)).toEqual([1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
  });

  it('go from forming to provisional to closed and by revisions, and never back', () => {
    const book = new BarBook();
    const states = (['forming', 'provisional', 'closed'] as const).map((state) => bar(1_000, { state }));
    for (const next of states) expect(book.put([next])).toBe(0);
    expect(book.put([states[0], states[1]])).toBeNull();
    expect(book.put([bar(1_000, { revision: 2 })])).toBe(0);
    expect(book.put([bar(1_000, { revision: 1 })])).toBeNull();
    expect(book.bars[0].revision).toBe(2);
  });

  it('that form take each other\'s place', () => {
    const book = new BarBook();
    book.put([bar(1_000, { state: 'forming', close: 3 })]);
    book.put([bar(1_000, { state: 'forming', close: 4 })]);
    expect(book.bars[0].close).toBe(4);
  });
});

describe('the time scale of a chart', () => {
  const gap = { fromMs: 2_500, untilMs: 6_200, reason: 'disconnect' };

  it('has a point for each bar, none for a night, and for a gap as many as it has windows', () => {
    const { times, bands } = timePoints([bar(0), bar(1_000), bar(2_000), bar(6_000), bar(60_000)], [gap], 1_000);
    expect(times).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 60_000]);
    expect(bands).toEqual([{ first: 2, last: 6, gap }]);
  });

  it('is not filled by one that is very long', () => {
    const { times } = timePoints([bar(0), bar(100_000_000)], [{ ...gap, untilMs: 99_000_000 }], 1_000);
    expect(times.length).toBeLessThan(70);
  });

  it('shows nothing of gaps before its first bar', () => {
    expect(timePoints([bar(50_000), bar(51_000)], [gap], 1_000).bands).toEqual([]);
  });
});

describe('numbers and times are written', () => {
  it('with the digits of the instrument', () => {
    expect([64_210.5, 0.000_172, 12, 1e-7, 0.1 + 0.2, 59_020.123_456_789].map(digitsOf)).toEqual([2, 6, 2, 7, 6, 2]);
    expect(decimal(64_210.5, 2)).toBe('64,210.50');
    expect(decimal(null, 2)).toBe('–');
  });

  it('with a sign that is no hyphen, and none where nothing is left of it', () => {
    expect([signed(1.5, 2), signed(-1.5, 2), signed(-0.001, 2), percentChange(99, 100), percentChange(1, null)])
      .toEqual(['+1.50', '−1.50', '0.00', '−1.00', '–']);
  });

  it('as short as they can be read', () => {
    expect([0.01234, 12.5, 512.34, 9_999, 12_345, 4_560_000, -76_220].map(quantity))
      .toEqual(['0.0123', '12.50', '512.3', '9,999', '12.35K', '4.56M', '−76.22K']);
    expect([200, 4_400, 61_000, 3_700_000].map(ageText)).toEqual(['now', '4 s', '1 min', '1 h']);
  });

  it('in the zone that was chosen', () => {
    const timeMs = Date.UTC(2026, 2, 14, 13, 2, 4);
    expect(timeText(timeMs, 'UTC')).toBe('2026-03-14 13:02:04');
    expect(timeText(timeMs, 'America/New_York', 'time')).toBe('09:02:04');
  });

  it('of bar specs by their length', () => {
    expect(inOrder(['1d', '1h', '100ticks', '1s', '1d@America/New_York', '15m'])).toEqual(['1s', '15m', '1h', '1d', '1d@America/New_York', '100ticks']);
    expect([specLengthMs('15m'), specLengthMs('100ticks')]).toEqual([900_000, null]);
  });
});
