import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecentTopics } from '../../../src/model/message.ts';
import type { PartitionStatus } from '../../../src/model/status.ts';
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

  it('are its connection, its partitions and how far behind they are, figures and averages', async () => {
    await kafka.createTopic('figures', { partitions: 2 });
    const run = new KafkaRun(kafka, { keys: { topics: ['figures'], group_id: 'of-figures' } });
    expect(run.consumer).toMatchObject({ group: 'of-figures', memberId: null, partitions: [], messages: 0, joins: 0 });
    await kafka.produce('figures', Array.from({ length: 1_000 }, (_, index) => ({ partition: index % 2, value: tick(index) })));
    await run.until(() => run.ticks === 1_000 && run.consumer.partitions.every(({ lag }) => lag === 0));
    run.source.checkpointed(run.lanes.get('figures/1')!, 400);
    await run.until(() => run.consumer.commits === 1);
    const { committed } = await kafka.group('of-figures');
    expect(committed).toEqual({ 'figures-1': 400 });
    const { consumer } = run;
    expect(consumer).toMatchObject({
      connection: 'member', sessions: 1, joins: 1, crashes: 0, messages: 1_000, commitsFailed: 0, brokersProblem: null,
      watchdog: { silentMs: 0, vainSessions: 0 },
    });
    expect(consumer.memberId).toMatch(/^mdp-/);
    expect(consumer.partitions.toSorted((a, b) => a.partition - b.partition)).toEqual([0, 1].map((partition) => ({
      topic: 'figures', partition, lane: `run/kafka/figures/${partition}`, state: 'reading', position: 500, logEnd: 500, lag: 0, problem: null,
    })));
    expect(consumer.topics).toMatchObject([{ topic: 'figures', messages: 1_000, fetches: consumer.fetches }]);
    for (const average of Object.values(consumer.topics[0].averages!)) expect(average).toBeGreaterThanOrEqual(0);
    await run.stop();
    expect(run.consumer).toMatchObject({ connection: 'left', memberId: null, partitions: [] });
  });

  it('are how far the logs reach although nothing is read: the brokers are asked', async () => {
    await kafka.createTopic('held');
    let open = (): void => {};
    const sink = new Promise<void>((resolve) => { open = resolve; });
    const run = new KafkaRun(kafka, { keys: { topics: ['held'] }, kafka: { health_check_ms: 100 }, sinkReady: () => sink });
    await run.until(() => run.consumer.connection === 'member');
    await kafka.produce('held', Array.from({ length: 10 }, (_, index) => ({ partition: 0, value: tick(index) })));
    const first = (): Partial<PartitionStatus> => run.consumer.partitions[0] ?? {};
    await run.until(() => first().logEnd === 10 && first().position === 10); // In hand, before the sink.
    await kafka.produce('held', Array.from({ length: 10 }, (_, index) => ({ partition: 0, value: tick(index) })));
    await run.until(() => first().logEnd === 20);
    expect(first().lag).toBe(10);
    open();
    await run.until(() => run.ticks === 20);
    await run.stop();
  });
});
