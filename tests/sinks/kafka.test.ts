import { connect as connectTo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type ISocketFactory } from '../../src/kafka/client.ts';
import { ProducerFigures } from '../../src/kafka/producer-figures.ts';
import { kafkaSaslSettings, kafkaSettings, kafkaSslSettings } from '../../src/kafka/settings.ts';
import { systemClock } from '../../src/lifecycle.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { RowBatch } from '../../src/model/rows.ts';
import type { Settings, ValuesOf } from '../../src/model/setting.ts';
import { KafkaSink, type KafkaSinkOptions } from '../../src/sinks/kafka.ts';
import { SinkError } from '../../src/sinks/sink.ts';
import { laneOf } from '../support/batches.ts';
import { eventually } from '../support/eventually.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { PoolRig } from '../support/sink-pool.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { manyRows, noAbort, SinkRig, specNames, type PlainRow } from '../support/sink-rows.ts';
import { describeSink } from './sink-suite.ts';

const why = whyNoKafka();
const indicatorLines = [{ indicator: 'rsi(14)', barSpec: '1m' }, { indicator: 'ema(9)', barSpec: '1m' }, { indicator: 'rsi(3)', barSpec: '5m' }];
const breaker = { failures: 2, reset_ms: 500, drain_reset_ms: 200 };

