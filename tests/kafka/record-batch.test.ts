import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { RawBatch } from '../../src/kafka/record-batch.ts';
import { RawMessage, RecordCursor } from '../../src/kafka/record-cursor.ts';
import { SeededRandom, seedOfRun } from '../support/faults/random.ts';
import type { WireBatch, WireRecord } from '../support/kafka-bytes.ts';
import { rawBatch, type Damage } from '../support/raw-batch.ts';
import { decompress } from './plain-kafkajs.ts';
import { randomBatch } from './random-log.ts';

const seed = seedOfRun();

function record(offset: number, value: string | null, more: Partial<WireRecord> = {}): WireRecord {
  return { offset, timestampMs: 1_000, key: null, value: value === null ? null : Buffer.from(value), headers: [], ...more };
}

function batchOf(records: readonly WireRecord[], more: Partial<WireBatch> = {}): WireBatch {
  return { baseOffset: 100, lastOffset: 120, baseTimestampMs: 1_000, maxTimestampMs: 9_000, records, ...more };
}

function readAll(raw: RawBatch): { offset: number; timestampMs: number; key: string | null; value: string | null }[] {
  const cursor = new RecordCursor(decompress);
  const message = new RawMessage();
  const text = (start: number, end: number): string | null =>
    start < 0 ? null : message.bytes.toString('latin1', start, end);
  const read = [];
  for (cursor.open(raw); cursor.next(message);) {
    const { offset, timestampMs, keyStart, keyEnd, valueStart, valueEnd } = message;
    read.push({ offset, timestampMs, key: text(keyStart, keyEnd), value: text(valueStart, valueEnd) });
  }
  return read;
}

describe('a record cursor', () => {
  it('gives keys and values, null or empty, offsets and times', () => {
    const { raw } = rawBatch([batchOf([
      record(100, 'a', { key: Buffer.from('k'), timestampMs: 1_001 }),
      record(101, null, { key: Buffer.alloc(0) }),
      record(119, '', { timestampMs: 900 }),
      record(120, 'z'.repeat(70), { timestampMs: 1_000 + 2 ** 40 }),
    ])]);
    expect(readAll(raw)).toEqual([
      { offset: 100, timestampMs: 1_001, key: 'k', value: 'a' },
      { offset: 101, timestampMs: 1_000, key: '', value: null },
      { offset: 119, timestampMs: 900, key: null, value: '' },
      { offset: 120, timestampMs: 1_000 + 2 ** 40, key: null, value: 'z'.repeat(70) },
    ]);
  });

  it('goes through batches side by side: compressed, emptied by compaction, or with the time of the log', () => {
    const { raw } = rawBatch([
      batchOf([record(100, 'a')]),
      batchOf([], { baseOffset: 121, lastOffset: 130 }),
      batchOf([], { baseOffset: 131, lastOffset: 131, codec: 'gzip' }),
      batchOf([record(140, 'b'), record(141, 'c')], { baseOffset: 140, lastOffset: 150, codec: 'gzip' }),
      batchOf([record(2 ** 40, 'd')], { baseOffset: 2 ** 40, lastOffset: 2 ** 40, codec: 'zstd', logAppendTime: true }),
    ]);
    expect(readAll(raw).map(({ offset, timestampMs, value }) => [offset, timestampMs, value])).toEqual([
      [100, 1_000, 'a'], [140, 1_000, 'b'], [141, 1_000, 'c'], [2 ** 40, 9_000, 'd'],
    ]);
  });

  it('gives the headers of the record that was read last, as copies', () => {
    const { raw, buffer } = rawBatch([batchOf([
      record(100, 'a', { headers: [['h', Buffer.from('1')], ['h', null], ['käse', Buffer.alloc(0)]] }), record(101, 'b'),
    ])]);
    const cursor = new RecordCursor(decompress);
    const message = new RawMessage();
    cursor.open(raw);
    expect(cursor.headers()).toEqual([]);
    cursor.next(message);
    const headers = cursor.headers();
    expect(cursor.headers()).toEqual(headers);
    cursor.next(message);
    expect(message.offset).toBe(101);
    expect(cursor.headers()).toEqual([]);
    buffer.bytes.fill(0);
    expect(headers).toEqual([
      { key: 'h', value: Buffer.from('1') }, { key: 'h', value: null }, { key: 'käse', value: Buffer.alloc(0) },
    ]);
  });

  it('refuses a batch, and to go on in one, whose memory is used again', () => {
    const { raw, buffer } = rawBatch([batchOf([record(100, 'a'), record(101, 'b')])]);
    const cursor = new RecordCursor(decompress);
    const message = new RawMessage();
    cursor.open(raw);
    cursor.next(message);
    buffer.generation++;
    const stale = expect.objectContaining({ code: 'source-failed', message: expect.stringContaining('offset 100') });
    expect(() => cursor.next(message)).toThrow(stale);
    expect(() => cursor.headers()).toThrow(stale);
    expect(() => raw.bytes).toThrow(stale);
    cursor.open(raw);
    expect(() => cursor.next(message)).toThrow(stale);
  });
});

