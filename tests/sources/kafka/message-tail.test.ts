import { describe, expect, it } from 'vitest';
import { decompress } from '../../../src/kafka/codecs.ts';
import { RawMessage, RecordCursor } from '../../../src/kafka/record-cursor.ts';
import { MessageTail, placesMax } from '../../../src/sources/kafka/message-tail.ts';
import type { WireBatch } from '../../support/kafka-bytes.ts';
import { rawBatch } from '../../support/raw-batch.ts';

const limits = { messagesMax: 50, bytesMax: 8 };

/** Reads records that stand side by side in one piece of memory, as those of a Fetch do. */
function read(tail: MessageTail, bytes: Buffer, records: readonly { offset: number; key: string | null; value: string | null }[]): void {
  const message = new RawMessage();
  let at = 0;
  const place = (text: string | null): [number, number] => {
    if (text === null) return [-1, -1];
    const start = at;
    at += bytes.write(text, at);
    return [start, at];
  };
  for (const { offset, key, value } of records) {
    message.bytes = bytes;
    [message.keyStart, message.keyEnd] = place(key);
    [message.valueStart, message.valueEnd] = place(value);
    message.offset = offset;
    message.timestampMs = offset * 10;
    tail.add(message);
  }
}

const records = (from: number, until: number): { offset: number; key: string; value: string }[] =>
  Array.from({ length: until - from }, (_, index) => ({ offset: from + index, key: `k${from + index}`, value: `v${from + index}` }));

describe('the tail of what was read', () => {
  it('is copied: what becomes of the memory of the Fetch does not matter', () => {
    const tail = new MessageTail();
    const bytes = Buffer.alloc(10_000);
    read(tail, bytes, records(0, 3));
    const copies = tail.copies(7, limits);
    bytes.fill(0);
    expect(copies.map(({ partition, offset, timestampMs, key, value }) => [partition, offset, timestampMs, String(key), String(value)]))
      .toEqual([[7, 0, 0, 'k0', 'v0'], [7, 1, 10, 'k1', 'v1'], [7, 2, 20, 'k2', 'v2']]);
  });

  it.each([1, 49, 50, 51, 63, 64, 65, 200])('is the last ones, once each, of %i messages', (count) => {
    const tail = new MessageTail();
    read(tail, Buffer.alloc(10_000), records(0, count));
    const expected = records(Math.max(0, count - 50), count).map(({ offset }) => offset);
    expect(tail.copies(0, limits).map(({ offset }) => offset)).toEqual(expected);
    expect(tail.copies(0, limits)).toEqual([]);
    read(tail, Buffer.alloc(10_000), records(count, count + 2));
    expect(tail.copies(0, limits).map(({ offset }) => offset)).toEqual([count, count + 1]);
    expect(tail.count).toBe(count + 2);
    expect(tail.last.offset).toBe(count + 1);
  });

  it('knows null from empty, and cuts what is long', () => {
    const tail = new MessageTail();
    read(tail, Buffer.alloc(100), [{ offset: 1, key: null, value: '' }, { offset: 2, key: '0123456789', value: null }]);
    const [first, second] = tail.copies(0, limits);
    expect([first.key, first.value?.length, first.valueBytes]).toEqual([null, 0, 0]);
    expect([String(second.key), second.keyBytes, second.value]).toEqual(['01234567', 10, null]);
  });

  it.each([1, 7, 40, 200])('is still there of batches that were compressed, %i messages each, and gone when they are', (each) => {
    const wire = (some: readonly { offset: number; key: string; value: string }[]): WireBatch => ({
      baseOffset: some[0].offset, lastOffset: some.at(-1)!.offset, baseTimestampMs: 0, maxTimestampMs: 0, codec: 'zstd',
      records: some.map(({ offset, key, value }) => ({ offset, timestampMs: 0, key: Buffer.from(key), value: Buffer.from(value), headers: [] })),
    });
    const all = records(0, 200);
    const whole = Array.from({ length: Math.ceil(200 / each) }, (_, batch) => wire(all.slice(batch * each, (batch + 1) * each)));
    const broken = { ...wire([{ offset: 300, key: '', value: 'of another batch' }]), baseOffset: 200, lastOffset: 200 };
    const cursor = new RecordCursor(decompress, placesMax);
    cursor.open(rawBatch([...whole, broken]).raw);
    const tail = new MessageTail();
    const message = new RawMessage();
    expect(() => { while (cursor.next(message)) tail.add(message); }).toThrow(/has offset 300/);
    expect(tail.copies(0, { messagesMax: 64, bytesMax: 8 }).map(({ key, value }) => `${String(key)} ${String(value)}`))
      .toEqual(records(136, 200).map(({ key, value }) => `${key} ${value}`));
    cursor.inflated.free();
    expect(tail.last.bytes.length).toBe(0);
  });

  it('keeps nothing of a Fetch that is over', () => {
    const tail = new MessageTail();
    read(tail, Buffer.alloc(1_000), records(0, 5));
    tail.letGo();
    expect(tail.copies(0, limits)).toEqual([]);
    expect(tail.last.bytes.length).toBe(0);
  });
});
