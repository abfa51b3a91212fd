import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/kafka/client.ts';
import { TopicProducer } from '../../../src/kafka/topic-producer.ts';
import type { Database } from '../../../src/postgres.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { plainTicks } from '../../support/kafka-run.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const limit = { deadlineMs: 10_000 };
const largeBytes = 20 * 1_048_576;
const keptBytes = 64 * 1_024;
/** Some 110 MiB are the daemon itself; of a large message there are up to four at a time: in the answer and being put together. */
const residentBytesMax = 320 * 1_048_576;

const tick = (index: number, symbol: string): string => JSON.stringify({ symbol, price: 1, size: 1, ts: 1_600_000_000_000 + index });
/** As many ticks as fit, in one message. */
const manyTicks = Array.from({ length: Math.floor(largeBytes / (tick(0, 'A').length + 1)) }, (_, index) => tick(index, 'A'));

describe.skipIf(why !== null)(`a message of 20 MB in Fetches of 64 KiB${leftOut}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let daemon: DaemonProcess | null = null;
  beforeAll(async () => { [postgres, kafka] = await Promise.all([TestPostgres.start(), TestKafka.start({ jvm: ['-Xmx768m'] })]); });
  afterEach(async () => { await daemon?.stop('SIGKILL'); });
  afterAll(async () => { await Promise.all([kafka.dispose(), postgres.dispose()]); });

  /** By a client that knows no bound of its own. */
  const write = async (topic: string, values: readonly string[]): Promise<void> => {
    const ssl = { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true };
    const sasl = { mechanism: 'none', username: null, password: null } as const;
    const connection = { brokers: [kafka.bootstrap], client_id: 'test', connect_timeout_ms: 5_000, request_timeout_ms: 30_000, ssl, sasl };
    const producer = await TopicProducer.open(createClient({ values: connection, log: () => {} }), topic);
    for (const value of values) await producer.send(0, [{ key: null, value }]);
    await producer.close();
  };

  it.each(['bytes', 'kafkajs'])('is read, judged and passed, in bounded memory, as is the one behind it: read as %s', async (read_path) => {
    const topic = `large-${read_path}`;
    await kafka.createTopic(topic, { partitions: 2, config: { 'max.message.bytes': String(2 * largeBytes) } });
    const poison = `{"price":"${'x'.repeat(largeBytes)}"}`;
    await write(topic, [tick(0, 'A'), poison, tick(1, 'A'), `[${manyTicks.join(',')}]`, tick(2, 'A')]);
    await kafka.produce(topic, Array.from({ length: 100 }, (_, index) => ({ partition: 1, value: tick(index, 'B') })));
    const database = await postgres.createDatabase(false);
    const source = {
      name: 'ticks', type: 'kafka', topics: [topic], group_id: topic, brokers: [kafka.bootstrap], max_bytes_per_partition: 65_536, read_path, ...plainTicks,
    };
    daemon = new DaemonProcess({
      config: JSON.stringify({ name: 'test', sources: [source], bars: { specs: ['1s'] }, checkpoint: { interval_ms: 100 } }),
      environment: { DATABASE_URL: postgres.url({ database }) },
    });
    await daemon.ready();
    const connection: Database = postgres.connect({ database });
    const query = async <T extends object>(text: string): Promise<T[]> => (await connection.query<T>(limit, text)).rows;
    await eventually(async () => {
      const rows = await query<{ position: number }>('SELECT position FROM lane_checkpoints ORDER BY lane');
      return rows.map(({ position }) => position).join() === '5,100';
    });
    const letters = await query<{ place: string; reason: string; bytes: number }>('SELECT place, reason, length(bytes) AS bytes FROM dead_letters');
    expect(letters).toEqual([{ place: `${topic}/0:1`, reason: 'too-long', bytes: keptBytes }]);
    const { ticks } = await daemon.status<{ ticks: { received: number; rejected: Record<string, number> } }>();
    expect(ticks).toMatchObject({ received: manyTicks.length + 3 + 100 + 1, rejected: { 'too-long': 1 } });
    expect(daemon.peakMemory().daemon).toBeLessThan(residentBytesMax);
    expect(daemon.peakMemory().daemon).toBeGreaterThan(0);
    await connection.close();
  });
});
