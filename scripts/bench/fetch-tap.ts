/**
 * Fetch answers from the chunks of a socket to every record's key, value, time and offset: through the tap and a cursor,
 * and by kafkajs's own decoder from the same bytes. No broker, no socket: `node scripts/bench/fetch-tap.ts` prints it.
 */
import { decompress } from '../../src/kafka/codecs.ts';
import { FetchTap } from '../../src/kafka/fetch-tap.ts';
import { RawMessage, RecordCursor } from '../../src/kafka/record-cursor.ts';
import { encodeBatch, encodeFetchRequest, encodeFetchResponse, type WireBatch } from '../../tests/support/kafka-bytes.ts';
import { batchesOf, type KafkajsBatch } from '../../tests/kafka/plain-kafkajs.ts';
import type { BenchRow } from './row.ts';

const version = 11;
const recordsPerAnswer = 10_000; // Of 100 bytes: 1 MB, kafkajs's maximum for a partition.
const partitions = 4;
const chunkBytes = 64 * 1024;
const lastsMs = 2_000;

interface Case {
  readonly name: string;
  readonly recordsPerBatch: number;
  readonly codec: 'none' | 'gzip' | 'zstd';
}

const cases: readonly Case[] = [
  { name: 'batches of 150 records', recordsPerBatch: 150, codec: 'none' },
  { name: 'batches of 150 records, zstd', recordsPerBatch: 150, codec: 'zstd' },
  { name: 'batches of 1 record', recordsPerBatch: 1, codec: 'none' },
];

export async function benchFetchTap(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const one of cases) {
    const answer = answerOf(one);
    const alone = await measure(() => readAlone(answer));
    const tapped = await measure(new TappedReader(answer).read);
    rows.push({
      name: `Kafka records a CPU second: ${one.name}`, value: tapped, unit: 'records/s', limitName: "kafkajs's own decoder",
      limit: alone, aim: `of answers ${megabytes(answer, tapped)} MB/s; kafkajs ${megabytes(answer, alone)} MB/s`,
    });
  }
  return rows;
}

function megabytes(answer: Buffer, recordsPerSecond: number): number {
  return Math.round((recordsPerSecond * answer.length) / (recordsPerAnswer * partitions) / 1e6);
}

/** Records a second of CPU, in the best of five parts of the time: others may use the machine too. */
async function measure(read: () => Promise<number>): Promise<number> {
  let best = 0;
  for (let part = 0; part < 5; part++) {
    const before = process.cpuUsage();
    let [records, usedMs] = [0, 0];
    while (usedMs < lastsMs / 5) {
      records += await read();
      const { user, system } = process.cpuUsage(before);
      usedMs = (user + system) / 1_000;
    }
    best = Math.max(best, (records / usedMs) * 1_000);
  }
  return best;
}

function answerOf({ recordsPerBatch, codec }: Case): Buffer {
  const batches: Buffer[] = [];
  for (let offset = 0; offset < recordsPerAnswer; offset += recordsPerBatch) {
    const count = Math.min(recordsPerBatch, recordsPerAnswer - offset);
    batches.push(encodeBatch(batchOf(offset, count, codec)));
  }
  const records = Buffer.concat(batches);
  const topic = {
    name: 'ticks', partitions: Array.from({ length: partitions }, (_, partition) => (
      { partition, highWatermark: recordsPerAnswer, aborted: [], records })),
  };
  return encodeFetchResponse({ version, correlationId: 1, topics: [topic] });
}

function batchOf(baseOffset: number, count: number, codec: Case['codec']): WireBatch {
  const firstMs = 1_700_000_000_000;
  return {
    baseOffset, lastOffset: baseOffset + count - 1, baseTimestampMs: firstMs, maxTimestampMs: firstMs + count, codec,
    records: Array.from({ length: count }, (_, n) => {
      const [price, id] = [100 + ((baseOffset + n) % 997) / 100, 1_000_000 + baseOffset + n];
      const tick = { symbol: `SYM${id % 200}`, price, size: 1 + (id % 7), ts: firstMs + n, trade_id: id };
      const value = Buffer.from(JSON.stringify(tick));
      return { offset: baseOffset + n, timestampMs: firstMs + n, key: Buffer.from(tick.symbol), value, headers: [] };
    }),
  };
}

async function readAlone(answer: Buffer): Promise<number> {
  let bytes = 0;
  let count = 0;
  for (const { messages } of (await batchesOf(answer, version, () => 0)).batches) {
    for (const { key, value, offset, timestamp } of messages) {
      bytes += (key?.length ?? 0) + (value?.length ?? 0) + offset.length + timestamp.length;
      count++;
    }
  }
  if (bytes === 0) throw new Error('nothing was read');
  return count;
}

class TappedReader {
  readonly #answer: Buffer;
  readonly #tap = new FetchTap();
  readonly #passed: Buffer[] = [];
  readonly #connection = this.#tap.open('broker:9092', (bytes) => this.#passed.push(bytes));
  readonly #cursor = new RecordCursor(decompress);
  readonly #message = new RawMessage();
  readonly #request = encodeFetchRequest({ version, correlationId: 1 });

  constructor(answer: Buffer) {
    this.#answer = answer;
  }

  readonly read = async (): Promise<number> => {
    this.#connection.request(this.#request);
    for (let at = 0; at < this.#answer.length; at += chunkBytes) {
      this.#connection.receive(this.#answer.subarray(at, at + chunkBytes));
    }
    const { batches } = await batchesOf(Buffer.concat(this.#passed.splice(0)), version, () => 0);
    return batches.reduce((sum, batch) => sum + this.#readBatch(batch), 0);
  };

  #readBatch({ messages }: KafkajsBatch): number {
    let bytes = 0;
    let count = 0;
    const message = this.#message;
    for (const fetched of messages) {
      for (this.#cursor.open(this.#tap.batchOf(fetched)!); this.#cursor.next(message); count++) {
        bytes += message.keyEnd - message.keyStart + message.valueEnd - message.valueStart;
        bytes += message.offset + message.timestampMs;
      }
    }
    if (bytes === 0) throw new Error('nothing was read');
    return count;
  }
}

if (import.meta.main) console.table(await benchFetchTap());
