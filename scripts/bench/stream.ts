/**
 * The live stream: how long a tick takes from its producer through Kafka and the daemon to a client, and what a thousand
 * clients do to the rest. Producer, broker, database, daemon and clients are processes of their own on one machine.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PipelineStatus } from '../../src/model/status.ts';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import type { BenchRow } from './row.ts';
import type { Counted, Measured, Order } from './stream-clients.ts';

const seconds = Number(process.env['SECONDS'] ?? 20);
const clients = Number(process.env['CLIENTS'] ?? 1_000);
const stalled = 50;
const symbols = 200;
const partitions = 4;
const fullRate = 100_000;
const warmMs = 5_000;
/** Until then the compilers of a broker that was just started take a third of a core, which is none of what is measured. */
const warmBrokerMs = 20_000;
const mebibyte = 1_048_576;

interface Ground {
  readonly kafka: TestKafka;
  readonly postgres: TestPostgres;
  readonly clients: Clients;
}

export async function benchStream(): Promise<BenchRow[]> {
  const missing = whyNoPostgres() ?? whyNoKafka();
  if (missing !== null) {
    console.log(`The stream was not measured: ${missing}`);
    return [];
  }
  const postgres = await TestPostgres.start(['fsync=off']);
  const kafka = await TestKafka.start({ jvm: ['-Xmx1g', '-XX:TieredStopAtLevel=4'] });
  const ground = { kafka, postgres, clients: new Clients() };
  try {
    const rows: BenchRow[] = [];
    for (const rate of [10_000, fullRate]) rows.push(...(await measureLatency(rate, ground)));
    rows.push(...(await measureCrowd(ground)));
    return rows;
  } finally {
    await ground.clients.end();
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  }
}

async function measureLatency(perSecond: number, ground: Ground): Promise<BenchRow[]> {
  return withLoad(perSecond, ground, async ({ daemon }) => {
    const ticksBefore = await ticksOf(daemon);
    const secondsBefore = daemon.cpuSeconds();
    const { latenciesMs, holes } = await ground.clients.do<Measured>(
      { do: 'measure', url: await daemon.ready(), warmMs: warmBrokerMs, ms: seconds * 1_000 });
    const share = (daemon.cpuSeconds() - secondsBefore) / (seconds + warmBrokerMs / 1_000);
    const name = `stream, ${perSecond.toLocaleString('en')} ticks/s, ${symbols} symbols: produced → message`;
    return [
      row(`${name}, p50`, quantile(latenciesMs, 0.5), 'ms'),
      row(`${name}, p99`, quantile(latenciesMs, 0.99), 'ms', { limitName: 'messages heard', limit: latenciesMs.length, aim: '< 10 ms' }),
      row(`stream, processor time of the daemon`, share * 100, '% of a core'),
      row(`${name}, holes`, holes, '', { aim: '0' }),
      row(`stream, ticks folded meanwhile`, (await ticksOf(daemon) - ticksBefore) / (seconds + warmBrokerMs / 1_000), 'ticks/s', {
        limitName: 'asked of the producer', limit: perSecond,
      }),
    ];
  });
}

async function measureCrowd(ground: Ground): Promise<BenchRow[]> {
  return withLoad(fullRate, ground, async (load) => {
    const url = await load.daemon.ready();
    await wait(warmMs);
    const alone = await observe(load);
    await ground.clients.do<Counted>({ do: 'count', url, clients, symbols, each: 50 });
    await wait(warmMs);
    const crowded = await observe(load);
    const counted = await ground.clients.do<Counted>({ do: 'leave' });
    await wait(warmMs);
    const before = load.daemon.residentMemory();
    await ground.clients.do<Counted>({ do: 'stall', url, clients: stalled, symbols });
    await wait(warmMs);
    const perStalled = (load.daemon.residentMemory() - before) / stalled;
    await ground.clients.do<Counted>({ do: 'leave' });
    const name = `stream, ${clients.toLocaleString('en')} clients on 50 of ${symbols} symbols, conflated 250 ms`;
    return [
      row(`${name}: lag`, crowded.lagSeconds, 's', { limitName: 'without them', limit: alone.lagSeconds, aim: '< 1 s' }),
      row(`${name}: window end → commit, p99`, crowded.commitMs, 'ms', { limitName: 'without them', limit: alone.commitMs, aim: '≤ 2 ×' }),
      row(`${name}: ticks folded`, crowded.perSecond, 'ticks/s', { limitName: 'without them', limit: alone.perSecond }),
      row(`${name}: bytes to all of them`, counted.bytes / mebibyte / (seconds + warmMs / 1_000), 'MiB/s'),
      row(`stream: memory of each of ${stalled} clients that never read`, perStalled / mebibyte, 'MiB', { aim: '< 1 MiB' }),
    ];
  });
}

