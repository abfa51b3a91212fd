import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FetchTap } from '../../src/kafka/fetch-tap.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { lastValue, partitions, produceToAll, readByJava, readThrough, records, type Row } from './read-topic.ts';

const why = whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

describe.skipIf(why !== null)(`a topic of a real broker, read through the tap${leftOut}`, () => {
  let kafka: TestKafka;

  beforeAll(async () => {
    const settings = { 'log.cleaner.backoff.ms': '100' };
    kafka = await TestKafka.start({ brokers: 2, listeners: ['tls', 'sasl-tls'], settings });
  });
  afterAll(() => kafka.dispose());

  /** Batches of 20 records in a transaction. */
  async function produceIn(id: string, topic: string, what: string, end: 'commit' | 'abort' | 'leave-open'): Promise<void> {
    await kafka.produce(topic, records(300, what), { recordsPerBatch: 20, transaction: { id, end } });
  }

  it.each(['plain', 'tls', 'sasl-tls'] as const)('is what others read of it, with every codec: %s', async (listener) => {
    const name = `codecs-${listener}`;
    await kafka.createTopic(name, { partitions });
    for (const codec of codecs) await kafka.produce(name, records(600, codec), { codec, recordsPerBatch: 40 });
    await produceToAll(kafka, name, 'end', lastValue);
    const wanted = await readByJava(kafka, name);
    const tap = new FetchTap();
    expect(await readThrough(tap, kafka, { name, listener })).toEqual(wanted);
    expect(await readThrough(new FetchTap({ enabled: false }), kafka, { name, listener })).toEqual(wanted);
    expect(wanted).toHaveLength(codecs.length * 600 + partitions);
    expect(tap.counts.batches).toBeGreaterThanOrEqual(codecs.length * partitions);
    expect(tap.counts.passedThrough).toBe(0);
  });

  it('is the same where more is asked for while what has come is read', async () => {
    const name = 'ahead';
    await kafka.createTopic(name, { partitions });
    const text = 'x'.repeat(2_000);
    for (let round = 0; round < 6; round++) await kafka.produce(name, records(1_500, `${round} ${text}`), { recordsPerBatch: 50 });
    await produceToAll(kafka, name, 'end', lastValue);
    const tap = new FetchTap();
    expect(await readThrough(tap, kafka, { name, bytesPerPartition: 500_000 })).toEqual(await readByJava(kafka, name));
    expect(tap.answersAhead).toBeGreaterThan(3);
  });

  it('has none of what was aborted and all that was committed, where transactions follow one another', async () => {
    const name = 'transactions';
    await kafka.createTopic(name, { partitions });
    for (const [n, codec] of codecs.entries()) {
      await kafka.produce(name, records(60, `plain ${n}`));
      const transaction = { id: 't', end: n % 2 === 0 ? 'abort' : 'commit' } as const;
      await kafka.produce(name, records(600, `${transaction.end} ${n}`), { codec, recordsPerBatch: 50, transaction });
    }
    await produceToAll(kafka, name, 'end', lastValue);
    const wanted = await readByJava(kafka, name);
    expect(await readThrough(new FetchTap(), kafka, { name })).toEqual(wanted);
    expect(await readThrough(new FetchTap({ enabled: false }), kafka, { name })).toEqual(wanted);
    expect(wanted).toHaveLength(codecs.length * 60 + 2 * 600 + partitions);
  });

  it('has none of what was aborted where transactions overlap, which kafkajs alone gives out', async () => {
    const name = 'overlapping';
    await kafka.createTopic(name, { partitions });
    for (let round = 0; round < 3; round++) {
      await produceIn('one', name, 'aborted last', 'leave-open');
      await produceIn('two', name, 'committed', 'leave-open');
      await produceIn('three', name, 'aborted first', 'abort');
      await produceIn('two', name, 'committed', 'commit');
      await produceIn('one', name, 'aborted last', 'abort');
    }
    await produceToAll(kafka, name, 'end', lastValue);
    const wanted = await readByJava(kafka, name);
    expect(wanted).toHaveLength(3 * 600 + partitions);
    expect(await readThrough(new FetchTap(), kafka, { name })).toEqual(wanted);
    const alone = await readThrough(new FetchTap({ enabled: false }), kafka, { name });
    expect(alone.length).toBeGreaterThan(wanted.length);
  });

  it('is what compaction has left of it', async () => {
    const name = 'compacted';
    const config = {
      'cleanup.policy': 'compact', 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.01', 'delete.retention.ms': '0',
      'max.compaction.lag.ms': '100',
    };
    await kafka.createTopic(name, { partitions, config });
    const keyed = records(900, 'k').map((record, n) => ({ ...record, key: `key ${n % 70}` }));
    for (const codec of ['none', 'zstd'] as const) await kafka.produce(name, keyed, { codec, recordsPerBatch: 30 });
    await eventually(async () => {
      await produceToAll(kafka, name, 'again', 'x'); // Begins another file: only those that are full are cleaned.
      return (await kafka.read(name)).length < 500;
    });
    await produceToAll(kafka, name, 'end', lastValue);
    const before = await readByJava(kafka, name);
    const read = await readThrough(new FetchTap(), kafka, { name });
    const after = await readByJava(kafka, name); // The cleaner goes on.
    expect(namesIn(read).difference(namesIn(before)), 'nothing that is not there').toEqual(new Set());
    expect(namesIn(after).difference(namesIn(read)), 'all that has stayed').toEqual(new Set());
    const offsets = read.filter(([partition]) => partition === 0).map(([, offset]) => Number(offset));
    expect(offsets.at(-1)! - offsets[0] + 1, 'there are gaps').toBeGreaterThan(offsets.length);
  });
});

function namesIn(rows: readonly Row[]): Set<string> {
  return new Set(rows.map((row) => JSON.stringify(row)));
}
