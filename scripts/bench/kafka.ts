/**
 * Broker, PostgreSQL and daemon on one machine: ticks as JSON from a topic of four partitions into bars in the database,
 * beside kafkajs as it comes with a handler that only counts, and with one that does what everybody writes first. Each reads
 * the same topic in a process of its own, in turns; the middle one of the turns counts, by speed. One reading goes ahead and
 * is thrown away: at the first start of a version types are stripped, and the broker compiles what it has never run.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PipelineStatus } from '../../src/model/status.ts';
import { cpuSecondsOf, DaemonProcess } from '../../tests/support/daemon.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import { copiers, copyBare } from './bare-copy.ts';
import { fill, partitions, type Topic } from './kafka-topic.ts';
import type { BenchRow } from './row.ts';

const turns = Number(process.env['TURNS'] ?? 5);
const mebibyte = 1_048_576;

interface Reading {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** What the servers took of processors while the daemon read, s. */
interface Beside {
  readonly database: number;
  readonly broker: number;
}

type Ours = Reading & Beside;

interface Case extends Topic {
  readonly specs: readonly string[];
  /** What kafkajs asks for at a time; the best of them counts. */
  readonly asked: readonly number[];
  readonly aim: number; // Times the speed of the handler that only counts.
}

const few: Case = {
  name: 'few', ticks: 3_000_000, symbols: 200, ticksPerSecond: 20_000, codec: 'none', specs: ['1s', '1m'],
  asked: [262_144, 1_048_576, 4_194_304], aim: 2.5,
};
const many: Case = { ...few, name: 'many', ticks: 2_000_000, symbols: 5_000, ticksPerSecond: 1_000, specs: ['1m'], aim: 2 };
const cases: readonly Case[] = [
  few, many, { ...few, name: 'zstd', codec: 'zstd', aim: 1.5 },
  // Six seconds, not one and a half: compilers are at work in a third of them, not in all.
  { ...few, name: 'long', ticks: 12_000_000, asked: [1_048_576] },
];
/** Nearly every tick makes a bar of its own: here the database is the limit. */
const rowsCase: Case = { ...many, specs: ['1s', '1m'], aim: 0.9 };

interface Servers {
  readonly kafka: TestKafka;
  readonly postgres: TestPostgres;
}

export async function benchKafka(): Promise<BenchRow[]> {
  const missing = whyNoPostgres() ?? whyNoKafka();
  if (missing !== null) {
    console.log(`Kafka was not measured: ${missing}`);
    return [];
  }
  const postgres = await TestPostgres.start(['fsync=off']);
  const kafka = await TestKafka.start({ jvm: ['-Xmx1g', '-XX:TieredStopAtLevel=4'] });
  try {
    const rows: BenchRow[] = [];
    for (const one of cases) rows.push(...(await measure(one, { kafka, postgres })));
    rows.push(...(await measureRows(rowsCase, { kafka, postgres })));
    return rows;
  } finally {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  }
}

async function measure(topic: Case, servers: Servers): Promise<BenchRow[]> {
  const { kafka } = servers;
  await kafka.createTopic(topic.name, { partitions, config: { 'retention.ms': '-1' } }); // Their times are long past.
  await fill(kafka.bootstrap, topic);
  await readByDaemon(topic, servers);
  const ours: Ours[] = [];
  const counting = new Map(topic.asked.map((bytes): [number, Reading[]] => [bytes, []]));
  const folding = new Map(topic.asked.map((bytes): [number, Reading[]] => [bytes, []]));
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await readByDaemon(topic, servers));
    for (const [bytes, readings] of counting) readings.push(await readByKafkajs(topic, kafka, [String(bytes), 'count']));
    for (const [bytes, readings] of folding) readings.push(await readByKafkajs(topic, kafka, [String(bytes), 'bars']));
  }
  const [mdp, count, bars] = [middle(ours), best(counting), best(folding)];
  const speed = ({ seconds }: Reading): number => topic.ticks / seconds;
  const what = `Kafka, ${topic.ticks / 1e6} M of ${topic.symbols} symbols${topic.codec === 'none' ? '' : `, ${topic.codec}`}`;
  const spread = ours.map((one) => Math.round(speed(one) / 1_000)).sort((a, b) => a - b).join(', ');
  const perMillion = ({ cpuSeconds }: Reading): number => (cpuSeconds / topic.ticks) * 1e6;
  const row = (name: string, value: number, unit: string, rest: Partial<BenchRow> = {}): BenchRow =>
    ({ name: `${what}: ${name}`, value, unit, limitName: '', limit: 0, aim: '', ...rest });
  return [
    row(`→ ${topic.specs.join(' + ')} in PostgreSQL (${spread} k)`, speed(mdp), 'ticks/s', {
      limitName: 'kafkajs, only counting', limit: speed(count), aim: `≥ ${topic.aim} ×`,
    }),
    row('the same beside kafkajs, JSON.parse and a map of bars', speed(mdp), 'ticks/s', {
      limitName: 'which writes nothing', limit: speed(bars),
    }),
    machineRow(what, mdp),
    row('CPU time per million ticks, all threads', perMillion(mdp), 's', {
      limitName: 'kafkajs, only counting', limit: perMillion(count), aim: '≤ 0.4 s',
    }),
    row('peak memory', mdp.rssBytes / mebibyte, 'MiB', {
      limitName: 'kafkajs, only counting', limit: count.rssBytes / mebibyte, aim: '≤ 160 MiB',
    }),
  ];
}

