import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import type { Database } from '../../../src/postgres.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { plainTicks } from '../../support/kafka-run.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const limit = { deadlineMs: 10_000 };
const partitions = 2;
const tick = (index: number): string =>
  JSON.stringify({ symbol: `S${index % partitions}`, price: 1, size: 1, ts: 1_600_000_000_000 + 100 * index });
/** No test lasts so long: who reads on has not waited for it. */
const session_timeout_ms = 600_000;

describe.skipIf(why !== null)(`a process that dies without a word${leftOut}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let database: string;
  let topic: string;
  let topics = 0;
  let written = 0;
  const daemons: DaemonProcess[] = [];

  beforeAll(async () => { [postgres, kafka] = await Promise.all([TestPostgres.start(), TestKafka.start()]); });
  afterEach(() => Promise.all(daemons.splice(0).map((daemon) => daemon.stop('SIGKILL'))));
  afterAll(async () => { await Promise.all([kafka.dispose(), postgres.dispose()]); });

  const begin = async (): Promise<void> => {
    database = await postgres.createDatabase(false);
    await withDatabase((connection) => migrate(connection, limit));
    topic = `trades-${++topics}`;
    written = 0;
    await kafka.createTopic(topic, { partitions });
    await write(1_000);
  };
  const write = async (count: number): Promise<void> => {
    const records = Array.from({ length: count }, (_, index) => ({ partition: index % partitions, value: tick(written + index) }));
    await kafka.produce(topic, records);
    written += count;
  };
  const start = (environment: Readonly<Record<string, string>> = {}): DaemonProcess => {
    const source = { name: 'ticks', type: 'kafka', topics: [topic], group_id: topic, brokers: [kafka.bootstrap], session_timeout_ms, ...plainTicks };
    const config = JSON.stringify({ name: 'test', sources: [source], bars: { specs: ['1s'] }, checkpoint: { interval_ms: 100 } });
    const daemon = new DaemonProcess({ config, environment: { DATABASE_URL: postgres.url({ database }), ...environment } });
    daemons.push(daemon);
    return daemon;
  };
  const withDatabase = async <T>(work: (connection: Database) => Promise<T>): Promise<T> => {
    const connection = postgres.connect({ database });
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };
  const query = async <T extends object>(text: string): Promise<T[]> =>
    (await withDatabase((connection) => connection.query<T>(limit, text))).rows;
  /** Member ids in `lanes`, each once. */
  const noted = async (): Promise<string[]> => {
    const rows = await query<{ id: string }>("SELECT DISTINCT holder->>'memberId' AS id FROM lanes WHERE holder IS NOT NULL");
    return rows.map(({ id }) => id).sort();
  };
  /** Empty while nobody knows the group. */
  const members = async (): Promise<string[]> =>
    (await kafka.group(topic).catch(() => ({ members: [] }))).members.map(({ id }) => id).sort();
  /** Whether everything that was written was read, by whomever, and is safe. */
  const isRead = async (): Promise<boolean> => {
    const rows = await query<{ position: number }>('SELECT position FROM lane_checkpoints');
    return rows.reduce((sum, { position }) => sum + position, 0) === written;
  };
  const memberOf = async (daemon: DaemonProcess): Promise<string | null> =>
    (await daemon.status<PipelineStatus>()).sources[0].consumer?.memberId ?? null;

  it('is taken out of its group by the one after it, which reads on long before its session would have timed out', async () => {
    await begin();
    const first = start();
    await eventually(isRead);
    const [dead] = await members();
    await eventually(async () => (await noted()).join() === dead);
    await first.stop('SIGKILL');
    await write(500);
    const second = start();
    await eventually(isRead);
    expect(await members()).toEqual([await memberOf(second)]);
    await eventually(async () => (await noted()).join() === (await memberOf(second)));
    expect(await noted()).not.toEqual([dead]);
    expect((await query<{ trades: number }>('SELECT sum(trades)::int AS trades FROM bars'))[0].trades).toBeGreaterThan(1_400);
  });

  it('is taken out beside one that lives, which stays who it is', async () => {
    await begin();
    const [one, other] = [start(), start()];
    await Promise.all([one.ready(), other.ready()]);
    await eventually(async () => (await members()).length === 2 && (await noted()).length === 2 && await isRead());
    const living = await memberOf(other);
    await one.stop('SIGKILL');
    await write(500);
    const successor = start();
    await eventually(isRead);
    expect(new Set(await members())).toEqual(new Set([living, await memberOf(successor)]));
  });

  it('is not one that stands still: it is waited for, and stays who it is', async () => {
    await begin();
    const stopped = start();
    await eventually(isRead);
    const before = await memberOf(stopped);
    await eventually(async () => (await noted()).join() === before);
    stopped.signal('SIGSTOP');
    const other = start();
    await eventually(async () => (await kafka.group(topic)).state === 'PreparingRebalance');
    await write(500);
    expect(await members()).toContain(before);
    stopped.signal('SIGCONT');
    await eventually(async () => await isRead() && (await members()).length === 2 && (await memberOf(other)) !== null);
    expect(await memberOf(stopped)).toBe(before);
  });

  it('on another machine is known by the name of its instance', async () => {
    await begin();
    const first = start({ KAFKA_INSTANCE: 'mdp-0' });
    await eventually(isRead);
    await eventually(async () => (await noted()).length === 1);
    await first.stop('SIGKILL');
    await query("UPDATE lanes SET holder = jsonb_set(holder, '{process,place}', '\"another machine\"')");
    await write(500);
    start({ KAFKA_INSTANCE: 'mdp-0' });
    await eventually(isRead);
    expect(await members()).toHaveLength(1);
  });
});
