import { describe, expect, it } from 'vitest';
import { bytesText, letterJson, letterText, listJson, listText } from '../../src/dead-letters/letter-text.ts';
import type { LetterCount, LetterFilter, StoredLetter } from '../../src/model/dead-letter.ts';

const timeMs = Date.UTC(2024, 0, 1, 12);
const all: LetterFilter = { lane: null, origin: null, reason: null, sinceMs: null };

function letterOf(overrides: Partial<StoredLetter> = {}): StoredLetter {
  const bytes = overrides.bytes ?? Buffer.from('BTC,abc,1');
  return {
    lane: 'p/history', generation: 1, position: 7, origin: 'tick', counter: 0, reason: 'bad-price',
    message: 'price "abc" is no number', place: 'trades.csv:8', firstAtMs: timeMs, lastAtMs: timeMs + 1_500, retries: 2,
    bytes, bytesTotal: bytes.length, ...overrides,
  };
}

const counts = (letters: number): LetterCount[] =>
  [{ lane: 'p/history', origin: 'tick', reason: 'bad-price', letters, lastAtMs: timeMs }];

describe('the list of dead letters', () => {
  it('has totals, and a line a letter with key, reason, times, retries, place and beginning', () => {
    const text = listText({ letters: [letterOf()], counts: counts(1) }, all);
    expect(text).toBe([
      'letters  lane       origin  reason     last',
      '1        p/history  tick    bad-price  2024-01-01T12:00:00Z',
      '',
      'key                   reason     first                 last                  retries  place         begins',
      'p/history@1:7.tick.0  bad-price  2024-01-01T12:00:00Z  2024-01-01T12:00:01Z  2        trades.csv:8  BTC,abc,1',
      '',
    ].join('\n'));
  });

  it('says how many more there are', () => {
    expect(listText({ letters: [letterOf()], counts: counts(1_235) }, all)).toMatch(/\n… and 1,234 more: .*--limit.*\n$/);
    expect(listText({ letters: [letterOf()], counts: counts(1) }, all)).not.toContain('more');
  });

  it('says when there are none', () => {
    expect(listText({ letters: [], counts: [] }, all)).toBe('No dead letters.\n');
    expect(listText({ letters: [], counts: [] }, { ...all, reason: 'x' })).toBe('No dead letters of that kind.\n');
  });

  it('lets no record speak to the terminal, and shows but the beginning of a long one', () => {
    const hostile = letterOf({ bytes: Buffer.from('\u001b[2Jgone\r\n'), place: 'a\u0007.csv:1', lane: 'p/\u001b[31m' });
    const text = listText({ letters: [hostile], counts: counts(1) }, all);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    const long = listText({ letters: [letterOf({ bytes: Buffer.from('x'.repeat(100)) })], counts: counts(1) }, all);
    expect(long).toContain(`${'x'.repeat(60)}…\n`);
  });

  it('is the same as JSON, with times in ISO 8601 and bytes in base64', () => {
    const parsed: unknown = JSON.parse(listJson({ letters: [letterOf()], counts: counts(9) }));
    expect(parsed).toEqual({
      total: 9,
      counts: [{ lane: 'p/history', origin: 'tick', reason: 'bad-price', letters: 9, lastAt: '2024-01-01T12:00:00.000Z' }],
      letters: [letterJson(letterOf())],
    });
    expect(letterJson(letterOf())).toMatchObject({
      key: 'p/history@1:7.tick.0', bytes: Buffer.from('BTC,abc,1').toString('base64'),
      lastAt: '2024-01-01T12:00:01.500Z', retries: 2, bytesTotal: 9,
    });
  });
});

describe('a dead letter', () => {
  it('is shown with everything, its bytes last', () => {
    const text = letterText(letterOf());
    for (const part of ['p/history@1:7.tick.0', 'bad-price', 'price "abc" is no number', 'trades.csv:8', '2024-01-01T12:00:01.500Z']) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/retries +2\n/);
    expect(text).toMatch(/\n\nBTC,abc,1\n$/);
  });

  it('shows bytes that are no text as hexadecimal', () => {
    expect(bytesText(Buffer.from('grüße\tund\nZeilen'))).toBe('grüße\tund\nZeilen');
    expect(bytesText(Uint8Array.of(0x42, 0xff, 0x00))).toBe(`00000000  42 ff 00${' '.repeat(41)}B..`);
    const rows = bytesText(Uint8Array.from({ length: 17 }, (_, index) => index)).split('\n');
    expect(rows).toEqual([
      '00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................',
      `00000010  10${' '.repeat(47)}.`,
    ]);
    expect(bytesText(Buffer.from('a\u001b[2J'))).toMatch(/^00000000 {2}61 1b/);
  });
});
