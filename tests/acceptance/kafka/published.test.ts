import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { differencesOf, type ActualBar } from '../../oracle/compare.ts';
import { foldLog } from '../../oracle/fold.ts';
import { valueDifferences, type ActualValue } from '../../oracle/values.ts';
import { eventually } from '../../support/eventually.ts';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { faultSettings, faultTicks } from '../../support/faults/fault-log.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { freshName, journalOptions, prepareGround, Trial, type TrialGround } from '../../support/faults/trial.ts';
import { linesOf } from '../../support/feeds.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { kafkaFeeds, type KafkaFeed } from '../../support/kafka-feed.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { storedTable, storedValues } from '../../support/stored-table.ts';
import { parseExposition } from '../../support/exposition.ts';
import { TopicReader } from '../../support/topic-reader.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const partitions = 2;
const records = 700;

/** A message of the topic of bars, by the names of docs/topics.md. */
interface Message {
  readonly venue: string;
  readonly symbol: string;
  readonly bar_spec: string;
  readonly open_time: number;
  readonly generation: number;
  readonly position: number;
  readonly state: number;
}

describe.skipIf(why !== null)(`bars in a topic, seed ${seed}${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let trial: Trial;
  let feeds: KafkaFeed[];
  const runs: DaemonRun[] = [];
  const readers: TopicReader[] = [];

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start()]);
    ground = await prepareGround(postgres);
  });
  afterEach(async () => {
    await Promise.all([...runs.splice(0).map((run) => run.kill()), ...readers.splice(0).map((reader) => reader.stop())]);
    trial.dispose();
  });
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  /** Returns what its topics begin with. */
  const begin = async (wanted: string, sections: Readonly<Record<string, object>> = {}): Promise<string> => {
    const name = freshName(ground, wanted);
    const logs = Array.from({ length: partitions }, (_, partition) =>
      faultTicks({ seed: seed + partition, records, venue: `${name}-${partition}` }));
    const keys = { max_msgs_per_sec: 400, burst: 10, batch_ticks: 10, session_timeout_ms: 1_000 };
    feeds = await kafkaFeeds({ name, kafka, logs, settings: faultSettings, keys });
    for (const what of ['bars', 'rsi']) await kafka.createTopic(`${name}-${what}`, { partitions: 3 });
    trial = new Trial(ground, {
      seed, records, perSecond: 1_000, feeds, name: `trial-${name}`, sections: {
        // A restart has much to do again.
        checkpoint: { interval_ms: 60_000 },
        sink: {
          workers: 2, deadline_ms: 5_000, retry: { base_ms: 10, max_ms: 200 },
          kafka: { bars_topic: `${name}-bars`, indicator_topics: [`rsi=${name}-rsi`] },
        },
        kafka: { brokers: [kafka.bootstrap], request_timeout_ms: 1_000, circuit_breaker: { threshold: 2, reset_ms: 200 } },
        ...sections,
      },
    });
    return name;
  };
  const start = async (keys: object = {}): Promise<DaemonRun> => {
    const run = await DaemonRun.start(trial, { untilEnd: false, keys });
    runs.push(run);
    return run;
  };
  const startReader = async (topic: string): Promise<TopicReader> => {
    const reader = await TopicReader.start(kafka.bootstrap, topic);
    readers.push(reader);
    return reader;
  };
  const messages = async (): Promise<Message[]> =>
    (await kafka.read(`${feeds[0].entry.name}-bars`)).map(({ value }) => JSON.parse(String(value)) as Message);
  const atEnd = (run: DaemonRun): Promise<void> => eventually(() => feeds.every((feed) =>
    run.status?.lanes.some(({ name, position }) => name === trial.laneOf(feed) && position === feed.end) === true));
  const end = async (run: DaemonRun): Promise<void> => {
    await atEnd(run);
    run.daemon.signal('SIGTERM');
    expect(await run.ended()).toBe(0);
  };
  const venues = async (): Promise<string[]> => {
    const logs = (await Promise.all(feeds.map((feed) => feed.log()))).flat();
    return [...new Set(logs.flatMap((record) => (record.kind === 'tick' ? [record.venue] : [])))];
  };
  /** What a reader has once it has this; what it has then, or after a while. */
  const readerHas = async <T extends Keyed>(reader: TopicReader, wordsOf: (row: Record<string, unknown>) => T, expected: T[]): Promise<T[]> => {
    let kept: T[] = [];
    await eventually(async () => {
      kept = sorted((await reader.rows()).map(wordsOf));
      return isDeepStrictEqual(kept, expected);
    }).catch(() => expect(kept).toEqual(expected));
    return kept;
  };
  const checkpoints = async (): Promise<Map<string, number>> => {
    const { rows } = await trial.database.query<{ lane: string; position: number }>(
      { deadlineMs: 10_000 }, 'SELECT lane, position FROM lane_checkpoints WHERE lane LIKE $1', [`${trial.name}/%`]);
    return new Map(rows.map(({ lane, position }) => [lane, position]));
  };

  const expectFigures = async ({ daemon }: DaemonRun, written: readonly string[]): Promise<void> => {
    const { sink: { producers: [producer] } } = await daemon.status<PipelineStatus>();
    expect(producer).toMatchObject({ name: 'kafka', connection: 'connected', breaker: 'closed', errors: 0, problem: null });
    expect(producer.topics.map(({ topic }) => topic).sort()).toEqual(written);
    expect(producer.topics.reduce((sum, { messages: count }) => sum + count, 0)).toBe(producer.messages);
    expect(producer.bytes).toBeGreaterThan(100 * producer.messages);
    const page = parseExposition(await (await fetch(`${await daemon.ready()}/metrics`)).text());
    expect(page.value('mdp_kafka_produced_messages_total', { sink: 'kafka' })).toBeGreaterThanOrEqual(producer.messages);
    expect(page.value('mdp_kafka_producer_connected', { sink: 'kafka' })).toBe(1);
  };

  it('are the table of the database to whoever reads as the manual says, over a crash', async () => {
    const topics = [await begin('read')].flatMap((name) => [`${name}-bars`, `${name}-rsi`]);
    const reading = Promise.all(topics.map(startReader));
    const died = await start();
    const [reader, rsiReader] = await reading;
    await eventually(async () => (await messages()).length > 200);
    await died.kill();
    const atCrash = (await messages()).length;
    const again = await start();
    await atEnd(again);
    await expectFigures(again, topics);
    await end(again);
    await expectInvariants(trial, { faults: 1, readAgain: true });
    const table = sorted(await storedTable(trial.database, await venues()));
    const kept = await readerHas(reader, barOf, table);
    const values = await readerHas(rsiReader, valueOf, sorted(await storedValues(trial.database, await venues())));
    for (const feed of feeds) {
      const { bars } = foldLog(await feed.log(), feed.settings);
      const own = new Set(bars.map(({ venue }) => venue));
      expect(differencesOf(bars, kept.filter(({ venue }) => own.has(venue))).slice(0, 10)).toEqual([]);
      expect(valueDifferences(bars, values.filter(({ venue }) => own.has(venue)), { lines: linesOf() }).slice(0, 10)).toEqual([]);
    }
    expect(values.filter(({ value }) => value !== null).length).toBeGreaterThan(100);
    const all = await messages();
    const distinct = new Set(all.map((message) => JSON.stringify(message)));
    reached('200 messages before the crash', atCrash > 200);
    reached('rows that were written again', all.length > distinct.size);
  });

  it('hold the checkpoint back while their topic is away: after a crash none is missing', async () => {
    const name = await begin('away', { checkpoint: { interval_ms: 100 } });
    const died = await start();
    await eventually(() => died.status?.lanes.length === partitions && died.status.lanes.every(({ checkpoint }) => checkpoint.position! > 100));
    await kafka.deleteTopic(`${name}-bars`);
    await eventually(() => died.status?.sink.producers[0]?.breaker === 'open');
    const health = await (await fetch(`${await died.daemon.ready()}/health`)).json() as { rows: { part: string; name: string; status: string; message: string }[] };
    expect(health.rows.find((row) => row.part === 'kafka' && row.name === 'kafka')).toMatchObject({
      status: 'degraded', message: expect.stringMatching(/left alone.*Rows wait; nothing is lost/) as unknown,
    });
    const held = await checkpoints();
    await eventually(() => died.status!.sink.batchesFailed.unknown >= 5);
    expect(await checkpoints()).toEqual(held);
    await died.kill();
    await kafka.createTopic(`${name}-bars`, { partitions: 3 });
    await end(await start({ max_msgs_per_sec: 0 }));
    await expectInvariants(trial, { faults: 1, readAgain: true });
    const there = new Set((await messages()).map(stampOf));
    for (const feed of feeds) {
      const { bars } = foldLog(await feed.log(), feed.settings);
      const behind = bars.filter(({ position }) => position >= held.get(trial.laneOf(feed))!);
      reached('50 bars behind the checkpoint', behind.length > 50);
      const missing = behind.filter(({ venue, symbol, spec, openTimeMs, position }) =>
        !there.has(stampOf({ venue, symbol, bar_spec: spec, open_time: openTimeMs, generation: 1, position, state: 3 })));
      expect(missing).toEqual([]);
    }
  });
});

function stampOf({ venue, symbol, bar_spec, open_time, generation, position, state }: Message): string {
  return [venue, symbol, bar_spec, open_time, generation, position, state].join(' ');
}

/** A bar of the topic in the oracle's words. */
function barOf(row: Record<string, unknown>): ActualBar {
  const { buy_volume: buyVolume, sell_volume: sellVolume, ...same } = inWordsOf(row);
  return { ...same, buyVolume, sellVolume } as unknown as ActualBar;
}

/** A value of the topic in the oracle's words. */
function valueOf(row: Record<string, unknown>): ActualValue {
  return inWordsOf(row) as unknown as ActualValue;
}

function inWordsOf(row: Record<string, unknown>): Record<string, unknown> {
  const { lane: _, generation: __, bar_index: ___, bar_spec: spec, open_time: openTimeMs, close_time: closeTimeMs, ...same } = row;
  return { ...same, spec, openTimeMs, closeTimeMs };
}

interface Keyed {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly openTimeMs: number;
}

function sorted<T extends Keyed>(rows: readonly T[]): T[] {
  const keyOf = ({ venue, symbol, spec, openTimeMs }: T): string => `${venue} ${symbol} ${spec} ${openTimeMs}`;
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
