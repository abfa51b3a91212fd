import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/kafka/client.ts';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { dashboardQueries, needsKafka } from '../../packaging/files.ts';
import { eventually } from '../../support/eventually.ts';
import { kafkaValues, plainTicks } from '../../support/kafka-run.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { whyNoPrometheus } from '../../support/prometheus.ts';
import { Watch, type Watched } from './watched.ts';

/* A log in Kafka: more of it than is read, brokers that are lost again and again, members that come and go, silence. */

const why = whyNoPostgres() ?? whyNoPrometheus() ?? whyNoKafka();
const startMs = Date.UTC(2026, 0, 5);
const topics = ['growing', 'stormy', 'restless', 'frozen'] as const;

function ticks(count: number): { partition: number; value: string }[] {
  return Array.from({ length: count }, (_, index) => (
    { partition: 0, value: JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: startMs + index * 10 }) }));
}

describe.skipIf(why !== null)(`an alert about Kafka${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const watch = new Watch();
  const over = new AbortController();
  const others: Promise<void>[] = [];
  let kafka: TestKafka;
  let postgres: TestPostgres;
  let growing: Watched, stormy: Watched, restless: Watched, frozen: Watched;

  beforeAll(async () => {
    [kafka, postgres] = await Promise.all([TestKafka.start({ listeners: ['proxied'] }), TestPostgres.start()]);
    const options = { environment: { DATABASE_URL: postgres.url({ database: await postgres.createDatabase() }) } };
    for (const topic of [...topics, 'bars']) await kafka.createTopic(topic);
    await kafka.produce('growing', ticks(12_000));
    await kafka.produce('frozen', ticks(20_000), { recordsPerBatch: 10 });
    const start = (topic: typeof topics[number], keys: object, sections: object = {}): Promise<Watched> => watch.start(topic, {
      sources: [{
        name: 'ticks', type: 'kafka', topics: [topic], brokers: [kafka.bootstrap], group_id: topic, venue: topic,
        ...plainTicks, ...keys,
      }],
      kafka: { brokers: [kafka.bootstrap], health_check_ms: 1_000 }, ...sections,
    }, options);
    // Heard of quickly by heartbeats, and soon forgotten: for those whose membership is what is tried.
    const briefly = { session_timeout_ms: 1_000 };
    // A few records a Fetch: what is slow reads little at a time.
    const slowly = { max_bytes_per_partition: 1_024, batch_ticks: 10, max_msgs_per_sec: 200, burst: 10 };
    [growing, stormy, restless, frozen] = await Promise.all([
      start('growing', slowly, { sink: { kafka: { bars_topic: 'bars' } } }),
      start('stormy', { ...briefly, brokers: kafka.addresses('proxied') }),
      start('restless', briefly),
      start('frozen', { ...slowly, max_msgs_per_sec: 50 }), // Its 20,000 records last for longer than the other tests.
    ]);
    others.push(...topics.map(write), comeAndGo('restless'));
    watch.repeat(200, () => void cutOff().catch(() => {}));
  });

  afterAll(async () => {
    over.abort();
    kafka.thaw();
    await Promise.allSettled(others);
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  /** Some thousands a second, many times what is read, also on a busy machine; and a few for the others. */
  async function write(topic: string): Promise<void> {
    while (!over.signal.aborted) {
      await kafka.produce(topic, ticks(topic === 'growing' ? 1_000 : 5));
      await wait(250);
    }
  }

  /** Whenever it reads, its connections break, until it gives up; it comes back in peace. */
  async function cutOff(): Promise<void> {
    const { sources: [source] } = await stormy.daemon.status<PipelineStatus>();
    if (source.state === 'reading') kafka.proxies[0].cut();
  }

  /** Another member of the group: with each coming and each going all of it is divided anew. */
  async function comeAndGo(group: string): Promise<void> {
    const client = createClient({ values: kafkaValues({ brokers: [kafka.bootstrap] }), log: () => {} });
    while (!over.signal.aborted) {
      const member = client.consumer({ groupId: group, sessionTimeout: 1_000, heartbeatInterval: 100 });
      const joined = new Promise((resolve) => { member.on('consumer.group_join', resolve); });
      await member.connect();
      await member.subscribe({ topics: [group] });
      await member.run({ eachBatch: async () => {} });
      await joined;
      await member.disconnect();
    }
  }

  it('says that a log grows faster than it is read', () => watch.fires('MdpLagGrowing', growing));

  it('says that members come and go', () => watch.fires('MdpKafkaRestarting', restless));

  it('has beside it a dashboard that shows something in every panel about Kafka', async () => {
    let empty = dashboardQueries().filter((query) => needsKafka.test(query));
    expect(empty.length).toBeGreaterThan(10);
    await eventually(async () => {
      const series = await Promise.all(empty.map((query) => watch.found(query)));
      empty = empty.filter((_, index) => series[index] === 0);
      return empty.length === 0;
    }).catch(() => expect(empty).toEqual([]));
  });

  // kafkajs tries for five seconds before it gives a connection up, and six losses make the alert.
  it('says that a source is lost again and again', () => watch.fires('MdpSourceDisconnects', stormy, 150_000), 160_000);

  it('says that records wait and none comes, where a broker is frozen', async () => {
    over.abort();
    await Promise.all(others);
    expect(await watch.firing(frozen)).not.toContain('MdpKafkaSilent');
    kafka.freeze();
    await watch.fires('MdpKafkaSilent', frozen);
  });
});