describe.skipIf(why !== null)(`the Kafka sink${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  let topics = 0;
  let sockets = 0;
  beforeAll(async () => {
    kafka = await TestKafka.start({ listeners: ['proxied'] });
  });
  afterAll(async () => {
    await kafka.dispose();
  });

  const countedSockets: ISocketFactory = ({ host, port, onConnect }) => {
    sockets++;
    return connectTo({ host, port }, onConnect);
  };

  /** A sink on a topic of its own, by way of the proxy, with a client that gives up soon. */
  const sinkOn = async (options: Partial<KafkaSinkOptions> = {}, { requestTimeoutMs = 1_000, topicConfig = {} }: SinkWish = {}): Promise<Rig> => {
    const topic = `bars-${++topics}`;
    await kafka.createTopic(topic, { partitions: 2, config: topicConfig });
    await kafka.createTopic(`${topic}-rsi`);
    const [brokers, names] = [kafka.addresses('proxied'), { instruments: new InstrumentTable(), specNames, indicatorLines }];
    const values = {
      ...defaultsOf(kafkaSettings), sasl: defaultsOf(kafkaSaslSettings), ssl: defaultsOf(kafkaSslSettings), brokers,
      connect_timeout_ms: 500, request_timeout_ms: requestTimeoutMs,
    };
    const figures = new ProducerFigures({ max: 10, moving_average: true, window: 10 }, systemClock);
    const sink = new KafkaSink({
      kafka: createClient({ values, log: () => {}, retry: { retries: 1 }, socketFactory: countedSockets }), brokers, names,
      barsTopic: topic, indicatorTopics: new Map([['rsi', `${topic}-rsi`]]),
      workers: 2, clock: systemClock, deadlineMs: 20_000, breaker, figures, ...options,
    });
    return { sink, topic, rows: new SinkRig(null!, '', names) };
  };

  interface SinkWish {
    readonly requestTimeoutMs?: number;
    readonly topicConfig?: Readonly<Record<string, string>>;
  }

  interface Rig {
    readonly sink: KafkaSink;
    readonly topic: string;
    readonly rows: SinkRig;
  }

  const openSink = async (...wish: Parameters<typeof sinkOn>): Promise<Rig> => {
    const rig = await sinkOn(...wish);
    await rig.sink.open(noAbort);
    return rig;
  };
  const positionsIn = async (topic: string): Promise<number[]> =>
    (await kafka.read(topic)).map(({ value }) => (JSON.parse(String(value)) as { position: number }).position).sort((a, b) => a - b);
  const counted = (rows: readonly PlainRow[], first: number): PlainRow[] => rows.map((row, index) => ({ ...row, position: first + index }));
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  describe('as every sink', () => {
    describeSink({
      make: async () => {
        const { sink, rows: { names } } = await sinkOn();
        return { sink, names };
      },
      dispose: () => Promise.resolve(),
    });
  });

  it('writes every field of a row under its symbol, and the stamp', async () => {
    const { sink, topic, rows } = await openSink();
    const lane = laneOf({ name: 'desk/ticks/t/0', generation: 7 });
    await sink.write(rows.batch([
      { open: 1, high: 4, low: 0.5, close: 2, volume: 8, notional: 20, trades: 3, buyVolume: 5, sellVolume: 2, position: 41, revision: 2 },
      { symbol: 'ETH', volume: 0, notional: 0, state: 2, quality: 2, whole: false, barIndex: 1, high: Infinity },
    ], lane), noAbort);
    const messages = await kafka.read(topic);
    expect(new Map(messages.map(({ key, value }) => [String(key), JSON.parse(String(value)) as unknown]))).toEqual(new Map([
      ['BTC', {
        lane: 'desk/ticks/t/0', venue: 'binance', symbol: 'BTC', bar_spec: '1m', open_time: 1_700_000_040_000, bar_index: 0,
        close_time: 1_700_000_100_000, open: 1, high: 4, low: 0.5, close: 2, volume: 8, notional: 20, vwap: 2.5, trades: 3, buy_volume: 5,
        sell_volume: 2, quality: 0, revision: 2, whole: true, generation: 7, position: 41, state: 3,
      }],
      ['ETH', expect.objectContaining({
        symbol: 'ETH', bar_index: 1, vwap: null, quality: 2, whole: false, generation: 7, state: 2, high: 'Infinity',
      })],
    ]));
    await sink.close();
  });

  it('writes values of indicators to the topic of their name, and others nowhere', async () => {
    const { sink, topic, rows } = await openSink();
    const lane = laneOf({ name: 'desk/ticks/t/0', generation: 7 });
    const values = { ...rows.batch([{ symbol: 'ETH' }], lane), indicators: valuesOf([{ line: 1, value: 3 }, { line: 2, value: 55.5 }, { line: 0, value: NaN }]) };
    await sink.write({ ...values, bars: rows.bars([]) }, noAbort);
    expect(await kafka.read(topic)).toEqual([]);
    const read = await kafka.read(`${topic}-rsi`);
    const row = {
      lane: 'desk/ticks/t/0', venue: 'binance', symbol: 'ETH', bar_spec: '5m', indicator: 'rsi(3)', open_time: 60_000, bar_index: 0,
      close_time: 120_000, value: 55.5, quality: 1, revision: 4, whole: true, generation: 7, position: 17, state: 3,
    };
    expect(read.map(({ key, value }) => [String(key), JSON.parse(String(value)) as unknown])).toEqual([
      ['ETH', row], ['ETH', { ...row, bar_spec: '1m', indicator: 'rsi(14)', value: null }],
    ]);
    expect([sink.wants({ ...rows.batch([]), indicators: valuesOf([{ line: 1, value: 3 }]) }), sink.wants({ ...values, bars: rows.bars([]) })])
      .toEqual([false, true]);
    await sink.close();
  });

  it('writes bars and values to one topic where both have the same', async () => {
    const topic = `both-${++topics}`;
    await kafka.createTopic(topic);
    const { sink, rows } = await openSink({ barsTopic: topic, indicatorTopics: new Map([['rsi', topic], ['ema', topic]]) });
    await sink.write({ ...rows.batch(manyRows(2)), indicators: valuesOf([{ line: 0, value: 1 }, { line: 1, value: 2 }]) }, noAbort);
    expect(await kafka.read(topic)).toHaveLength(4);
    await sink.close();
  });

  it('keeps the rows of a symbol in their order', async () => {
    const { sink, topic, rows } = await openSink();
    for (let batch = 0; batch < 5; batch++) await sink.write(rows.batch(counted(manyRows(500), batch * 500)), noAbort);
    const bySymbol = Map.groupBy(await kafka.read(topic), ({ key }) => String(key));
    expect(bySymbol.size).toBe(50);
    for (const messages of bySymbol.values()) {
      const positions = messages.map(({ value }) => (JSON.parse(String(value)) as { position: number }).position);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    }
    await sink.close();
  });

  it('passes by what has no bars', async () => {
    const { sink, rows } = await sinkOn();
    expect([sink.wants(rows.batch([])), sink.wants(rows.batch([{}]))]).toEqual([false, true]);
  });

  it('writes in smaller pieces where the topic takes no larger ones', async () => {
    const { sink, topic, rows } = await openSink({}, { topicConfig: { 'max.message.bytes': '20000' } });
    await sink.write(rows.batch(counted(manyRows(300), 0)), noAbort);
    expect(await positionsIn(topic)).toEqual(upTo(300));
    await sink.close();
  });

  it('says what to do where a single message is too large', async () => {
    const { sink, rows } = await openSink({}, { topicConfig: { 'max.message.bytes': '300' } });
    await expect(sink.write(rows.batch([{}]), noAbort)).rejects.toMatchObject({
      failure: { kind: 'misconfigured' }, message: expect.stringContaining('max.message.bytes') as unknown,
    });
    await sink.close();
  });

  it('refuses a topic that is not there', async () => {
    const { sink } = await sinkOn({ barsTopic: 'no such topic' });
    await expect(sink.open(noAbort)).rejects.toMatchObject({ failure: { kind: 'misconfigured' } });
    await sink.close();
  });

  /** The brokers have the batch, and the sink is told nothing, however often kafkajs asks. */
  const loseAnswer = async ({ sink, rows }: Rig, batch: RowBatch): Promise<void> => {
    const [proxy] = kafka.proxies;
    const lost = proxy.answersLost;
    proxy.loseAnswerTo(rows.names.instruments.symbol(batch.bars.instrument[0]));
    const writing = sink.write(batch, noAbort);
    writing.catch(() => {});
    await eventually(() => proxy.answersLost > lost);
    proxy.freeze();
    await expect(writing).rejects.toBeInstanceOf(SinkError);
    proxy.thaw();
  };

  it('writes a batch once whose answer was lost', async () => {
    const rig = await openSink();
    const batch = rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 0));
    await loseAnswer(rig, batch);
    await rig.sink.write(batch, noAbort);
    await rig.sink.write(rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 20)), noAbort);
    expect(await positionsIn(rig.topic)).toEqual(upTo(40));
    await rig.sink.close();
  });

  it('loses nothing of the batch that comes in the place of one that was given up', async () => {
    const rig = await openSink();
    await loseAnswer(rig, rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 0)));
    await rig.sink.write(rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 20)), noAbort);
    expect(await positionsIn(rig.topic)).toEqual(upTo(40));
    await rig.sink.close();
  });

  it('loses nothing of another worker while one has no answer', async () => {
    const rig = await openSink();
    const batch = rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 0));
    await loseAnswer(rig, batch);
    await rig.sink.write({ ...rig.rows.batch(counted(manyRows(20, { symbol: 'LOST' }), 20)), shard: 1 }, noAbort);
    await rig.sink.write(batch, noAbort);
    expect(await positionsIn(rig.topic)).toEqual(upTo(40));
    await rig.sink.close();
  });

  it('goes on with what is under way when it is asked again behind its deadline', async () => {
    const rig = await openSink({ deadlineMs: 150 });
    const batch = rig.rows.batch(counted(manyRows(30), 0));
    kafka.proxies[0].freeze();
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(rig.sink.write(batch, noAbort)).rejects.toMatchObject({ failure: { kind: 'unknown' } });
    }
    kafka.proxies[0].thaw();
    await eventually(() => rig.sink.write(batch, noAbort).then(() => true, () => false), 15_000);
    expect(await positionsIn(rig.topic)).toEqual(upTo(30));
    await rig.sink.close();
  });

  it('counts and times what it has written, and what failed', async () => {
    const rig = await openSink();
    expect(rig.sink.producer()).toMatchObject({ connection: 'connected', messages: 0, errors: 0, topics: [] });
    await rig.sink.write(rig.rows.batch(manyRows(100)), noAbort);
    const written = await kafka.read(rig.topic);
    const bytes = written.reduce((sum, { key, value }) => sum + key!.length + value!.length, 0);
    expect(rig.sink.producer()).toMatchObject({
      connection: 'connected', problem: null, messages: 100, bytes, errors: 0,
      topics: [{ topic: rig.topic, messages: 100, bytes, errors: 0, lastMessageAtMs: expect.any(Number) as unknown }],
    });
    expect(rig.sink.producer().topics[0].averageProduceMs).toBeGreaterThan(0);
    kafka.proxies[0].freeze();
    const writing = rig.sink.write(rig.rows.batch([{}]), noAbort);
    await expect(writing).rejects.toBeInstanceOf(SinkError);
    kafka.proxies[0].thaw();
    expect(rig.sink.producer()).toMatchObject({ connection: 'lost', problem: expect.any(String) as unknown, errors: 1, messages: 100 });
    await rig.sink.close();
    expect(rig.sink.producer().connection).toBe('closed');
  });

  it('is closed in time though its brokers do not answer', async () => {
    const clock = new VirtualClock();
    const rig = await openSink({ clock }, { requestTimeoutMs: 300_000 });
    kafka.proxies[0].freeze();
    const writing = rig.sink.write(rig.rows.batch([{}]), noAbort);
    writing.catch(() => {});
    const closing = rig.sink.close();
    await clock.advance(3_000);
    await closing;
    kafka.proxies[0].thaw();
  });

  it('leaves brokers alone between the probes of its breaker, and loses nothing', async () => {
    const { sink, topic, rows } = await sinkOn();
    const rig = new PoolRig({
      sinks: [sink], clock: systemClock, names: rows.names, workers: 2, retry: { base_ms: 1, max_ms: 10, multiplier: 2 },
    });
    const looks: { line: string; sockets: number }[] = [];
    rig.diary.onHappening = () => looks.push({ line: rig.diary.lines.at(-1)!, sockets });
    rig.put(rows.batch(counted(manyRows(40), 0)));
    const running = rig.pool.run();
    await eventually(() => rig.pool.rows.committed === 40);
    await kafka.stop('kill');
    for (const shard of [0, 1]) rig.put({ ...rows.batch(counted(manyRows(40), 40 + 40 * shard)), shard });
    await eventually(() => rig.diary.count('breaker half-open') === 2, 30_000);
    expect(rig.pool.status().producers[0]).toMatchObject({ name: 'kafka', connection: 'lost' });
    await kafka.startAgain();
    rig.close();
    await running;
    const probes = looks.flatMap(({ line, sockets: before }, index) =>
      (line === 'breaker open' ? [looks.slice(index).find((later) => later.line === 'breaker half-open')!.sockets - before] : []));
    // When it opened first, the attempt of the other worker was still under way.
    expect(probes.length).toBeGreaterThanOrEqual(2);
    expect(new Set(probes.slice(1))).toEqual(new Set([0]));
    expect(rig.imbalance()).toBe(0);
    expect(await positionsIn(topic)).toEqual(upTo(120));
  }, 60_000);
});

function valuesOf(values: readonly { readonly line: number; readonly value: number }[]): IndicatorColumns {
  const columns = new IndicatorColumns(values.length);
  for (const { line, value } of values) {
    const row = columns.add();
    columns.line[row] = line;
    columns.value[row] = value;
    [columns.instrument[row], columns.barIndex[row], columns.openTimeMs[row], columns.closeTimeMs[row]] = [0, 0, 60_000, 120_000];
    [columns.quality[row], columns.state[row], columns.revision[row], columns.whole[row], columns.position[row]] = [1, 3, 4, 1, 17];
  }
  return columns;
}

function defaultsOf<S extends Settings>(settings: S): ValuesOf<S> {
  return Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting.default])) as ValuesOf<S>;
}
