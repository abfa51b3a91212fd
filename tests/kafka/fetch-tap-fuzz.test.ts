import { describe, expect, it } from 'vitest';
import { FetchTap, type TappedConnection } from '../../src/kafka/fetch-tap.ts';
import { rewriteFetchResponse } from '../../src/kafka/fetch-response.ts';
import { RawBatch, ResponseBuffer, type BatchRun } from '../../src/kafka/record-batch.ts';
import { RawMessage, RecordCursor, type RecordHeader } from '../../src/kafka/record-cursor.ts';
import { SeededRandom, seedOfRun } from '../support/faults/random.ts';
import type { WireRecord } from '../support/kafka-bytes.ts';
import {
  batchesOf, decompress, hexed, plain, type KafkajsBatch, type KafkajsMessage, type PlainMessage,
} from './plain-kafkajs.ts';
import { randomExchange, type Exchange } from './random-exchange.ts';

/** MDP_RUNS asks for more conversations with a broker, MDP_SEED for those of an earlier run. */
const conversations = Number(process.env['MDP_RUNS'] ?? 150);
const seed = seedOfRun();

describe(`tapped connections and plain ones, ${conversations} random conversations, seed ${seed}`, () => {
  it('give the same messages, and bytes that are not understood as they came', async () => {
    const seen = { tapped: 0, records: 0, passed: 0, strange: 0, overlapping: 0 };
    for (let number = 0; number < conversations; number++) {
      const random = new SeededRandom(seed + number);
      const tap = new FetchTap();
      const brokers = ['a:9092', 'b:9092'].map((address) => (
        new Conversation(random, `seed ${seed + number}, ${address}`, { tap, address, seen })));
      for (let turns = random.between(1, 5); turns > 0; turns--) {
        await random.pick(brokers).turn();
        for (const broker of brokers) broker.expectReadable();
      }
    }
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
  });

  it('part ways at damaged bytes by a refusal with a name, and no other error', () => {
    const outcomes = { read: 0, refused: 0, left: 0 };
    for (let number = 0; number < conversations * 5; number++) {
      const random = new SeededRandom(seed - 1 - number);
      const exchange = randomExchange(random, 1);
      const frame = Buffer.from(exchange.answer);
      for (let times = random.between(1, 3); times > 0; times--) {
        frame[random.between(8, frame.length - 1)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.between(0, 255)]);
      }
      outcomes[readDamaged(frame, exchange.version, `seed ${seed - 1 - number}`)]++;
    }
    for (const [what, times] of Object.entries(outcomes)) expect(times, what).toBeGreaterThan(0);
  });
});

/** Whatever the tap makes of it, and a cursor of that. */
function readDamaged(frame: Buffer, version: number, name: string): 'read' | 'refused' | 'left' {
  const buffer = new ResponseBuffer(frame.length);
  frame.copy(buffer.bytes);
  const kept: RawBatch[] = [];
  const rewriting = { keep: (run: BatchRun) => kept.push(new RawBatch(buffer, run)), leave: () => {} };
  const rewritten = rewriteFetchResponse(buffer.bytes, version, rewriting);
  const cursor = new RecordCursor(decompress);
  const record = new RawMessage();
  try {
    for (const raw of kept) {
      cursor.open(raw);
      for (let offset = -1; cursor.next(record); offset = record.offset) expect(record.offset, name).toBeGreaterThan(offset);
    }
    return rewritten === null ? 'left' : 'read';
  } catch (error) {
    expect(error, name).toMatchObject({ code: 'source-malformed' });
    return 'refused';
  }
}

interface Ground {
  readonly tap: FetchTap;
  readonly address: string;
  readonly seen: Record<string, number>;
}

/** With one broker, over one connection. */
class Conversation {
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #seen: Record<string, number>;
  readonly #tap: FetchTap;
  readonly #passed: Buffer[] = [];
  readonly #connection: TappedConnection;
  readonly #cursor = new RecordCursor(decompress);
  readonly #tickets: { readonly ticket: KafkajsMessage; readonly messages: readonly PlainMessage[] }[] = [];
  #nextId: number;

  constructor(random: SeededRandom, name: string, { tap, address, seen }: Ground) {
    this.#random = random;
    this.#name = name;
    this.#tap = tap;
    this.#seen = seen;
    this.#nextId = random.pick([0, 5, 2 ** 31 - 5]);
    this.#connection = this.#tap.open(address, (bytes) => this.#passed.push(bytes));
  }

