import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { adoptLanes } from '../../../src/store/lane-admin.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { faultSettings, faultTicks } from '../../support/faults/fault-log.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { KafkaFeed, kafkaEntry, kafkaFeeds, messageOf, type KafkaFeedWish } from '../../support/kafka-feed.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { schemaFeeds } from '../../support/schema-feeds.ts';
import { TestRegistry } from '../../support/schema-registry.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const partitions = 3;
const paced = (perSecond: number): object => ({ max_msgs_per_sec: perSecond, burst: 20, batch_ticks: 20 });

describe.skipIf(why !== null)(`bars of a topic, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let trial: Trial;
  let feeds: KafkaFeed[];

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start()]);
    ground = await prepareGround(postgres);
  });
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  const begin = async (name: string, rest: Partial<KafkaFeedWish> = {}): Promise<void> => {
    const logs = Array.from({ length: partitions }, (_, partition) =>
      faultTicks({ seed: seed + partition, records: 600, venue: `${name}-${partition}` }));
    feeds = await kafkaFeeds({ name, kafka, logs, settings: faultSettings, ...rest });
    trial = new Trial(ground, { seed, records: 600, perSecond: 1_000, feeds, name: `trial-${name}` });
  };

  /** Reads on until every lane has read what its partition holds, and its checkpoint says so; then it is asked to end. */
  const toTheEnd = async (run: PipelineRun): Promise<void> => {
    await run.until(isAtEnd);
    run.shutdown.request('the test');
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
  };
  const isAtEnd = ({ lanes }: PipelineStatus): boolean =>
    feeds.every((feed) => lanes.some(({ name, position }) => name === trial.laneOf(feed) && position === feed.end));

  it.each(['bytes', 'kafkajs'])('are those of the oracle, read as %s', async (readPath) => {
    await begin(`plain-${readPath}`, { keys: { read_path: readPath } });
    await toTheEnd(await PipelineRun.start(trial, { untilEnd: false }));
    await expectInvariants(trial, { faults: 1, readAgain: false });
    trial.dispose();
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('are the same from batches compressed by %s', async (codec) => {
    await begin(codec, { codec });
    await toTheEnd(await PipelineRun.start(trial, { untilEnd: false }));
    await expectInvariants(trial, { faults: 1, readAgain: false });
    trial.dispose();
  });

  it.each(Object.keys(schemaFeeds))('are the same from messages of %s, whose schemas are in a registry', async (name) => {
    const { schema, schemaType, keys, tickValue } = schemaFeeds[name];
    const registry = await TestRegistry.start();
    registry.schemas.set(7, { schema, schemaType });
    await begin(schemaType, { tickValue, keys: { ...keys, schema_registry_url: registry.url } });
    const reject = { kind: 'reject', position: 0, reason: 'malformed' } as const;
    await feeds[0].write([reject]);
    await toTheEnd(await PipelineRun.start(trial, { untilEnd: false }));
    await expectInvariants(trial, { faults: 1, readAgain: false });
    expect(new Set(registry.asked)).toEqual(new Set(['/registry/schemas/ids/7']));
    trial.dispose();
    await registry.close();
  });

  it('go on behind the last checkpoint when the process died', async () => {
    await begin('died', { keys: { ...paced(2_000), session_timeout_ms: 1_000 } });
    const died = await PipelineRun.start(trial, { untilEnd: false });
    await died.until(({ lanes }) => lanes.filter(({ checkpoint }) => checkpoint.written > 1).length === partitions);
    await died.crash();
    const restarted = await PipelineRun.start(trial, { untilEnd: false });
    await toTheEnd(restarted);
    expect(restarted.logged.join('')).toMatch(/taken up at position [1-9]/);
    await expectInvariants(trial, { faults: 1, readAgain: true });
    trial.dispose();
  });

  it('are shared among the members of a group, and taken over from one that falls silent', async () => {
    await begin('shared', { keys: { ...paced(300), session_timeout_ms: 1_000 } });
    const one = await PipelineRun.start(trial, { untilEnd: false });
    await one.until(({ lanes }) => lanes.length === partitions && lanes.every(({ checkpoint }) => checkpoint.written > 0));
    const two = await PipelineRun.start(trial, { untilEnd: false });
    await two.until(({ lanes }) => lanes.length > 0);
    await one.until(({ lanes }) => lanes.length < partitions);
    await two.until(({ lanes }) => lanes.length + one.look().lanes.length === partitions);
    await one.crash();
    await two.until(({ lanes }) => lanes.length === partitions);
    await toTheEnd(two);
    await expectInvariants(trial, { faults: 1, readAgain: false });
    trial.dispose();
  });

  it('say what is missing where records were deleted before they were read', async () => {
    await begin('deleted', { keys: { ...paced(200), session_timeout_ms: 1_000 } });
    const first = await PipelineRun.start(trial, { untilEnd: false });
    await first.until(({ lanes }) => lanes.length === partitions && lanes.every(({ position }) => position > 50));
    first.shutdown.request('the test');
    await first.end();
    await kafka.deleteRecords('deleted', 1, 500);
    const second = await PipelineRun.start(trial, { untilEnd: false, keys: { max_msgs_per_sec: 0 } });
    await toTheEnd(second);
    const generations = await trial.database.query<{ part: string; generation: number }>(
      { deadlineMs: 10_000 }, "SELECT name AS part, generation FROM lanes WHERE name LIKE 'trial-deleted/%' ORDER BY 1");
    expect(generations.rows.map(({ generation }) => generation)).toEqual([1, 2, 1]);
    const gaps = await trial.database.query<{ reason: string; lane: string }>(
      { deadlineMs: 10_000 }, "SELECT DISTINCT reason, lane FROM gaps WHERE lane LIKE 'trial-deleted/%'");
    expect(gaps.rows).toEqual([{ reason: 'deleted-records', lane: trial.laneOf(feeds[1]) }]);
    trial.dispose();
  });

  it('stop where their topic was made anew, in words, whatever stands in its partitions now', async () => {
    await begin('anew', { keys: { session_timeout_ms: 1_000 } });
    await toTheEnd(await PipelineRun.start(trial, { untilEnd: false }));
    await kafka.deleteTopic('anew');
    await kafka.createTopic('anew', { partitions });
    const other = faultTicks({ seed: seed + 100, records: 700, venue: 'anew-1' });
    await kafka.produce('anew', other.map((tick) => ({ partition: 1, key: null, value: messageOf(tick) })));
    const run = await PipelineRun.start(trial, { untilEnd: false });
    await run.until(({ sources }) => sources[0].consumer?.partitions.filter(({ problem }) => problem !== null).length === partitions);
    for (const { partition, problem } of run.look().sources[0].consumer!.partitions) {
      expect(problem).toMatch(new RegExp(`anew/${partition} was deleted and made anew.*--rebuild`));
    }
    expect(run.look().lanes).toEqual([]);
    run.shutdown.request('the test');
    await run.end();
    trial.dispose();
  });

  it('leave out what no tick can be read from, and keep it with its place', async () => {
    await begin('poison');
    await kafka.produce('poison', [
      { partition: 0, key: null, value: '{"price":' }, { partition: 0, key: 'k', value: null }, { partition: 0, value: Buffer.from([0xff, 0xfe]) },
    ]);
    const run = await PipelineRun.start(trial, { untilEnd: false });
    await run.until(({ lanes }) => lanes.some(({ name, position }) => name.endsWith('/0') && position === feeds[0].end + 3));
    run.shutdown.request('the test');
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    const { rows } = await trial.database.query<{ place: string; reason: string; bytes: Buffer }>(
      { deadlineMs: 10_000 }, `SELECT place, reason, bytes FROM dead_letters WHERE lane = $1 AND reason = 'malformed' ORDER BY position`,
      [trial.laneOf(feeds[0])]);
    expect(rows.map(({ place }) => place)).toEqual([0, 1, 2].map((index) => `poison/0:${feeds[0].end + index}`));
    expect(rows[0].bytes.toString()).toBe('{"price":');
    trial.dispose();
  });

  it('of a partition that is added later begin when somebody has adopted it', async () => {
    await begin('added', { keys: { session_timeout_ms: 1_000 } });
    await toTheEnd(await PipelineRun.start(trial, { untilEnd: false }));
    await kafka.addPartitions('added', partitions + 1);
    const before = await PipelineRun.start(trial, { untilEnd: false });
    await before.until(({ sources, lanes }) => sources[0].problem !== null && lanes.length === partitions);
    expect(before.look().sources[0].problem).toContain('mdp lanes adopt added');
    before.shutdown.request('the test');
    await before.end();
    await adoptLanes(trial.database, { deadlineMs: 10_000 }, { prefix: 'trial-added/added/added' });
    const after = await PipelineRun.start(trial, { untilEnd: false });
    await after.until(({ sources, lanes }) => sources[0].problem === null && lanes.length === partitions + 1);
    expect(after.look().lanes.filter(({ generation }) => generation === 2)).toHaveLength(partitions);
    after.shutdown.request('the test');
    await after.end();
    trial.dispose();
  });

  it('begin when their topic does', async () => {
    const name = 'later';
    const logs = [faultTicks({ seed, records: 300, venue: name })];
    const [feed] = feeds = [new KafkaFeed(kafkaEntry({ name, kafka, settings: faultSettings }), 0, { name, kafka, logs, settings: faultSettings })];
    trial = new Trial(ground, { seed, records: 300, perSecond: 1_000, feeds, name: 'trial-later' });
    const run = await PipelineRun.start(trial, { untilEnd: false });
    await run.until(({ sources }) => sources[0].disconnects > 0);
    await kafka.createTopic(name, { partitions: 1 });
    await feed.write(logs[0]);
    await toTheEnd(run);
    await expectInvariants(trial, { faults: 1, readAgain: false });
    trial.dispose();
  });
});
