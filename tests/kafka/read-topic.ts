import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type EachBatchPayload } from 'kafkajs';
import { decompress, registerCodecs } from '../../src/kafka/codecs.ts';
import type { FetchTap } from '../../src/kafka/fetch-tap.ts';
import { RawMessage, RecordCursor } from '../../src/kafka/record-cursor.ts';
import { eventually } from '../support/eventually.ts';
import { users, type RecordToWrite, type TestKafka, type WrittenRecord } from '../support/kafka.ts';
import { hexed } from './plain-kafkajs.ts';

/** Partition, offset, time, key, value. */
export type Row = readonly [number, string, string, string | null, string | null];

/** The value of the record that ends each partition of a topic of these tests. */
export const lastValue = 'the end';

/** Of each topic of these tests. */
export const partitions = 3;

/** Spread over the partitions, with null keys and values, and headers. */
export function records(count: number, name: string): RecordToWrite[] {
  return Array.from({ length: count }, (_, n) => ({
    partition: n % partitions, timestampMs: 1_700_000_000_000 + n * 7,
    key: n % 3 === 0 ? null : `${name}-${n % 50}`, value: n % 11 === 0 ? null : `${name} ${n} ${'x'.repeat(n % 100)}`,
    headers: n % 5 === 0 ? [['h', String(n)] as const] : [],
  }));
}

/** One more record in each partition. */
export async function produceToAll(kafka: TestKafka, topic: string, key: string, value: string): Promise<void> {
  await kafka.produce(topic, Array.from({ length: partitions }, (_, partition) => ({ partition, key, value })));
}

/** What Kafka's own consumer reads, of what is committed. */
export async function readByJava(kafka: TestKafka, topic: string): Promise<readonly Row[]> {
  const rowOf = ({ partition, offset, timestampMs, key, value }: WrittenRecord): Row =>
    [partition, String(offset), String(timestampMs), hexed(key), hexed(value)];
  return sorted((await kafka.read(topic)).map(rowOf));
}

export interface TopicToRead {
  readonly name: string;
  readonly listener?: 'plain' | 'tls' | 'sasl-tls'; // Plain when not given.
  readonly bytesPerPartition?: number; // Of a Fetch, 20,000 when not given.
}

let groups = 0;

/** What a consumer of kafkajs reads through a tap, in several Fetches a partition. */
export async function readThrough(tap: FetchTap, kafka: TestKafka, topic: TopicToRead): Promise<readonly Row[]> {
  registerCodecs();
  const reader = new TopicReader(tap);
  const listener = topic.listener ?? 'plain';
  const client = new Kafka({
    brokers: kafka.addresses(listener), logLevel: logLevel.NOTHING, socketFactory: tap.socketFactory,
    ...(listener === 'plain' ? {} : { ssl: { ca: readFileSync(kafka.certificates!.ca, 'utf8') } }),
    ...(listener === 'sasl-tls' ? { sasl: { mechanism: 'scram-sha-256', username: 'mdp', password: users.mdp } } : {}),
  });
  const consumer = client.consumer({
    groupId: `readers-${++groups}`, maxWaitTimeInMs: 20, maxBytesPerPartition: topic.bytesPerPartition ?? 20_000,
    sessionTimeout: 6_000, rebalanceTimeout: 6_000, heartbeatInterval: 500, // So long a join may wait for who is lost.
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic: topic.name, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: (payload) => Promise.resolve(reader.read(payload)) });
    await eventually(() => reader.ended === partitions, 60_000);
  } finally {
    await consumer.disconnect();
  }
  return sorted(reader.rows);
}

class TopicReader {
  readonly rows: Row[] = [];
  ended = 0; // Partitions.
  readonly #tap: FetchTap;
  readonly #cursor = new RecordCursor(decompress);
  readonly #message = new RawMessage();
  readonly #next = new Map<number, number>(); // By partition.

  constructor(tap: FetchTap) {
    this.#tap = tap;
  }

  read(payload: EachBatchPayload): void {
    const { batch } = payload;
    for (const fetched of batch.messages) {
      const raw = this.#tap.batchOf(fetched);
      if (raw === null) this.#add(batch.partition, fetched.offset, fetched.timestamp, fetched.key, fetched.value);
      else for (this.#cursor.open(raw); this.#cursor.next(this.#message);) this.#addRaw(batch.partition);
      this.#next.set(batch.partition, Math.max(Number(fetched.offset) + 1, this.#next.get(batch.partition) ?? 0));
    }
    payload.resolveOffset(batch.lastOffset());
  }

  #addRaw(partition: number): void {
    const { bytes, offset, timestampMs, keyStart, keyEnd, valueStart, valueEnd } = this.#message;
    const key = keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd);
    const value = valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd);
    this.#add(partition, String(offset), String(timestampMs), key, value);
  }

  #add(...[partition, offset, timestamp, key, value]: [number, string, string, Buffer | null, Buffer | null]): void {
    // A run may begin before what was asked for; and whoever joins the group anew begins anew, for nothing is committed.
    if (Number(offset) < (this.#next.get(partition) ?? 0)) return;
    this.rows.push([partition, offset, timestamp, hexed(key), hexed(value)]);
    if (String(value) === lastValue) this.ended++;
  }
}

function sorted(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => a[0] - b[0] || Number(a[1]) - Number(b[1]));
}
