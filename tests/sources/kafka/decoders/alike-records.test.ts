import { describe, expect, it } from 'vitest';
import { encodeBatch, type WireBatch, type WireRecord } from '../../../support/kafka-bytes.ts';
import { fuzzRuns, RunReading, type ReadRun } from './fuzz-runs.ts';

const startMs = 1_767_571_200_123;
const symbols = ['AAA', 'BTC-USDT', 'ÄÖ/€'];
type Values = ConstructorParameters<typeof RunReading>[0];

const plain = (n: number): string =>
  `{"symbol":"${symbols[n % 3]}","price":${n}.25,"size":0.${n + 1},"side":"${n % 2 === 0 ? 'buy' : 'sell'}",` +
  `"ts":${startMs + n},"trade_id":${7_000 + n}}`;

function recordsOf(values: readonly (string | null)[], from = 0, key: string | null = null): WireRecord[] {
  return values.map((value, n) => ({
    offset: from + n, timestampMs: startMs + 10 * n, key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value), headers: [],
  }));
}

function batchOf(records: readonly WireRecord[], more: Partial<WireBatch> = {}): Buffer {
  return encodeBatch({
    baseOffset: records[0].offset, lastOffset: records.at(-1)!.offset, records, baseTimestampMs: startMs, maxTimestampMs: startMs + 5_000, ...more,
  });
}

function plainRecords(count: number, from = 0): WireRecord[] {
  return recordsOf(Array.from({ length: count }, (_, n) => plain(n)), from);
}

function read(log: Buffer, { values = {}, lastOffset = 10_000, batchTicks = 1_000 }: {
  readonly values?: Values; readonly lastOffset?: number; readonly batchTicks?: number;
} = {}): ReadRun {
  return new RunReading(values, { inRuns: true, batchTicks }).read(log, { baseOffset: 0, lastOffset });
}

/** What is read of values one by one, and what of the same values many at a time where that is possible. */
function bothWays(values: readonly (string | null)[], settings: Values = {}): readonly [many: ReadRun, single: ReadRun] {
  const log = batchOf(recordsOf(values, 0, 'KEY'));
  const [many, single] = [true, false].map((inRuns) =>
    new RunReading(settings, { inRuns, batchTicks: 1_000 }).read(log, { baseOffset: 0, lastOffset: 10_000 }));
  return [many, single];
}

