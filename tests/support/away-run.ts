import { getEventListeners } from 'node:events';
import { serialize } from 'node:v8';
import { MdpError } from '../../src/errors.ts';
import { Shutdown } from '../../src/lifecycle.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import type { Gap } from '../../src/model/gap.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import { rowCount, type RowBatch } from '../../src/model/rows.ts';
import { rowsImbalance, ticksImbalance, type LaneStatus } from '../../src/model/status.ts';
import type { PipelineParts } from '../../src/pipeline-parts.ts';
import { Pipeline, type Outcome } from '../../src/pipeline.ts';
import { SinkPoolRunner } from '../../src/sinks/run-sink-pool.ts';
import type { SinkPoolEvents } from '../../src/sinks/sink-events.ts';
import { SinkError, type Sink } from '../../src/sinks/sink.ts';
import type { OracleSettings } from '../oracle/log.ts';
import { GrowingFeed, type GrowingFeedOptions } from './growing-feed.ts';
import { MemoryStore } from './memory-store.ts';
import { barSettings, rowsOf, silent } from './owner.ts';
import { statusOf } from './pipeline-status.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface AwayWish extends GrowingFeedOptions {
  /** Of both queues of a lane that cannot be paused. */
  readonly policy: 'oldest' | 'newest';
  /** What runs before this one have left. */
  readonly store?: MemoryStore;
}

/** Of 64 queues that rows wait in, each holds 31 batches or 4 KiB. */
export const queueLimits = {
  op_queue_max: 2, sink_queue_max: 2_000, op_queue_bytes_max: 65_536, sink_queue_bytes_max: 262_144,
};
/** So many that handing on the rows of one moment takes longer than reading a tick: the op queue is full now and then. */
export const workers = 64;
/** As long as a database may take for a batch, and for a checkpoint: the defaults of the program. */
const [writeDeadlineMs, statementTimeoutMs] = [30_000, 10_000];
const answerMs = 5;
const nothing = (): void => {};
const silentPool: SinkPoolEvents = {
  rowsTaken: nothing,
  committed: nothing, failedAttempt: nothing, retried: nothing, laneLost: nothing, rowsDropped: nothing, setAside: nothing,
  breakerChanged: nothing,
};

/** What of a pipeline could grow. */
export interface Footprint {
  readonly opBytes: number;
  readonly sinkBytes: number;
  /** Batches, gaps and markers in both queues. */
  readonly items: number;
  readonly openBars: number;
  /** States of checkpoints that were encoded and neither written nor given up. */
  readonly checkpoints: number;
  readonly sleepers: number;
  /** Of the two signals that live as long as the pipeline. */
  readonly listeners: number;
}

/**
 * A whole pipeline with one lane, on a virtual clock, over a database that can stop answering: what is asked of it then ends
 * with a deadline, also where it is back before that.
 */
export class AwayRun {
  readonly clock = new VirtualClock();
  readonly instruments = new InstrumentTable();
  readonly store: MemoryStore;
  /** That were stored. */
  readonly gaps: Gap[] = [];
  readonly feed: GrowingFeed;
  readonly pipeline: Pipeline;
  isAway = false;
  /** Attempts that nobody answered. */
  unanswered = 0;
  outcome: Outcome | null = null;
  readonly #settings: OracleSettings;
  readonly #shutdown = new Shutdown({ timeout_ms: 3_600_000 }, this.clock);
  readonly #running: Promise<void>;
  #checkpoints = 0;

