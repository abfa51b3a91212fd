/** A member of a consumer group is killed: how long until the process after it reads its partitions on. */
import type { PipelineStatus } from '../../src/model/status.ts';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';

const turns = 3;
const partitions = 4;
const pollMs = 10;
const limit = { deadlineMs: 10_000 };
/** As brokers have it unless they are told otherwise; those of the tests do not wait. */
const settings = { 'group.initial.rebalance.delay.ms': '3000' };

export async function benchKafkaRecovery(): Promise<BenchRow[]> {
  const missing = whyNoPostgres() ?? whyNoKafka();
  if (missing !== null) {
    console.log(`The recovery of a member was not measured: ${missing}`);
    return [];
  }
  const [postgres, kafka] = await Promise.all([TestPostgres.start(['fsync=off']), TestKafka.start({ settings })]);
  try {
    const found = { noted: [] as number[], unknown: [] as number[] };
    for (let turn = 0; turn < turns; turn++) {
      found.noted.push(await killAndRestart({ postgres, kafka, topic: `noted-${turn}`, isNoted: true }));
      found.unknown.push(await killAndRestart({ postgres, kafka, topic: `unknown-${turn}`, isNoted: false }));
    }
    const row = (name: string, values: readonly number[], aim: string): BenchRow => ({
      name: `SIGKILL → first tick folded again: ${name}`, value: values.toSorted((a, b) => a - b)[Math.floor(turns / 2)],
      unit: 'ms', limitName: 'session timeout', limit: 10_000, aim,
    });
    return [
      row('the dead member is taken out', found.noted, 'at once'), row('it times out', found.unknown, '< 10 s and the start'),
    ];
  } finally {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  }
}

interface Turn {
  readonly postgres: TestPostgres;
  readonly kafka: TestKafka;
  readonly topic: string;
  /** Whether the database knows who the dead member was. */
  readonly isNoted: boolean;
}

/** Ms from the kill on; the process after it is started at once. */
async function killAndRestart({ postgres, kafka, topic, isNoted }: Turn): Promise<number> {
  await kafka.createTopic(topic, { partitions });
  const write = (): Promise<unknown> => kafka.produce(topic, Array.from({ length: 4_000 }, (_, index) => (
    { partition: index % partitions, value: JSON.stringify({ symbol: `S${index % partitions}`, price: 1, size: 1, ts: 1_600_000_000_000 + index }) })));
  await write();
  const database = await postgres.createDatabase(false);
  const source = { name: 'ticks', type: 'kafka', topics: [topic], group_id: topic, brokers: [kafka.bootstrap], fields: { event_time: 'ts' }, ids: 'absent' };
  const config = JSON.stringify({ name: 'bench', sources: [source], bars: { specs: ['1s'] }, checkpoint: { interval_ms: 1_000 } });
  // It is asked more often than a server of people lets anybody ask.
  const environment = { DATABASE_URL: postgres.url({ database }), ENABLE_RATE_LIMIT: 'false' };
  const start = (): DaemonProcess => new DaemonProcess({ config, environment });
  const connection = postgres.connect({ database });
  const first = start();
  try {
    await first.ready();
    await eventually(async () => (await connection.query<{ count: number }>(
      limit, 'SELECT count(holder)::int AS count FROM lanes')).rows[0].count === partitions);
    await eventually(async () => ((await first.status<Partial<PipelineStatus>>()).ticks?.received ?? 0) === 4_000);
    const killedAtMs = performance.now();
    await first.stop('SIGKILL');
    if (!isNoted) await connection.query(limit, 'UPDATE lanes SET holder = NULL');
    const second = start();
    try {
      await second.ready();
      await write();
      while (((await second.status<Partial<PipelineStatus>>()).ticks?.received ?? 0) === 0) {
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return performance.now() - killedAtMs;
    } finally {
      await second.stop('SIGKILL');
    }
  } finally {
    await connection.close();
    await first.stop('SIGKILL');
  }
}
