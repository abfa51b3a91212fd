import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { MdpError } from '../src/errors.ts';
import { parseBarSpec } from '../src/model/bar-spec.ts';
import { agrees, differencesMax, verify, type VerifyReport } from '../src/verify.ts';
import { candleFile } from '../src/verify/candle-file.ts';
import type { StoredBars, StoredQuery, VerifiedBar } from '../src/verify/expectation.ts';
import { reportText } from '../src/verify/report.ts';

const noonMs = Date.UTC(2024, 0, 1, 12);
const minute = 60_000;
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-verify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(text: string | Buffer, ending = 'csv'): string {
  const name = path.join(folder, `candles-${files++}.${ending}`);
  writeFileSync(name, text);
  return name;
}

/** A table in memory. Notes what it was asked, and whether whoever asked let go of it. */
class Table implements StoredBars {
  asked: StoredQuery | null = null;
  isReleased = false;
  readonly bars: readonly VerifiedBar[];

  constructor(bars: readonly VerifiedBar[]) {
    this.bars = bars;
  }

  async *read(query: StoredQuery): AsyncGenerator<VerifiedBar> {
    this.asked = query;
    try {
      yield* this.bars;
    } finally {
      this.isReleased = true;
    }
  }
}

function bar(index: number, values: VerifiedBar['values'], filled = false): VerifiedBar {
  return { openTimeMs: noonMs + index * minute, values, filled };
}

const flat = (price: number, volume: number): VerifiedBar['values'] =>
  ({ open: price, high: price, low: price, close: price, volume });

const header = 'open_time_ms,open,high,low,close,volume';
const candle = (index: number, price: string, volume: string): string =>
  [noonMs + index * minute, price, price, price, price, volume].join(',');

async function compare(
  text: string | Buffer, bars: readonly VerifiedBar[], rest: { fill?: 'carry'; ending?: string } = {},
): Promise<VerifyReport> {
  const options = { venue: 'binance', symbol: 'XRPETH', spec: '1m', fill: rest.fill ?? 'none' } as const;
  return verify(options, candleFile(fileOf(text, rest.ending), parseBarSpec('1m')), new Table(bars));
}

const counts = ({ equal, different, missing, unexpected }: VerifyReport): number[] =>
  [equal, different, missing, unexpected];

describe('stored bars against a candle file', () => {
  it('agree where every cell does', async () => {
    const text = [header, candle(0, '1.5', '3'), candle(1, '2', '0.10')].join('\n');
    const report = await compare(text, [bar(0, flat(1.5, 3)), bar(1, flat(2, 0.1))]);
    expect(counts(report)).toEqual([2, 0, 0, 0]);
    expect(agrees(report)).toBe(true);
    expect(report.columns).toEqual(['open', 'high', 'low', 'close', 'volume']);
  });

  it('differ cell by cell, are missing, are unexpected', async () => {
    const text = [header, candle(0, '1', '1'), candle(1, '1', '1'), candle(3, '1', '1')].join('\n');
    const report = await compare(text, [
      bar(0, { ...flat(1, 1), high: 1.25, close: 0.5 }), bar(2, flat(1, 1)), bar(3, flat(1, 1)), bar(4, flat(1, 1)),
    ]);
    expect(counts(report)).toEqual([1, 1, 1, 2]);
    expect(agrees(report)).toBe(false);
    expect(report.differences).toEqual([
      { openTimeMs: noonMs, column: 'high', stored: 1.25, expected: 1 },
      { openTimeMs: noonMs, column: 'close', stored: 0.5, expected: 1 },
      { openTimeMs: noonMs + minute, column: null, stored: 'nothing', expected: 'a bar' },
      { openTimeMs: noonMs + 2 * minute, column: null, stored: 'a bar', expected: 'nothing' },
      { openTimeMs: noonMs + 4 * minute, column: null, stored: 'a bar', expected: 'nothing' },
    ]);
  });

  it('agree in price only as the same double, in volume to the digits of the file', async () => {
    const text = [header, candle(0, '0.3', '0.30')].join('\n');
    const volumeOff = await compare(text, [bar(0, flat(0.3, 0.1 + 0.2))]);
    expect(counts(volumeOff)).toEqual([1, 0, 0, 0]);
    expect(counts(await compare(text, [bar(0, flat(0.3, 0.306))]))).toEqual([0, 1, 0, 0]);
    const priceOff = await compare(text, [bar(0, flat(0.1 + 0.2, 0.3))]);
    expect(priceOff.differences.map(({ column }) => column)).toEqual(['open', 'high', 'low', 'close']);
  });

  it('are asked for in the range of the file, and let go of at the end or at a fault', async () => {
    const table = new Table([bar(0, flat(1, 1))]);
    const options = { venue: 'v', symbol: 's', spec: '1m', fill: 'carry' } as const;
    const tenMinutes = fileOf([header, candle(0, '1', '1'), candle(9, '1', '1')].join('\n'));
    await verify(options, candleFile(tenMinutes, parseBarSpec('1m')), table);
    expect(table.asked).toEqual({ ...options, fromMs: noonMs, untilMs: noonMs + 10 * minute });
    expect(table.isReleased).toBe(true);

    const broken = new Table([bar(0, flat(1, 1)), bar(1, flat(1, 1))]);
    const failing = {
      ...candleFile(fileOf(`${header}\n${candle(0, '1', '1')}`), parseBarSpec('1m')),
      bars: async function* () {
        yield { openTimeMs: noonMs, cells: [] };
        throw new Error('torn');
      },
    };
    await expect(verify(options, failing, broken)).rejects.toThrow('torn');
    expect(broken.isReleased).toBe(true);
  });

  it('may be carried where the file carries, and only there', async () => {
    const text = [header, candle(0, '1', '1'), candle(1, '1', '0')].join('\n');
    const stored = [bar(0, flat(1, 1)), bar(1, flat(1, 0), true)];
    expect(await compare(text, stored, { fill: 'carry' })).toMatchObject({ equal: 2, equalFilled: 1, missing: 0 });
    const hint = await compare(text, stored.slice(0, 1));
    expect(hint).toMatchObject({ equal: 1, missing: 1, missingEmpty: 1 });
    expect(reportText(hint)).toContain('see --fill carry');
    const onlyFirst = await compare([header, candle(0, '1', '1')].join('\n'), stored, { fill: 'carry' });
    expect(counts(onlyFirst)).toEqual([1, 0, 0, 0]);
  });

  it('do not agree with a value where the bar has none', async () => {
    const report = await compare([header, candle(0, '1', '1')].join('\n'), [bar(0, { ...flat(1, 1), close: null })]);
    expect(report.differences).toEqual([{ openTimeMs: noonMs, column: 'close', stored: 'nothing', expected: 1 }]);
  });

  it('list at most so many differences and count them all', async () => {
    const rows = Array.from({ length: differencesMax + 5 }, (_, index) => candle(index, '1', '1'));
    const report = await compare([header, ...rows].join('\n'), []);
    expect(report.differences).toHaveLength(differencesMax);
    expect(report.differencesTotal).toBe(differencesMax + 5);
  });
});

