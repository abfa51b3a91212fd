import { describe, expect, it } from 'vitest';
import { FetchTap, type TappedConnection } from '../../src/kafka/fetch-tap.ts';
import { RawMessage, RecordCursor } from '../../src/kafka/record-cursor.ts';
import { encodeFetchRequest, encodeFetchResponse, encodeMarker, frame } from '../support/kafka-bytes.ts';
import { answer, batch, fetchRequest, messagesIn, valuesOf, version } from './answers.ts';
import { batchesOf, decompress, type KafkajsMessage } from './plain-kafkajs.ts';

/** What kafkajs would hand to `eachBatch`, with the values behind each message. */
class Reader {
  readonly tap = new FetchTap();
  readonly #passed: Buffer[] = [];

  connect(address = 'a:1'): TappedConnection {
    return this.tap.open(address, (bytes) => this.#passed.push(bytes));
  }

  takePassed(): Buffer {
    return Buffer.concat(this.#passed.splice(0));
  }

  /** Asks and is answered. */
  async fetch(connection: TappedConnection, id: number, answered: Buffer): Promise<readonly KafkajsMessage[]> {
    connection.request(fetchRequest(id));
    connection.receive(answered);
    return messagesIn(this.takePassed());
  }

  values(messages: readonly KafkajsMessage[]): string[][] {
    return messages.map((message) => valuesOf(this.tap.batchOf(message)!));
  }
}

const stale = expect.objectContaining({ code: 'source-failed' }) as Error;

describe('a ticket', () => {
  it('stands at the last offset of batches that stand side by side, and gives their bytes', async () => {
    const reader = new Reader();
    const records = Buffer.concat([batch(10, ['a', 'b']), batch(12, ['c'])]);
    const messages = await reader.fetch(reader.connect(), 1, answer(1, records));
    expect(messages.map(({ offset }) => offset)).toEqual(['12']);
    const raw = reader.tap.batchOf(messages[0])!;
    expect(raw).toMatchObject({ baseOffset: 10, lastOffset: 12, count: 3, batches: 2, maxTimestampMs: 2_000 });
    expect(valuesOf(raw)).toEqual(['a', 'b', 'c']);
    expect(reader.tap.counts).toEqual({ responses: 1, batches: 2, passedThrough: 0 });
  });

  it('is read until its broker is asked again, and refused from then on', async () => {
    const reader = new Reader();
    const connection = reader.connect();
    const messages = await reader.fetch(connection, 1, answer(1, batch(10, ['a', 'b'])));
    const raw = reader.tap.batchOf(messages[0])!;
    const cursor = new RecordCursor(decompress);
    const message = new RawMessage();
    cursor.open(raw);
    cursor.next(message);
    connection.request(fetchRequest(2));
    expect(() => reader.tap.batchOf(messages[0])).toThrow(stale);
    expect(() => raw.bytes).toThrow(stale);
    expect(() => cursor.next(message)).toThrow(stale);
  });

  it('outlives the asking of another broker, and what is asked of its own beside Fetch', async () => {
    const reader = new Reader();
    const [one, two] = [reader.connect('a:1'), reader.connect('b:1')];
    const ofOne = await reader.fetch(one, 1, answer(1, batch(10, ['a'])));
    const ofTwo = await reader.fetch(two, 1, answer(1, batch(10, ['b'])));
    one.request(encodeFetchRequest({ version: 4, correlationId: 2, apiKey: 12 }));
    expect(reader.values([...ofOne, ...ofTwo])).toEqual([['a'], ['b']]);
    two.request(fetchRequest(2));
    expect(reader.values(ofOne)).toEqual([['a']]);
    expect(() => reader.values(ofTwo)).toThrow(stale);
  });

  it('outlives its connection, until the same broker is asked over another one', async () => {
    const reader = new Reader();
    const first = reader.connect('a:1');
    const messages = await reader.fetch(first, 1, answer(1, batch(10, ['a'])));
    first.close();
    const second = reader.connect('a:1');
    expect(reader.values(messages)).toEqual([['a']]);
    second.request(fetchRequest(1));
    expect(() => reader.values(messages)).toThrow(stale);
  });

  it('of an answer that comes late does not disturb that of the next request', async () => {
    const reader = new Reader();
    const connection = reader.connect();
    connection.request(fetchRequest(1));
    connection.request(fetchRequest(2));
    connection.receive(answer(1, batch(10, ['late'])));
    const late = await messagesIn(reader.takePassed());
    connection.receive(answer(2, batch(10, ['a'])));
    const messages = await messagesIn(reader.takePassed());
    expect(reader.values([...late, ...messages])).toEqual([['late'], ['a']]);
  });

  it('is never found in an ordinary value', () => {
    const { tap } = new Reader();
    for (const value of [null, Buffer.alloc(0), Buffer.alloc(16), Buffer.alloc(16, 0xff)]) {
      expect(tap.batchOf({ value })).toBeNull();
    }
  });
});

describe('transactions', () => {
  it('that overlap are told apart: what was aborted is not seen, what was committed is', async () => {
    const reader = new Reader();
    const records = Buffer.concat([
      batch(10, ['aborted'], { producerId: 1 }), batch(11, ['also aborted'], { producerId: 2 }),
      batch(12, ['committed'], { producerId: 3 }),
      encodeMarker({ offset: 13, producerId: 2, kind: 'abort' }), batch(14, ['aborted too'], { producerId: 1 }),
      encodeMarker({ offset: 15, producerId: 1, kind: 'abort' }), batch(16, ['committed after'], { producerId: 1 }),
      encodeMarker({ offset: 17, producerId: 1, kind: 'commit' }),
      encodeMarker({ offset: 18, producerId: 3, kind: 'commit' }),
    ]);
    // Brokers list them in the order in which they ended.
    const aborted = [{ producerId: 2, firstOffset: 11 }, { producerId: 1, firstOffset: 10 }];
    const messages = await reader.fetch(reader.connect(), 1, answer(1, records, { aborted }));
    expect(reader.values(messages)).toEqual([['committed'], ['committed after']]);
  });

  it('of which nothing is to be seen bring the reader past them', async () => {
    const reader = new Reader();
    const marker = encodeMarker({ offset: 11, producerId: 1, kind: 'abort' });
    const records = Buffer.concat([batch(10, ['a'], { producerId: 1 }), marker]);
    const connection = reader.connect();
    connection.request(fetchRequest(1));
    connection.receive(answer(1, records, { aborted: [{ producerId: 1, firstOffset: 10 }] }));
    const [read] = (await batchesOf(reader.takePassed(), version, () => 10)).batches;
    expect(read.isEmpty()).toBe(true);
    expect(read.lastOffset()).toBe('11');
  });

  it('are left to kafkajs with their list where a batch beside them is not understood', async () => {
    const reader = new Reader();
    const records = Buffer.concat([
      batch(10, ['aborted'], { producerId: 1 }), encodeMarker({ offset: 11, producerId: 1, kind: 'abort' }),
      batch(12, ['b'], { attributes: 0x100 }),
    ]);
    const answered = answer(1, records, { aborted: [{ producerId: 1, firstOffset: 10 }] });
    const connection = reader.connect();
    connection.request(fetchRequest(1));
    connection.receive(answered);
    const passed = reader.takePassed();
    expect(passed.equals(answered)).toBe(true);
    expect((await messagesIn(passed)).map(({ value }) => String(value))).toEqual(['b']);
    expect(reader.tap.counts).toEqual({ responses: 1, batches: 0, passedThrough: 1 });
  });
});

describe('records that are not understood', () => {
  it.each<readonly [string, Buffer]>([
    ['a batch of an unknown flag', batch(12, ['b'], { attributes: 0x80 })],
    ['a batch that does not stand behind the one before it', batch(11, ['b'])],
    ['a batch that is too short for its head', Buffer.concat([Buffer.alloc(11), Buffer.from([20]), Buffer.alloc(60)])],
  ])('are left to kafkajs with those of their partition, and no others: %s', (_, strange) => {
    const reader = new Reader();
    const connection = reader.connect();
    const partitions = [Buffer.concat([batch(10, ['a', 'a']), strange]), batch(20, ['c'])].map((records, partition) => (
      { partition, highWatermark: 100, records }));
    const answered = encodeFetchResponse({ version, correlationId: 1, topics: [{ name: 'ticks', partitions }] });
    connection.request(fetchRequest(1));
    connection.receive(answered);
    const passed = reader.takePassed();
    expect(passed.includes(partitions[0].records)).toBe(true);
    expect(passed.includes(partitions[1].records)).toBe(false);
    expect(reader.tap.counts).toEqual({ responses: 1, batches: 1, passedThrough: 1 });
  });
});

describe('bytes that are not answers to Fetch', () => {
  it.each<readonly [string, readonly Buffer[]]>([
    ['answers to other requests', [frame(8, Buffer.from('metadata')), frame(9, Buffer.alloc(0))]],
    ['an empty answer to a raw SASL message, before another answer', [Buffer.alloc(4), frame(8, Buffer.from('x'))]],
    ['a frame too short for an id', [Buffer.from([0, 0, 0, 2, 7, 7]), frame(8, Buffer.from('x'))]],
    ['a frame of a negative size, and whatever follows', [Buffer.from([0xff, 0, 0, 0, 1, 2]), answer(1, batch(1, ['a']))]],
    ['an answer to a Fetch of more than 64 MiB', [Buffer.from([0x04, 0, 0, 0x10, 0, 0, 0, 1, 5, 5, 5])]],
  ])('pass: %s', (_, sent) => {
    for (const chunkBytes of [1, 3, 1_000]) {
      const reader = new Reader();
      const connection = reader.connect();
      connection.request(fetchRequest(1));
      const bytes = Buffer.concat(sent);
      for (let at = 0; at < bytes.length; at += chunkBytes) connection.receive(bytes.subarray(at, at + chunkBytes));
      expect(reader.takePassed().equals(bytes)).toBe(true);
    }
  });

  it('leave the answer to a Fetch that follows them to be read', async () => {
    const reader = new Reader();
    const connection = reader.connect();
    connection.request(fetchRequest(1));
    connection.receive(Buffer.concat([Buffer.alloc(4), frame(9, Buffer.from('other')), answer(1, batch(1, ['a']))]));
    const passed = reader.takePassed();
    expect(reader.values(await messagesIn(passed.subarray(4 + 13)))).toEqual([['a']]);
  });
});

describe('the memory for answers', () => {
  it('is the same for answers of about the same size, and not that of one large answer for ever', async () => {
    const reader = new Reader();
    const connection = reader.connect();
    const usual = batch(10, Array.from({ length: 100 }, () => 'x'.repeat(10_000)));
    const held: number[] = [];
    for (let id = 1; id <= 60; id++) {
      const records = id === 10 ? batch(10, ['x'.repeat(20_000_000)]) : usual;
      const [message] = await reader.fetch(connection, id, answer(id, records));
      held.push(reader.tap.batchOf(message)!.bytes.length);
    }
    expect(new Set(held.slice(0, 9)).size).toBe(1);
    expect(held[9]).toBeGreaterThan(20_000_000);
    expect(held[59]).toBe(held[0]);
  });
});
