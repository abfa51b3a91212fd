import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstrumentTable } from '../../../src/model/instruments.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { KafkaRun, plainTicks } from '../../support/kafka-run.ts';

const why = whyNoKafka();
const startMs = 1_600_000_000_000;
const tick = (n: number): string => JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: startMs + 100 * n });

describe.skipIf(why !== null)(`a source that reads Kafka${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start();
  });
  afterAll(() => kafka.dispose());

  /** Message n of a partition has the time n s of its log. */
  const write = async (topic: string, partition: number, values: readonly string[]): Promise<void> => {
    await kafka.produce(topic, values.map((value, n) => ({ partition, value, timestampMs: startMs + 1_000 * n })), { recordsPerBatch: 7 });
  };
  const ticks = (count: number): string[] => Array.from({ length: count }, (_, n) => tick(n));

  describe('begins a partition that was never read', () => {
    beforeAll(async () => {
      await kafka.createTopic('begun', { partitions: 2 });
      for (const partition of [0, 1]) await write('begun', partition, ticks(100));
    });

    it.each([
      ['earliest', 200], ['latest', 0], [new Date(startMs + 60_000).toISOString(), 80], [new Date(startMs + 59_500).toISOString(), 80],
      [new Date(startMs - 1).toISOString(), 200], [new Date(startMs + 1_000_000).toISOString(), 0],
    ])('at %s', async (start, there) => {
      const run = new KafkaRun(kafka, { keys: { topics: ['begun'], start } });
      await run.until(() => run.consumer.partitions.length === 2 && run.consumer.partitions.every(({ lag }) => lag === 0));
      expect(run.ticks).toBe(there);
      const before = run.consumer.partitions.map(({ position }) => position);
      await kafka.produce('begun', [0, 1].map((partition) => ({ partition, value: 'oops' }))); // Counted, and no tick.
      await run.until(() => run.consumer.partitions.every(({ position }, index) => position === before[index] + 1));
      await run.stop();
    });
  });

  describe('where a bad message is to stop its lane (kafka.batch_error_isolation: false)', () => {
    it.each(['bytes', 'kafkajs'] as const)('reads up to it, says where it stands, and reads the other partitions on: %s', async (read_path) => {
      const topic = `stops-${read_path}`;
      await kafka.createTopic(topic, { partitions: 2 });
      await write(topic, 0, [...ticks(40), '{"price":', ...ticks(20)]);
      await write(topic, 1, ticks(30));
      const off = new KafkaRun(kafka, { keys: { topics: [topic], read_path }, kafka: { batch_error_isolation: false } });
      await off.until(({ problem }) => problem !== null && off.ticks === 70);
      expect(off.status.problem).toMatch(new RegExp(`^Kafka partition ${topic}/0: The message at offset 40 cannot be read \\(malformed: .*batch_error_isolation`));
      await write(topic, 1, ticks(5));
      await off.until(() => off.ticks === 75);
      const partitions = off.consumer.partitions.map(({ partition, state, position }) => [partition, state, position] as const);
      expect(partitions.sort(([a], [b]) => a - b)).toEqual([[0, 'failed', 40], [1, 'reading', 35]]);
      expect([off.runner.failure, off.consumer.crashes]).toEqual([null, 0]);
      await off.stop();
      const on = new KafkaRun(kafka, { keys: { topics: [topic], read_path } });
      await on.until(({ problem }) => problem === null && on.ticks === 95);
      await on.stop();
    });
  });

  describe('that is held back for longer than a session stays who it is in its group, and loses nothing', () => {
    /** Over two sessions of 1 s. */
    const heldMs = 2_500;
    const keysOf = (topic: string): object => ({ topics: [topic], group_id: `group-${topic}`, session_timeout_ms: 1_000 });
    const membersOf = async (topic: string): Promise<string[]> => (await kafka.group(`group-${topic}`)).members.map(({ id }) => id);

    it('because no row can be written', async () => {
      await kafka.createTopic('held');
      await write('held', 0, ticks(50));
      let isOpen = false;
      const run = new KafkaRun(kafka, { keys: keysOf('held'), sinkReady: () => eventually(() => isOpen) });
      await run.until(() => run.consumer.partitions[0]?.state === 'reading');
      const before = await membersOf('held');
      await wait(heldMs);
      expect([await membersOf('held'), run.ticks, run.consumer.joins]).toEqual([before, 0, 1]);
      isOpen = true;
      await run.until(() => run.ticks === 50);
      expect([run.consumer.joins, run.consumer.crashes, before.length]).toEqual([1, 0, 1]);
      await run.stop();
    });

    it('because one lane has no room, while the other partitions are read on', async () => {
      await kafka.createTopic('full', { partitions: 3 });
      for (const partition of [0, 1, 2]) await write('full', partition, ticks(50));
      const full = new Set(['full/1']);
      const run = new KafkaRun(kafka, { keys: keysOf('full'), full });
      const states = (): string => run.consumer.partitions.map(({ partition, state }) => `${partition} ${state}`).sort().join();
      await run.until(() => run.ticks === 100 && states() === '0 reading,1 full,2 reading');
      const before = await membersOf('full');
      await wait(heldMs);
      await write('full', 0, ticks(10));
      await write('full', 1, ticks(10));
      await run.until(() => run.ticks === 110);
      expect([await membersOf('full'), run.consumer.joins, states()]).toEqual([before, 1, '0 reading,1 full,2 reading']);
      full.clear();
      await run.until(() => run.ticks === 170);
      expect([run.consumer.joins, run.consumer.crashes]).toEqual([1, 0]);
      await run.stop();
    });
  });

  it('outlives an error of the kind that makes kafkajs stop for good, and gives up when it comes again and again', async () => {
    await kafka.createTopic('faulty');
    await write('faulty', 0, ticks(20));
    const once = new KafkaRun(kafka, { keys: { topics: ['faulty'] }, instruments: new FaultyTable(1) });
    await once.until(() => once.ticks === 20);
    expect(once.status.disconnects).toBe(1);
    await once.stop();
    const always = new KafkaRun(kafka, { keys: { topics: ['faulty'] }, instruments: new FaultyTable(Infinity) });
    await always.until(({ state }) => state === 'failed', 60_000);
    expect(always.runner.failure).toMatchObject({ code: 'source-failed', message: expect.stringContaining('planted') as unknown });
    await always.stop();
  });

  it('tells the group how far it is when it is asked to end, and leaves it', async () => {
    await kafka.createTopic('left', { partitions: 2 });
    for (const partition of [0, 1]) await write('left', partition, ticks(100));
    const paced = { max_msgs_per_sec: 100, burst: 10, batch_ticks: 10 }; // The first checkpoint comes after a second, and long before the end.
    const source = {
      name: 'ticks', type: 'kafka', topics: ['left'], brokers: [kafka.bootstrap], group_id: 'leaving', venue: 'v', ...plainTicks, ...paced,
    };
    const daemon = new DaemonProcess({ config: JSON.stringify({
      name: 'left', sources: [source], bars: { specs: ['1s'] }, checkpoint: { interval_ms: 3_600_000 },
    }) });
    try {
      await daemon.ready();
      await eventually(async () => (await daemon.status<{ ticks: { received: number } }>()).ticks.received === 200);
      expect((await kafka.group('leaving')).members).toHaveLength(1);
      daemon.signal('SIGTERM');
      expect(await daemon.ended()).toBe(0);
      const { members, committed } = await kafka.group('leaving');
      expect([members, committed]).toEqual([[], { 'left-0': 100, 'left-1': 100 }]);
    } finally {
      await daemon.stop('SIGKILL');
    }
  });
});

/** A fault of the program in the middle of reading, so many times. */
class FaultyTable extends InstrumentTable {
  #left: number;

  constructor(times: number) {
    super();
    this.#left = times;
  }

  override intern(venue: string, symbol: string): number {
    if (this.#left-- > 0) throw new TypeError('planted');
    return super.intern(venue, symbol);
  }
}