describe('a candle file', () => {
  it('may be gzip, ISO, CRLF, with a byte order mark, quotes, other columns and fewer', async () => {
    const text = '\uFEFF"Open_Time",close,who\r\n' +
      '"2024-01-01T12:00:00Z", 7 ,me\r\n\r\n2024-01-01T12:01:00.000Z,8,you\r\n';
    const report = await compare(gzipSync(text), [bar(0, flat(7, 1)), bar(1, flat(8, 1))], { ending: 'csv.gz' });
    expect(counts(report)).toEqual([2, 0, 0, 0]);
    expect(report.columns).toEqual(['close']);
  });

  it.each([
    ['no rows', header, 'holds no candles'],
    ['no open time', 'time,open\n1,2', 'there is no column open_time_ms or open_time, but time, open'],
    ['nothing to compare', `open_time_ms\n${noonMs}`, 'there is nothing to compare'],
    ['seconds', `open_time_ms,open\n${noonMs / 1000},1`, 'not in milliseconds'],
    ['nanoseconds', `open_time_ms,open\n${noonMs}000000,1`, 'neither ms since 1970 nor an ISO 8601 time'],
    ['words for numbers', `open_time_ms,open\n${noonMs},much`, 'candles-\\d+.csv:2: open "much" is not a number'],
    ['an empty cell', `open_time_ms,open\n${noonMs},`, 'open "" is not a number'],
    ['a row too short', `open_time_ms,open\n${noonMs}`, 'is not CSV with a header'],
    ['rows out of order', `open_time_ms,open\n${noonMs},1\n${noonMs},1`, 'csv:3: .* does not come after .*; sort'],
    ['another interval', `open_time_ms,open\n${noonMs + 1_000},1`, 'is not the beginning of a 1m bar .*is --spec'],
  ])('with %s is refused, and told why', async (_, text, message) => {
    const refusal = compare(text, []);
    await expect(refusal).rejects.toThrow(MdpError);
    await expect(refusal).rejects.toThrow(new RegExp(message));
    await expect(refusal).rejects.toMatchObject({ code: 'source-malformed' });
  });

  it('that is cut off or not there is refused', async () => {
    const cut = gzipSync([header, candle(0, '1', '1')].join('\n')).subarray(0, 30);
    await expect(compare(cut, [], { ending: 'csv.gz' })).rejects.toMatchObject({ code: 'source-malformed' });
    const absent = candleFile(path.join(folder, 'absent.csv'), parseBarSpec('1m'));
    await expect(absent.range()).rejects.toMatchObject({ code: 'source-unreadable' });
  });
});

describe('the report', () => {
  it('lines up the differing cells under their names, and the counts', async () => {
    const text = [header, candle(0, '1.5', '1'), candle(1, '10', '1')].join('\n');
    const report = await compare(text, [bar(0, { ...flat(1.5, 1), low: 1.25 }), bar(2, flat(3, 1))]);
    const lines = reportText({ ...report, against: 'candles.csv' }).split('\n');
    expect(lines).toEqual([
      'binance XRPETH 1m, 2024-01-01T12:00:00.000Z to 2024-01-01T12:02:00.000Z, against candles.csv',
      'compared: open, high, low, close, volume',
      '',
      'open time                 column   stored  expected  difference',
      '2024-01-01T12:00:00.000Z  low        1.25       1.5       -0.25',
      '2024-01-01T12:01:00.000Z  (bar)   nothing     a bar',
      '2024-01-01T12:02:00.000Z  (bar)     a bar   nothing',
      '',
      'equal       0',
      'different   1',
      'missing     1',
      'unexpected  1',
      '',
    ]);
  });

  it('prints the first fifty and says how many more there are', async () => {
    const rows = Array.from({ length: 1_234 }, (_, index) => candle(index, '1', '1'));
    const text = reportText(await compare([header, ...rows].join('\n'), []));
    expect(text).toContain('… and 1,184 more; --json lists up to 10,000.');
    expect(text.split('\n').filter((line) => line.includes('(bar)'))).toHaveLength(50);
    expect(text).toContain('missing     1,234');
  });
});
