import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecentTopics } from '../../../src/model/message.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { eventually } from '../../support/eventually.ts';
import { KafkaRun } from '../../support/kafka-run.ts';

const why = whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const tick = (index: number): string => JSON.stringify({ symbol: 'A', price: 1 + index, size: 1, ts: 1_600_000_000_000 + index });

describe.skipIf(why !== null)(`what is shown of Kafka${leftOut}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => { kafka = await TestKafka.start(); });
  afterAll(() => kafka.dispose());

  it.each(['bytes', 'kafkajs'] as const)('are the messages that came last, read as %s, without a question to the brokers', async (readPath) => {
    const topic = `recent-${readPath}`;
    await kafka.createTopic(topic, { partitions: 2 });
    const run = new KafkaRun(kafka, { keys: { topics: [topic], read_path: readPath } });
    const shown = (recent: RecentTopics): [number, number, string, string][] => (recent.of(topic) ?? [])
      .map(({ partition, offset, key, value }) => [partition, offset, String(key), String(value)]);
    expect(shown(run.recent)).toEqual([]);
    await kafka.produce(topic, Array.from({ length: 5_000 }, (_, index) => ({ partition: 0, key: `k${index}`, value: tick(index) })));
    await eventually(() => shown(run.recent)[0]?.[1] === 4_999);
    expect(shown(run.recent)).toEqual(Array.from({ length: 50 }, (_, index) => 4_999 - index)
      .map((offset) => [0, offset, `k${offset}`, tick(offset)]));
    await kafka.produce(topic, [
      { partition: 1, key: null, value: Buffer.from([0xff, 0x00]), timestampMs: 1_234 }, { partition: 1, key: 'gone', value: null, timestampMs: 5_678 },
    ]);
    await eventually(() => run.recent.of(topic)![0].partition === 1 && run.recent.of(topic)![0].offset === 1);
    expect(run.recent.of(topic)!.slice(0, 3)).toMatchObject([
      { partition: 1, offset: 1, key: Buffer.from('gone'), value: null, timestampMs: 5_678 },
      { partition: 1, offset: 0, key: null, value: Buffer.from([0xff, 0x00]), timestampMs: 1_234 },
      { partition: 0, offset: 4_999 },
    ]);
    await run.stop();
  });
});