interface Load {
  readonly daemon: DaemonProcess;
  /** One row of the database. */
  readonly ask: (sql: string, values: readonly unknown[]) => Promise<{ readonly value: number | null }>;
}

/** A topic, a database and a daemon of its own, and a producer that writes at this rate meanwhile. */
async function withLoad(perSecond: number, { kafka, postgres }: Ground, work: (load: Load) => Promise<BenchRow[]>): Promise<BenchRow[]> {
  const name = await postgres.createDatabase(false);
  await kafka.createTopic(name, { partitions });
  const config = JSON.stringify({
    name: 'bench', bars: { specs: ['1s', '1m'], out_of_orderness_ms: 100 }, stream: { heartbeat_ms: 300_000, clients_max: 5_000 },
    server: { enable_rate_limit: false }, // All clients come from one address.
    sources: [{
      name: 'ticks', type: 'kafka', topics: [name], brokers: [kafka.bootstrap], group_id: name, venue: 'bench',
      fields: { event_time: 'ts' }, ids: 'absent',
    }],
  });
  const daemon = new DaemonProcess({ config, environment: { DATABASE_URL: postgres.url({ database: name }) } });
  const producing = spawn(process.execPath, [
    path.join(import.meta.dirname, 'stream-producer.ts'), kafka.bootstrap, name, String(perSecond), String(symbols), String(partitions),
  ], { stdio: ['ignore', 'ignore', 'inherit'] });
  const database = postgres.connect({ database: name });
  try {
    await daemon.ready();
    return await work({
      daemon, ask: async (sql, values) => (await database.query<{ value: number | null }>({ deadlineMs: 30_000 }, sql, [...values])).rows[0],
    });
  } finally {
    await end(producing);
    await daemon.stop('SIGKILL');
  }
}

interface Observed {
  readonly lagSeconds: number;
  readonly commitMs: number;
  /** Ticks folded. */
  readonly perSecond: number;
}

/** For as long as is measured: the greatest lag, and how long after its end a bar of one second was committed. */
async function observe({ daemon, ask }: Load): Promise<Observed> {
  const fromMs = Date.now();
  const ticksBefore = await ticksOf(daemon);
  let lagRecords = 0;
  while (Date.now() - fromMs < seconds * 1_000) {
    const { lanes } = await daemon.status<PipelineStatus>();
    lagRecords = Math.max(lagRecords, lanes.reduce((sum, { logEnd, position }) => sum + Math.max(0, (logEnd ?? position) - position), 0));
    await wait(250);
  }
  const { value } = await ask(
    `SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM written_at - close_time) * 1000) AS value
       FROM bars WHERE bar_spec = '1s' AND close_time BETWEEN to_timestamp($1::float8 / 1000) AND to_timestamp($2::float8 / 1000)`,
    [fromMs, Date.now() - 1_000]);
  const perSecond = (await ticksOf(daemon) - ticksBefore) / seconds;
  return { lagSeconds: lagRecords / fullRate, commitMs: value ?? NaN, perSecond };
}

async function ticksOf(daemon: DaemonProcess): Promise<number> {
  return (await daemon.status<PipelineStatus>()).ticks.received;
}

/** The process of the clients: one order at a time. */
class Clients {
  readonly #child: ChildProcess = fork(path.join(import.meta.dirname, 'stream-clients.ts'));

  async do<T>(order: Order): Promise<T> {
    this.#child.send(order);
    const [answer] = await once(this.#child, 'message') as [T];
    return answer;
  }

  end(): Promise<void> {
    return end(this.#child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN;
}

function row(name: string, value: number, unit: string, rest: Partial<BenchRow> = {}): BenchRow {
  return { name, value, unit, limitName: '', limit: 0, aim: '', ...rest };
}
