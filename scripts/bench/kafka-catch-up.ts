/** A daemon is killed in the middle of a long log: how fast the one after it reads the rest, beside the one before. */
import type { PipelineStatus } from '../../src/model/status.ts';
import { DaemonProcess } from '../../tests/support/daemon.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import { fill, partitions, type Topic } from './kafka-topic.ts';
import type { BenchRow } from './row.ts';

const turns = 3;
const pollMs = 25;
const topic: Topic = { name: 'log', ticks: 4_000_000, symbols: 200, codec: 'none', ticksPerSecond: 20_000 };
/** The process is warm by then: what it does until here is not measured. */
const warmTicks = 500_000;
const killAtTicks = 2_000_000;

export async function benchKafkaCatchUp(): Promise<BenchRow[]> {
  const missing = whyNoPostgres() ?? whyNoKafka();
  if (missing !== null) {
    console.log(`Catching up was not measured: ${missing}`);
    return [];
  }
  const [postgres, kafka] = await Promise.all([TestPostgres.start(['fsync=off']), TestKafka.start({ jvm: ['-Xmx1g', '-XX:TieredStopAtLevel=4'] })]);
  try {
    await kafka.createTopic(topic.name, { partitions, config: { 'retention.ms': '-1' } });
    await fill(kafka.bootstrap, topic);
    const rates: { before: number; after: number }[] = [];
    for (let turn = 0; turn < turns; turn++) rates.push(await killAndCatchUp(postgres, kafka, `turn-${turn}`));
    const { before, after } = rates.toSorted((one, other) => one.after / one.before - other.after / other.before)[Math.floor(turns / 2)];
    return [{
      name: 'Kafka: catching up after a kill', value: after, unit: 'ticks/s', limitName: 'the process before it was killed', limit: before,
      aim: 'the same rate',
    }];
  } finally {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  }
}

/** Ticks per second of both processes, from the time when each was warm. */
async function killAndCatchUp(postgres: TestPostgres, kafka: TestKafka, group: string): Promise<{ before: number; after: number }> {
  const database = await postgres.createDatabase(false);
  const config = JSON.stringify({
    name: 'bench', bars: { specs: ['1s', '1m'] },
    sources: [{
      name: 'ticks', type: 'kafka', topics: [topic.name], brokers: [kafka.bootstrap], group_id: group, fields: { event_time: 'ts' }, ids: 'absent',
    }],
  });
  const environment = { DATABASE_URL: postgres.url({ database }), ENABLE_RATE_LIMIT: 'false' };
  const first = new DaemonProcess({ config, environment });
  try {
    const before = await rateBetween(first, warmTicks, killAtTicks);
    await first.stop('SIGKILL');
    const second = new DaemonProcess({ config, environment });
    try {
      // It begins at the checkpoints of the first one: how much it has to read is not known before.
      return { before, after: await rateBetween(second, warmTicks, 'end') };
    } finally {
      await second.stop('SIGKILL');
    }
  } finally {
    await first.stop('SIGKILL');
  }
}

async function rateBetween(daemon: DaemonProcess, from: number, until: number | 'end'): Promise<number> {
  const begun = await lookUntil(daemon, ({ received }) => received >= from);
  const done = await lookUntil(daemon, ({ received, isBehind }) => (until === 'end' ? !isBehind : received >= until));
  return (done.received - begun.received) / (done.seconds - begun.seconds);
}

interface Look {
  readonly seconds: number;
  readonly received: number;
  readonly isBehind: boolean;
}

async function lookUntil(daemon: DaemonProcess, isSo: (look: Look) => boolean): Promise<Look> {
  for (;;) {
    const { ticks, lanes = [] } = await daemon.status<Partial<PipelineStatus>>();
    const isBehind = lanes.length < partitions || lanes.some(({ position, logEnd }) => logEnd === null || position < logEnd);
    const look = { seconds: performance.now() / 1_000, received: ticks?.received ?? 0, isBehind };
    if (isSo(look)) return look;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