/** Places in the first record of a batch that stands alone. */
const firstRecord = 61;
function malformed(words: string): Error {
  return expect.objectContaining({ code: 'source-malformed', message: expect.stringContaining(words) }) as Error;
}

const faults: readonly (readonly [string, Damage, string])[] = [
  ['a record longer than its batch', (bytes) => { bytes[firstRecord] = 126; }, 'where'],
  ['a record of a negative length', (bytes) => { bytes[firstRecord] = 1; }, 'where'],
  ['a key longer than its record', (bytes) => { bytes[firstRecord + 4] = 60; }, 'has a key of 30'],
  ['a key of length -2', (bytes) => { bytes[firstRecord + 4] = 3; }, 'has a key of -2'],
  ['a value longer than its record', (bytes) => { bytes[firstRecord + 5] = 62; }, 'a value of 31'],
  ['a value that leaves no room for headers', (bytes) => { bytes[firstRecord + 5] = 6; }, 'a value of 3'],
  ['an offset below its batch', (bytes) => { bytes[firstRecord + 3] = 1; }, 'has offset 99'],
  ['an offset beyond its batch', (bytes) => { bytes[firstRecord + 3] = 42; }, 'has offset 121'],
  ['an offset that does not ascend', (bytes) => { bytes[firstRecord + 9 + 3] = 0; }, 'has offset 100 after 100'],
  ['a number of more than 32 bits', (bytes) => { bytes.fill(0xff, firstRecord, firstRecord + 7); }, 'more than 32 bits'],
  ['a time that is no time', (bytes) => { bytes.fill(0xff, firstRecord + 2, firstRecord + 14); }, 'no time'],
  ['fewer records than bytes', (bytes) => { bytes[60] = 1; }, 'bytes follow'],
  ['more records than bytes', (bytes) => { bytes[60] = 9; }, 'where'],
];

describe('a damaged batch', () => {
  it.each(faults)('is refused for %s', (_, damage, words) => {
    const { raw } = rawBatch([batchOf([record(100, 'ab'), record(101, 'cd')])], damage);
    expect(() => readAll(raw)).toThrow(malformed(words));
  });

  it('is refused when it cannot be decompressed, with the number of the codec', () => {
    const { raw } = rawBatch([batchOf([record(100, 'ab')], { codec: 'gzip' })], (bytes) => { bytes[firstRecord] = 0; });
    expect(() => readAll(raw)).toThrow(malformed('codec 1'));
  });

  it('is refused for headers that do not fit', () => {
    const one = record(100, 'ab', { headers: [['h', Buffer.from('1')]] });
    for (const place of [firstRecord + 8, firstRecord + 9, firstRecord + 11]) {
      const { raw } = rawBatch([batchOf([one])], (bytes) => { bytes[place] = 0x7e; });
      const cursor = new RecordCursor(decompress);
      cursor.open(raw);
      cursor.next(new RawMessage());
      expect(() => cursor.headers()).toThrow(malformed('header'));
    }
  });

  it(`gives records that stand in it, or is refused, whatever byte of it is another (seed ${seed})`, () => {
    const refused = { times: 0 };
    for (let number = 0; number < 5_000; number++) {
      const random = new SeededRandom(seed + number);
      const batch = { ...randomBatch(random, 100, -1), codec: 'none' as const };
      // Not the header: that is the tap's to understand.
      const { raw } = rawBatch([batch], (bytes) => {
        if (bytes.length > firstRecord) bytes[random.between(firstRecord, bytes.length - 1)] = random.between(0, 255);
      });
      try {
        const offsets = readAll(raw).map(({ offset }) => offset);
        expect(offsets.length, `seed ${seed + number}`).toBe(batch.records.length);
        const ascend = offsets.every((offset, index) => offset > (offsets[index - 1] ?? 99) && offset <= batch.lastOffset);
        expect(ascend, `seed ${seed + number}`).toBe(true);
      } catch (error) {
        if (!(error instanceof MdpError)) throw error;
        refused.times++;
      }
    }
    expect(refused.times).toBeGreaterThan(100);
  });
});