/** How full the processors were: nothing can be faster than a machine that has nothing left. */
function machineRow(what: string, { seconds, cpuSeconds, database, broker }: Ours): BenchRow {
  const cores = availableParallelism();
  const parts = `daemon ${cpuSeconds.toFixed(2)}, PostgreSQL ${database.toFixed(2)}, broker ${broker.toFixed(2)}`;
  return {
    name: `${what}: processor time of all (${parts})`, value: cpuSeconds + database + broker, unit: 's',
    limitName: `${cores} cores meanwhile`, limit: cores * seconds, aim: '',
  };
}

/** Two million rows, beside the same rows by bare COPY from a file into a table like ours. */
async function measureRows(topic: Case, servers: Servers): Promise<BenchRow[]> {
  const [ours, bare]: [Ours[], number[]] = [[], []];
  let rows = 0;
  for (let turn = 0; turn < turns; turn++) {
    const database = await servers.postgres.createDatabase(false);
    ours.push(await readByDaemon(topic, servers, database));
    const copied = await copyBare(servers.postgres, database);
    rows = copied.rows;
    bare.push(copied.rows / copied.seconds);
  }
  const mdp = middle(ours);
  const name = `Kafka, ${topic.symbols} symbols → ${topic.specs.join(' + ')}, ${(rows / 1e6).toFixed(1)} M rows`;
  return [
    {
      name, value: rows / mdp.seconds, unit: 'rows/s', limitName: `their bare COPY, ${copiers} connections`,
      limit: bare.toSorted((a, b) => a - b)[Math.floor(bare.length / 2)], aim: '≥ 90 %',
    },
    machineRow(name, mdp),
    { name: `${name}: peak memory`, value: mdp.rssBytes / mebibyte, unit: 'MiB', limitName: '', limit: 0, aim: '≤ 160 MiB' },
  ];
}

/** From the first tick that was read until every lane has folded its partition and every row is committed. */
async function readByDaemon(topic: Case, { kafka, postgres }: Servers, into?: string): Promise<Ours> {
  const database = into ?? await postgres.createDatabase(false);
  const config = JSON.stringify({
    name: 'bench', bars: { specs: topic.specs },
    sources: [{
      name: 'ticks', type: 'kafka', topics: [topic.name], brokers: [kafka.bootstrap], group_id: `bench-${database}`,
      fields: { event_time: 'ts' }, ids: 'absent',
    }],
  });
  const daemon = new DaemonProcess({ config, environment: { DATABASE_URL: postgres.url({ database }) } });
  try {
    const begun = await waitFor(daemon, topic, ({ ticks }) => (ticks?.received ?? 0) > 0);
    const [databaseBegun, brokerBegun] = [cpuSecondsOfAll(postgres.pids), cpuSecondsOfAll(kafka.pids)];
    const done = await waitFor(daemon, topic, ({ ticks, rows }) => ticks?.aggregated === topic.ticks && rows?.inFlight === 0);
    return {
      seconds: done.seconds - begun.seconds, cpuSeconds: done.cpuSeconds - begun.cpuSeconds, rssBytes: daemon.peakMemory().daemon,
      database: cpuSecondsOfAll(postgres.pids) - databaseBegun, broker: cpuSecondsOfAll(kafka.pids) - brokerBegun,
    };
  } finally {
    await daemon.stop('SIGKILL');
  }
}

/** Asks often only when there is something to see: each answer takes the daemon a millisecond. */
async function waitFor(
  daemon: DaemonProcess, { ticks: total }: Topic, condition: (status: Partial<PipelineStatus>) => boolean,
): Promise<{ seconds: number; cpuSeconds: number }> {
  for (;;) {
    const status = await daemon.status<Partial<PipelineStatus>>();
    if (condition(status)) return { seconds: performance.now() / 1_000, cpuSeconds: daemon.cpuSeconds() };
    const folded = status.ticks?.aggregated ?? 0;
    await wait(folded > 0 && folded < 0.8 * total ? 250 : 20);
  }
}

/** Of those that run: sessions of the daemon live as long as it does. */
function cpuSecondsOfAll(pids: readonly number[]): number {
  return pids.map(cpuSecondsOf).filter((seconds) => !Number.isNaN(seconds)).reduce((sum, seconds) => sum + seconds, 0);
}

async function readByKafkajs(topic: Case, kafka: TestKafka, args: readonly string[]): Promise<Reading> {
  const script = path.join(import.meta.dirname, 'kafka-reader.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath, [script, kafka.bootstrap, topic.name, String(topic.ticks), ...args]);
  return JSON.parse(stdout) as Reading;
}

function middle<R extends Reading>(readings: readonly R[]): R {
  return readings.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(readings.length / 2)];
}

function best(bySetting: ReadonlyMap<number, readonly Reading[]>): Reading {
  return [...bySetting.values()].map(middle).reduce((one, other) => (one.seconds < other.seconds ? one : other));
}