  constructor(wish: AwayWish) {
    this.store = wish.store ?? new MemoryStore();
    this.#settings = wish.settings;
    this.feed = new GrowingFeed(wish, this.clock, this.instruments);
    this.pipeline = new Pipeline(this.#parts(wish));
    this.#running = this.pipeline.run(this.#shutdown, { untilEnd: false }).then((outcome) => { this.outcome = outcome; });
  }

  get lane(): LaneStatus {
    return this.pipeline.status().lanes[0];
  }

  /** Both ledgers, 0 at every look. */
  imbalance(): { ticks: number; rows: number } {
    const { ticks, rows } = this.pipeline.status();
    return { ticks: ticksImbalance(ticks), rows: rowsImbalance(rows) };
  }

  footprint(): Footprint {
    const { lanes: [{ opQueue, sinkQueue, openBars }] } = this.pipeline.status();
    const { drain, force } = this.#shutdown;
    return {
      opBytes: opQueue.bytes, sinkBytes: sinkQueue.bytes, items: opQueue.depth + sinkQueue.depth, openBars,
      checkpoints: this.#checkpoints, sleepers: this.clock.sleepers,
      listeners: getEventListeners(drain, 'abort').length + getEventListeners(force, 'abort').length,
    };
  }

  /** Lets time pass until `isDone`; returns how much, ms. */
  async until(isDone: () => boolean, longestMs: number): Promise<number> {
    const sinceMs = this.clock.nowMs();
    while (!isDone()) {
      if (this.clock.nowMs() - sinceMs >= longestMs) throw new Error(`in vain: ${JSON.stringify(this.pipeline.status())}`);
      await this.clock.advance(100);
    }
    return this.clock.nowMs() - sinceMs;
  }

  /** Ends in order. */
  async end(): Promise<Outcome> {
    this.#shutdown.request('the test');
    await this.until(() => this.outcome !== null, 60_000);
    await this.#running;
    this.#shutdown.finish();
    return this.outcome!;
  }

  #parts({ policy }: AwayWish): PipelineParts {
    const { clock, instruments } = this;
    const settings = this.#settings;
    const specs = parseBarSpecs(settings.specs);
    const names = { instruments, specNames: specs.map((spec) => spec.name) };
    return {
      name: 'test', clock, events: silent, workers, store: () => statusOf().store,
      sources: [{
        source: this.feed, type: 'growing', pacing: { max_msgs_per_sec: 0, burst: 0 }, speed: Infinity, complete: false,
        admission: {
          ids: settings.ids, zero_size: settings.zeroSize, off_market: settings.offMarket,
          nonpositive_price: settings.nonPositivePrice, from: null, until: null,
        },
      }],
      lane: {
        instruments, specs, clock, events: silent, bars: barSettings(settings),
        sinkPolicy: policy === 'oldest' ? 'drop_oldest' : 'drop_newest',
        pipeline: { batch_size: 1, flush_ms: 100, max_bytes: 512_000 }, queues: { ...queueLimits, drop_policy: policy },
        checkpoints: {
          intervalMs: 10_000,
          encode: (_, state) => {
            this.#checkpoints++;
            return Promise.resolve(serialize(state));
          },
          write: async (checkpoint) => {
            await this.#answer(statementTimeoutMs, () => new MdpError('store-unavailable', 'no answer'));
            this.#checkpoints--;
            return this.store.write(checkpoint);
          },
        },
      },
      createSinkPool: ({ groups, onLaneLost }) => new SinkPoolRunner({
        groups, onLaneLost, sinks: [this.#sink(names.specNames)], names, clock, events: silentPool, random: () => 0.5,
        retry: { base_ms: 50, max_ms: 30_000, multiplier: 2 }, batchBytesMax: 512_000,
        breaker: { failures: 5, reset_ms: 30_000, drain_reset_ms: 1_000 },
      }),
      takeLane: (lane) => Promise.resolve(this.store.take(lane, 'resume')),
    };
  }

  #sink(specNames: readonly string[]): Sink {
    return {
      name: 'memory', open: () => Promise.resolve(), close: () => Promise.resolve(),
      write: async (batch: RowBatch, abort) => {
        await this.#answer(writeDeadlineMs, () => new SinkError({ kind: 'unavailable' }, 'no answer'), abort);
        this.store.commit(batch.lane, rowsOf(batch, this.instruments, specNames));
        this.gaps.push(...batch.gaps);
        return { committed: rowCount(batch), outdated: 0, direct: 0, setAside: [], fellBack: false };
      },
    };
  }

  async #answer(deadlineMs: number, refusal: () => Error, abort?: AbortSignal): Promise<void> {
    if (!this.isAway) return this.clock.wait(answerMs, abort);
    this.unanswered++;
    await this.clock.wait(deadlineMs, abort);
    throw refusal();
  }
}
