import type { LaneBeginning, LaneEvents } from '../src/lane-parts.ts';
import { LaneRuntime } from '../src/lane-runtime.ts';
import { parseBarSpecs } from '../src/model/bar-spec.ts';
import type { LaneState } from '../src/model/checkpoint.ts';
import { InstrumentTable } from '../src/model/instruments.ts';
import type { LiveListener } from '../src/model/live.ts';
import { rowCount, type RowBatch } from '../src/model/rows.ts';
import { laneOf, type PlainTick } from './support/batches.ts';
import { VirtualClock } from './support/virtual-clock.ts';

export const benchSpecs = parseBarSpecs(['1s', '5s']);

const events: LaneEvents = {
  batchTaken: () => null, batchFolded: () => {}, gapRecorded: () => {}, logEnded: () => {}, ticksDropped: () => {}, recordRejected: () => {},
  checkpointWritten: () => {}, checkpointFailed: () => {}, checkpointRefused: () => {}, openBarsDropped: () => {},
};

export interface Bench {
  readonly runtime: LaneRuntime;
  readonly clock: VirtualClock;
  readonly taken: RowBatch[];
  /** Of every checkpoint that was taken. */
  readonly states: LaneState[];
  /** What the sink has taken, as the row ledger has it. */
  rowsImbalance(): number;
}

export interface BenchOptions {
  readonly pausable: boolean;
  readonly complete?: boolean;
  readonly untilMs?: number;
  readonly opPolicy?: 'oldest' | 'newest';
  readonly sinkPolicy?: 'drop_oldest' | 'drop_newest';
  readonly beginning?: LaneBeginning;
  readonly name?: string;
  readonly live?: LiveListener;
  readonly lanesOfSource?: () => number;
  readonly instruments?: InstrumentTable;
  readonly clock?: VirtualClock;
}

/** One lane of ten symbols with its queues, in front of a sink that a test plays. */
export function bench(options: BenchOptions): Bench {
  const instruments = options.instruments ?? new InstrumentTable();
  for (let n = 0; n < 10; n++) instruments.intern('venue', `S${n}`);
  const clock = options.clock ?? new VirtualClock();
  const lane = laneOf({ name: options.name ?? 'test/source', pausable: options.pausable, complete: options.complete ?? false });
  const states: LaneState[] = [];
  const runtime = new LaneRuntime(lane, options.beginning ?? { position: 0, state: null }, {
    instruments, specs: benchSpecs, clock, events, shards: [0, 1], sourceShare: 1, lanesOfSource: options.lanesOfSource ?? (() => 1),
    live: options.live ?? null,
    bars: {
      specs: ['1s', '5s'], out_of_orderness_ms: 500, allowed_lateness_ms: 2_000, max_future_skew_ms: 300_000,
      max_jump_ms: 604_800_000, idle_ms: 5_000,
    },
    admission: {
      ids: 'absent', zero_size: 'reject', off_market: 'exclude', nonpositive_price: 'reject', from: null,
      until: options.untilMs === undefined ? null : String(options.untilMs),
    },
    pipeline: { batch_size: 5, flush_ms: 100, max_bytes: 512_000 },
    queues: {
      op_queue_max: 2, sink_queue_max: 4, op_queue_bytes_max: 1e9, sink_queue_bytes_max: 1e9,
      drop_policy: options.opPolicy ?? 'oldest',
    },
    sinkPolicy: options.sinkPolicy ?? 'drop_oldest',
    checkpoints: {
      intervalMs: 10_000, write: () => Promise.resolve('written'),
      encode: (_, state) => {
        states.push(state);
        return Promise.resolve(new Uint8Array(1));
      },
    },
  });
  const taken: RowBatch[] = [];
  const rowsImbalance = (): number => {
    const { emitted, superseded, dropped, inFlight } = runtime.rows();
    const committed = taken.reduce((sum, batch) => sum + rowCount(batch), 0);
    return emitted - superseded - Object.values(dropped).reduce((sum, count) => sum + count, 0) - inFlight - committed;
  };
  return { runtime, clock, taken, states, rowsImbalance };
}

/** Ticks of ten symbols, one every 10 ms from `first` on. */
export function ticksFrom(made: Bench, first: number, count: number): PlainTick[] {
  return Array.from({ length: count }, (_, n) =>
    ({ eventTimeMs: made.clock.nowMs() + (first + n) * 10, instrument: (first + n) % 10, position: first + n }));
}