describe('records that are laid out alike', () => {
  it('are read many at a time, with the values that were written', () => {
    const count = 60;
    const { batches, inRuns, next, error } = read(batchOf(plainRecords(count)));
    const column = (value: (n: number) => number): number[] => Array.from({ length: count }, (_, n) => value(n));
    expect(error).toBeNull();
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({
      numbers: [
        column((n) => n + 0.25), column((n) => Number(`0.${n + 1}`)), column((n) => 1 + (n % 2)), column((n) => startMs + n),
        column((n) => n), column((n) => startMs + 10 * n), column((n) => n),
      ],
      ids: column((n) => 7_000 + n), rejects: [], nextPosition: count, inexactCount: 0,
      names: Array.from({ length: count }, (_, n) => ['home', symbols[n % 3]]),
    });
    expect(next).toBe(count);
    // The first three show the names, and the end of the last one is judged with the batch's.
    expect(inRuns).toBe(count - 4);
  });

  it('are all read that way in a second batch but the first and the last', () => {
    const reading = new RunReading({}, { inRuns: true, batchTicks: 1_000 });
    reading.read(batchOf(plainRecords(10)), { baseOffset: 0, lastOffset: 9 });
    expect(reading.read(batchOf(plainRecords(500)), { baseOffset: 0, lastOffset: 499 }).inRuns).toBe(498);
  });

  it('are known by all their names once these were met, also where so many were new that reading one by one was quicker', () => {
    const reading = new RunReading({}, { inRuns: true, batchTicks: 5_000 });
    const log = batchOf(recordsOf(Array.from({ length: 2_000 }, (_, n) => plain(n).replace(symbols[n % 3], `S${n}`))));
    const first = reading.read(log, { baseOffset: 0, lastOffset: 1_999 });
    expect(first.inRuns).toBe(0);
    const [second, third] = [1, 2].map(() => reading.read(log, { baseOffset: 0, lastOffset: 1_999 }));
    expect(second.inRuns).toBeGreaterThan(1_000);
    expect(third.inRuns).toBeGreaterThan(1_990);
  });

  it('of batches that were compressed are not taken from the batch before', () => {
    const second = Array.from({ length: 20 }, (_, n) => plain(n + 30));
    const log = Buffer.concat([
      batchOf(plainRecords(20), { codec: 'gzip' }), batchOf(recordsOf(second, 20), { codec: 'gzip' }),
    ]);
    const { batches, inRuns } = read(log);
    expect(batches[0]).toMatchObject({ ids: Array.from({ length: 40 }, (_, n) => 7_000 + (n < 20 ? n : n + 10)) });
    expect(inRuns).toBeGreaterThan(30);
  });

  it('of more bytes than are looked at in one go come whole', () => {
    const padding = 'p'.repeat(3_000);
    const long = Array.from({ length: 100 }, (_, n) => `{"note":"${padding}",${plain(n).slice(1)}`);
    const { batches, inRuns } = read(batchOf(recordsOf(long)));
    expect(batches[0]).toMatchObject({ ids: Array.from({ length: 100 }, (_, n) => 7_000 + n) });
    expect(inRuns).toBeGreaterThan(90); // One by one where a look ends within a record.
  });

  it('have the time of the log where that is of its making', () => {
    const { batches } = read(batchOf(plainRecords(20), { logAppendTime: true }));
    expect(batches[0]).toMatchObject({ numbers: { 5: Array.from({ length: 20 }, () => startMs + 5_000) } });
  });

  it('stay in one batch for less than its span of event time', () => {
    const values = Array.from({ length: 40 }, (_, n) => plain(n).replace(`"ts":${startMs + n}`, `"ts":${startMs + n * 100}`));
    const sizes = read(batchOf(recordsOf(values))).batches.map((batch) => (batch as { ids: number[] }).ids.length);
    expect(sizes).toEqual([9, 9, 9, 9, 4]);
  });

  it('do not overfill a batch', () => {
    const sizes = read(batchOf(plainRecords(50)), { batchTicks: 16 }).batches.map((batch) => (batch as { ids: number[] }).ids.length);
    expect(sizes).toEqual([16, 16, 16, 2]);
  });

  it('leave the last of them where people can look at them', () => {
    const { tail } = read(batchOf(plainRecords(100)));
    const shown = (tail as { offset: number; value: Buffer }[]).map(({ offset, value }) => [offset, String(value)]);
    expect(shown).toEqual(Array.from({ length: 64 }, (_, n) => [36 + n, plain(36 + n)]));
  });

  it('end where an offset does not ascend, with the words that it always has', () => {
    const records = plainRecords(20).map((record, n) => (n === 12 ? { ...record, offset: 11 } : record));
    const { batches, error } = read(batchOf(records));
    expect(error).toContain('has offset 11 after 11 in a batch up to 19');
    expect(batches[0]).toMatchObject({ nextPosition: 12 });
  });

  it.each([
    ['an escape', plain(5).replace('BTC-USDT', 'BTC\\u002dUSDT').replace('ÄÖ', '\\u00c4Ö')],
    ['a price with a leading zero', plain(5).replace('5.25', '05.25')], ['a price of no decimals behind its point', plain(5).replace('5.25', '5.')],
    ['a negative price', plain(5).replace('5.25', '-5.25')], ['an exponent', plain(5).replace('5.25', '525e-2')],
    ['16 digits', plain(5).replace('5.25', '1234567890123456')], ['15 digits', plain(5).replace('5.25', '12345678901234.5')],
    ['an id with a leading zero', plain(5).replace('7005', '07005')], ['a textual id', plain(5).replace('7005', '"a-7"')],
    ['a time of 12 digits', plain(5).replace(`${startMs + 5}`, '176757120012')], ['a time with decimals', plain(5).replace(`${startMs + 5}`, `${startMs}.5`)],
    ['a time beyond belief', plain(5).replace(`${startMs + 5}`, '9999999999999')], ['another order', '{"ts":1767571200128,"price":1,"size":2,"trade_id":5,"symbol":"AAA"}'],
    ['no symbol', plain(5).replace('"symbol":', '"symbal":')], ['a list', `[${plain(5)},${plain(6)}]`], ['an empty list', '[]'],
    ['nothing', ''], ['null', null], ['a cut end', plain(5).slice(0, -1)], ['something behind', `${plain(5)}}`], ['blanks around', ` ${plain(5)}\n `],
    ['a name that is new', plain(5).replace(symbols[2], 'NEW')], ['a name of 33 bytes', plain(5).replace(symbols[2], 'x'.repeat(33))],
    ['a side in capitals', plain(5).replace('sell', 'SELL')], ['a side that is none', plain(5).replace('sell', 'cross')], ['no side', plain(5).replace('sell', '')],
  ])('go on behind one with %s, which is read as ever', (_, odd) => {
    const values = Array.from({ length: 30 }, (_, n) => (n === 15 ? odd : plain(n)));
    const [many, single] = bothWays(values);
    expect({ ...many, inRuns: 0 }).toEqual(single);
    expect(many.inRuns).toBeGreaterThan(20);
  });

  it.each<[string, Values, (n: number) => string]>([
    ['symbols in their keys', { symbol_from: 'key' }, (n) => plain(n).replace(/"symbol":"[^"]*",/, '')],
    ['a symbol that is understood', { symbol: 'USUAL' }, (n) => plain(n).replace(/"symbol":"[^"]*",/, '')],
    ['venues', {}, (n) => plain(n).replace('{', `{"venue":"${['home', 'abroad'][n % 2]}",`)],
    ['times with decimals', {}, (n) => plain(n).replace(`${startMs + n}`, `${startMs + n}.${String(n * 1_117).slice(0, 1 + (n % 5))}`)],
    ['times in µs', { event_time_unit: 'us' }, (n) => plain(n).replace(`${startMs + n}`, `${startMs + n}456`)],
    ['times in ns', { event_time_unit: 'ns' }, (n) => plain(n).replace(`${startMs + n}`, `${startMs + n}456789`)],
    ['numbers as texts', {}, (n) => plain(n).replaceAll(/:(\d[\d.]*)/g, ':"$1"')],
    ['ids that nobody asks for', { ids: 'absent' }, (n) => plain(n).replace(/"trade_id":\d+/, '"trade_id":null,"x":-7.5e-3,"y":true,"z":"zz"')],
    ['fields within', { fields: { event_time: 'd.ts', price: 'd.price', size: 'd.size' } },
      (n) => `{"symbol":"AAA","trade_id":${n},"d":{"ts":${startMs + n},"price":1.5,"size":${n + 1}}}`],
  ])('may have %s', (_, settings, value) => {
    const [many, single] = bothWays(Array.from({ length: 40 }, (_, n) => value(n)), settings);
    expect({ ...many, inRuns: 0 }).toEqual(single);
    expect(single.batches).toHaveLength(1);
    expect(many.inRuns).toBeGreaterThan(30);
  });

  it('are the same ticks as one by one, whatever stands in the log', () => {
    const { records, inRuns } = fuzzRuns(11, 500);
    expect(inRuns / records).toBeGreaterThan(0.1);
  });
});