  async turn(): Promise<void> {
    // Two at once: the answer to a request that has timed out, and that to the next.
    const length = this.#random.pick([1, 1, 2]);
    const exchanges = Array.from({ length }, () => randomExchange(this.#random, this.#nextId++ % 2 ** 31));
    for (const { request } of exchanges) this.#connection.request(request);
    if (exchanges.some(({ kind }) => kind !== 'other')) this.#expectStale();
    this.#send(Buffer.concat(exchanges.map(({ answer }) => answer)));
    const frames = framesOf(Buffer.concat(this.#passed.splice(0)));
    expect(frames.length, this.#name).toBe(exchanges.length);
    for (const [index, exchange] of exchanges.entries()) await this.#compare(exchange, frames[index]);
  }

  /** Until this broker is asked again, whatever others are asked. */
  expectReadable(): void {
    for (const { ticket, messages } of this.#tickets) {
      expect(this.#read(this.#tap.batchOf(ticket)!), this.#name).toEqual(messages);
    }
  }

  /** Cut anywhere; the bytes of a chunk are another's afterwards, as in a socket. */
  #send(bytes: Buffer): void {
    const chunkBytesMax = this.#random.pick([1, 3, 9, 100, 5_000, 1e9]);
    for (let at = 0; at < bytes.length;) {
      const chunk = Buffer.from(bytes.subarray(at, at + this.#random.between(1, chunkBytesMax)));
      at += chunk.length;
      this.#connection.receive(chunk);
      chunk.fill(0xee);
    }
  }

  async #compare(exchange: Exchange, given: Buffer): Promise<void> {
    if (exchange.kind !== 'fetch') {
      expect(given.equals(exchange.answer), `${this.#name}: ${exchange.kind}`).toBe(true);
      this.#seen['passed']++;
      return;
    }
    const fetchedOffset = (topic: string, partition: number): number =>
      exchange.partitions.get(`${topic}/${partition}`)!.fetchedOffset;
    const ours = await batchesOf(given, exchange.version, fetchedOffset).catch(String);
    const theirs = await batchesOf(exchange.answer, exchange.version, fetchedOffset).catch(String);
    if (typeof ours === 'string' || typeof theirs === 'string') {
      expect(ours, this.#name).toEqual(theirs); // kafkajs cannot read it: neither with the tap.
      return;
    }
    expect(ours.error, this.#name).toBe(theirs.error);
    expect(ours.batches.length, this.#name).toBe(theirs.batches.length);
    for (const [index, batch] of ours.batches.entries()) this.#compareBatch(exchange, batch, theirs.batches[index]);
  }

  #compareBatch(exchange: Exchange, ours: KafkajsBatch, theirs: KafkajsBatch): void {
    const name = `${this.#name}: ${theirs.topic}/${theirs.partition} from ${theirs.fetchedOffset}`;
    const partition = exchange.partitions.get(`${theirs.topic}/${theirs.partition}`)!;
    const messages = ours.messages.flatMap((message) => this.#expand(message, partition.fetchedOffset));
    if (partition.isEasy) expect(messages, name).toEqual(theirs.messages.map(plain));
    else this.#seen['overlapping']++;
    if (partition.lastOffset === null) {
      if (theirs.messages.length > 0) this.#seen['strange']++;
      return;
    }
    expect(messages, name).toEqual(partition.wanted.map(plainOf));
    expect(ours.lastOffset(), `${name}: where it goes on`).toBe(String(partition.lastOffset));
  }

  #expand(ticket: KafkajsMessage, from: number): readonly PlainMessage[] {
    const raw = this.#tap.batchOf(ticket);
    if (raw === null) return [plain(ticket)];
    const messages = this.#read(raw);
    this.#tickets.push({ ticket, messages });
    expect(messages.length).toBe(raw.count);
    this.#seen['tapped']++;
    this.#seen['records'] += raw.count;
    return messages.filter(({ offset }) => Number(offset) >= from);
  }

  #read(raw: RawBatch): readonly PlainMessage[] {
    const read: PlainMessage[] = [];
    const record = new RawMessage();
    for (this.#cursor.open(raw); this.#cursor.next(record);) read.push(plainOfRaw(record, this.#cursor.headers()));
    return read;
  }

  /** What was given out before the last request is refused now. */
  #expectStale(): void {
    for (const { ticket } of this.#tickets.splice(0)) {
      expect(() => this.#tap.batchOf(ticket), this.#name).toThrow(expect.objectContaining({ code: 'source-failed' }));
    }
  }
}

function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function plainOfRaw(record: RawMessage, headers: readonly RecordHeader[]): PlainMessage {
  const part = (start: number, end: number): string | null => start < 0 ? null : hexed(record.bytes.subarray(start, end));
  return {
    offset: String(record.offset), timestamp: String(record.timestampMs),
    key: part(record.keyStart, record.keyEnd), value: part(record.valueStart, record.valueEnd),
    headers: headersOf(headers.map(({ key, value }) => [key, value])),
  };
}

function plainOf(record: WireRecord): PlainMessage {
  return {
    offset: String(record.offset), timestamp: String(record.timestampMs), key: hexed(record.key), value: hexed(record.value),
    headers: headersOf(record.headers),
  };
}

function headersOf(headers: WireRecord['headers']): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, value] of headers) {
    const known = result[key];
    result[key] = known === undefined ? hexed(value) : [...(Array.isArray(known) ? known : [known]), hexed(value)];
  }
  return result;
}
