/** The whole path but for the database: synthetic ticks → bars → queues → a sink that only counts. */
import { encodeState } from '../../src/checkpoints/encode.ts';
import { loadConfig } from '../../src/config.ts';
import type { LaneCheckpointParts } from '../../src/lane-parts.ts';
import { ofOneLane } from '../../src/model/lane.ts';
import { Shutdown, systemClock } from '../../src/lifecycle.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { rowsImbalance, ticksImbalance } from '../../src/model/status.ts';
import { linesOf, parseIndicators } from '../../src/operators/indicators/parse.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { SinkPoolRunner } from '../../src/sinks/run-sink-pool.ts';
import { StubSink } from '../../src/sinks/stub.ts';
import { createSource } from '../../src/sources/registry.ts';
import type { Source } from '../../src/sources/source.ts';
import type { BenchRow } from './row.ts';

const ticks = 24_000_000;
const startTimeMs = Date.UTC(2026, 0, 5);

export interface Shape {
  readonly symbols: number;
  readonly ticksPerSecond: number;
  readonly ids?: 'absent' | 'monotone';
  readonly specs?: string;
  readonly indicators?: string;
}

const silent = new Proxy({}, { get: () => () => {} }) as never;

function overlay({ symbols, ticksPerSecond, ids = 'absent', specs = '1s,1m,5m', indicators = '' }: Shape, count: number): readonly string[] {
  return [`sources.demo.symbols=${symbols}`, `sources.demo.ticks_per_second=${ticksPerSecond}`, `sources.demo.count=${count}`,
    'sources.demo.speed=max', 'sources.demo.complete=true', `sources.demo.ids=${ids}`, `bars.specs=${specs}`, `indicators.specs=${indicators}`];
}

function source(shape: Shape, count: number, instruments: InstrumentTable): { source: Source; admission: never } {
  const { config } = loadConfig({ file: 'config.yaml', environment: {}, flags: overlay(shape, count) });
  const [demo] = config.sources;
  const { name, type, values } = demo;
  return {
    source: createSource(type, { name, values, instruments, clock: () => startTimeMs, batchSpanMs: Infinity }),
    admission: values as never,
  };
}

/** Seconds and rows for `count` ticks through the whole pipeline. */
export async function through(
  shape: Shape, count: number, checkpoints: Partial<LaneCheckpointParts> = {},
): Promise<{ seconds: number; rows: number }> {
  const { config } = loadConfig({ file: 'config.yaml', environment: {}, flags: overlay(shape, count) });
  const instruments = new InstrumentTable();
  const specs = parseBarSpecs(config.bars.specs);
  const indicators = parseIndicators(config.indicators.specs, specs);
  const names = { instruments, specNames: config.bars.specs, indicatorLines: linesOf(indicators) };
  const made = source(shape, count, instruments);
  const pipeline = new Pipeline({
    name: 'bench',
    sources: [{
      source: made.source, type: 'synthetic', pacing: { max_msgs_per_sec: 0, burst: 0 }, speed: Infinity, complete: true,
      admission: made.admission,
    }],
    lane: {
      instruments, specs, indicators, bars: config.bars, pipeline: config.pipeline, queues: config.queues, sinkPolicy: 'drop_oldest',
      clock: systemClock, events: silent,
      checkpoints: {
        intervalMs: config.checkpoint.interval_ms, write: () => Promise.resolve('written'),
        encode: (of, state) => encodeState(state, { lane: of.name, bytesMax: config.checkpoint.bytes_max }),
        ...checkpoints,
      },
    },
    workers: config.sink.workers,
    createSinkPool: ({ groups }) => new SinkPoolRunner({
      groups, sinks: [new StubSink()], names, retry: config.sink.retry,
      breaker: config.sink.circuit_breaker, batchBytesMax: config.pipeline.max_bytes, clock: systemClock, events: silent,
    }),
    takeLane: (lane) => Promise.resolve({ state: null, start: {
      lane: { ...lane, generation: 1, fromPosition: 0, storedUntilMs: -Infinity }, position: 0, lastRecordHash: null,
      startTimeMs, newestEventTimeMs: null,
    } }),
    store: () => silent, clock: systemClock, events: silent,
  });
  const started = performance.now();
  await pipeline.run(new Shutdown(config.shutdown, systemClock), { untilEnd: true });
  const seconds = (performance.now() - started) / 1_000;
  const status = pipeline.status();
  if (ticksImbalance(status.ticks) !== 0 || rowsImbalance(status.rows) !== 0) throw new Error('a ledger does not balance');
  return { seconds, rows: status.rows.committed };
}

/** The limit: the generator alone. */
async function generatorAlone(shape: Shape, count: number): Promise<number> {
  const { source: alone } = source(shape, count, new InstrumentTable());
  const lane = {
    name: 'bench/demo', source: 'demo', generation: 1, pausable: true, complete: true, fromPosition: 0,
    storedUntilMs: -Infinity,
  };
  const resume = { ...ofOneLane, take: () => Promise.resolve({
    lane, position: 0, lastRecordHash: null, startTimeMs, newestEventTimeMs: null,
  }) };
  const started = performance.now();
  let seen = 0;
  for await (const item of alone.read(resume, new AbortController().signal)) seen += item.kind === 'ticks' ? item.length : 0;
  return seen / ((performance.now() - started) / 1_000);
}

export async function benchPipeline(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const shape of [{ symbols: 200, ticksPerSecond: 100_000 }, { symbols: 5_000, ticksPerSecond: 100_000 }]) {
    await through(shape, ticks / 8); // Warm-up.
    const limit = await generatorAlone(shape, ticks);
    const { seconds, rows: bars } = await through(shape, ticks);
    rows.push({
      name: `synthetic → bars → queue → stub, ${shape.symbols} symbols`, value: ticks / seconds, unit: 'ticks/s',
      limitName: 'the generator alone', limit, aim: shape.symbols === 200 ? '≥ 8,000,000' : '',
    }, {
      name: `  rows of it, ${shape.symbols} symbols`, value: bars / seconds, unit: 'rows/s', limitName: '', limit: 0, aim: '',
    });
  }
  return rows;
}
