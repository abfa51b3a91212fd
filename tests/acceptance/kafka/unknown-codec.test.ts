import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchLayout, batchPrologueBytes } from '../../../src/kafka/record-batch.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { KafkaRun } from '../../support/kafka-run.ts';

const why = whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const tick = (index: number): string => JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: 1_600_000_000_000 + index });
const perBatch = 10;
const batches = 3;
const codecs = { 'of-5': 5, 'of-6': 6, 'of-7': 7, 'by-kafkajs': 6 };

describe.skipIf(why !== null)(`a record batch that nobody can decompress${leftOut}`, () => {
  let kafka: TestKafka;
  /** Of partition 0, by topic. */
  const [written, planted] = [new Map<string, Buffer>(), new Map<string, Buffer>()];
  beforeAll(async () => {
    kafka = await TestKafka.start();
    for (const [topic, codec] of Object.entries(codecs)) await prepare(topic, codec);
    await restartedWith(planted);
  });
  afterAll(() => kafka.dispose());

  const write = (topic: string, partition: number, count: number): Promise<unknown> => kafka.produce(
    topic, Array.from({ length: count }, (_, index) => ({ partition, value: tick(index) })), { codec: 'gzip', recordsPerBatch: perBatch });

  /** The second of three batches of partition 0 has this codec; brokers take no such batch from a producer. */
  const prepare = async (topic: string, codec: number): Promise<void> => {
    await kafka.createTopic(topic, { partitions: 2 });
    await write(topic, 0, batches * perBatch);
    await write(topic, 1, batches * perBatch);
    const bytes = kafka.segment(topic, 0);
    written.set(topic, Buffer.from(bytes));
    const at = batchPrologueBytes + bytes.readInt32BE(batchLayout.length);
    const end = at + batchPrologueBytes + bytes.readInt32BE(at + batchLayout.length);
    bytes.writeInt16BE(codec, at + batchLayout.attributes);
    bytes.writeUInt32BE(crc32c(bytes.subarray(at + batchLayout.attributes, end)), at + batchLayout.attributes - 4);
    planted.set(topic, bytes);
  };
  const restartedWith = async (segments: ReadonlyMap<string, Buffer>): Promise<void> => {
    await kafka.stop('clean');
    for (const [topic, bytes] of segments) kafka.plantSegment(topic, 0, bytes);
    await kafka.startAgain();
  };
  const partitionsOf = (run: KafkaRun): readonly (readonly [number, string, number])[] => run.consumer.partitions
    .map(({ partition, state, position }) => [partition, state, position] as const).sort(([a], [b]) => a - b);

  it.each([5, 6, 7])('stops its partition where it stands, says so, and the others go on: codec %i', async (codec) => {
    const topic = `of-${codec}`;
    const run = new KafkaRun(kafka, { keys: { topics: [topic] } });
    await run.until(({ problem }) => problem !== null && run.ticks === perBatch + batches * perBatch);
    expect(run.status.problem).toMatch(new RegExp(`partition ${topic}/0: .*batch at offset ${perBatch} .*codec ${codec}`));
    expect(run.problems.join('\n')).toContain(`does not read partition ${topic}/0`);
    await write(topic, 1, perBatch);
    await run.until(() => run.ticks === 2 * perBatch + batches * perBatch);
    expect(partitionsOf(run)).toEqual([[0, 'failed', perBatch], [1, 'reading', (batches + 1) * perBatch]]);
    expect([run.runner.failure, run.consumer.crashes, run.consumer.sessions]).toEqual([null, 0, 1]);
    await run.stop();
  });

  it('ends the source that is read by kafkajs, in the same words', async () => {
    const run = new KafkaRun(kafka, { keys: { topics: ['by-kafkajs'], read_path: 'kafkajs' } });
    await run.until(({ state }) => state === 'failed');
    expect(run.runner.failure).toMatchObject({ code: 'source-malformed' });
    expect(run.runner.failure!.message).toContain('codec 6, which is not one of 1 (gzip)');
    await run.stop();
  });

  it('is read when it can be, and what comes behind it', async () => {
    await restartedWith(written);
    const run = new KafkaRun(kafka, { keys: { topics: ['by-kafkajs'] } });
    await run.until(({ problem }) => problem === null && run.ticks === 2 * batches * perBatch);
    await run.stop();
  });
});

/** CRC-32C (Castagnoli), as record batches have it: https://kafka.apache.org/documentation/#recordbatch */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
