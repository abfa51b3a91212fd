import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { Shutdown } from '../../src/lifecycle.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane, TakeMode } from '../../src/model/lane.ts';
import { rowCount, type RowBatch } from '../../src/model/rows.ts';
import { rowsImbalance, ticksImbalance, type PipelineStatus } from '../../src/model/status.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import type { AdmissionSettings } from '../../src/operators/admission.ts';
import type { PipelineParts } from '../../src/pipeline-parts.ts';
import { Pipeline, type Outcome, type SourcePart } from '../../src/pipeline.ts';
import { SinkPoolRunner } from '../../src/sinks/run-sink-pool.ts';
import { SinkError, type Sink } from '../../src/sinks/sink.ts';
import type { Source } from '../../src/sources/source.ts';
import type { OracleSettings } from '../oracle/log.ts';
import type { Scenario } from './log-generator.ts';
import type { MemoryStore, StoredRows } from './memory-store.ts';
import { statusOf } from './pipeline-status.ts';
import { itemsOf } from './program-fold.ts';
import { PoolDiary } from './sink-pool.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface OwnerOptions {
  /** How the lanes are taken up for the first time. */
  readonly mode?: TakeMode;
  /** By the name of its source. */
  readonly logs: Readonly<Record<string, Scenario>>;
  readonly workers?: number;
}

/** What a process waits for of the outside. */
export type Outside = 'batch' | 'lane' | 'encode' | 'checkpoint' | 'commit';

interface Gate {
  readonly kind: Outside;
  readonly open: () => void;
}

const nothing = (): void => {};
/** Of a pipeline that nobody listens to. */
export const silent: PipelineParts['events'] & PipelineParts['lane']['events'] = {
  batchRead: nothing, sourceStarted: nothing, sourceEnded: nothing, sourceDisconnected: nothing, sourceFailed: nothing,
  batchTaken: () => null, batchFolded: nothing, gapRecorded: nothing, logEnded: nothing, ticksDropped: nothing, recordRejected: nothing,
  checkpointWritten: nothing, checkpointFailed: nothing, checkpointRefused: nothing, openBarsDropped: () => {},
};

/**
 * A process with a whole pipeline in it, over a store that others may use too. Whatever it awaits of the outside (a batch
 * of its log, a lane, an encoded state, a transaction and the answer to it) waits until a test lets it go on: a process
 * that is not let on stands still, and one that never is was killed.
 */
export class Owner {
  readonly clock = new VirtualClock();
  readonly pipeline: Pipeline;
  readonly instruments = new InstrumentTable();
  /** Not let on but by `letOn`. */
  readonly held = new Set<Outside>();
  /** Once it has ended. */
  outcome: Outcome | null = null;
  error: unknown = null;
  readonly #store: MemoryStore;
  readonly #options: OwnerOptions;
  readonly #shutdown = new Shutdown({ timeout_ms: 3_600_000 }, this.clock);
  #gates: Gate[] = [];
  readonly #seen = new Set<string>();

  constructor(store: MemoryStore, options: OwnerOptions) {
    this.#store = store;
    this.#options = options;
    this.pipeline = new Pipeline(this.#parts());
    this.pipeline.run(this.#shutdown, { untilEnd: false }).then(
      (outcome) => { this.outcome = outcome; }, (error: unknown) => { this.error = error; },
    );
  }

  /** How many wait to be let on, without those that are held. */
  get waiting(): number {
    return this.#free.length;
  }

  get hasEnded(): boolean {
    return this.outcome !== null || this.error !== null;
  }

  /** Lets one of those that wait go on, and everything behind it that needs no leave. */
  async step(which = 0): Promise<void> {
    if (this.waiting > 0) await this.#open(this.#free[which % this.waiting]);
  }

  /** Lets the first `times` of a kind go on. A call to the outside waits twice: for leave, and for the answer. */
  async letOn(kind: Outside, times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      const ofKind = (one: Gate): boolean => one.kind === kind;
      for (let wait = 0; wait < 10 && !this.#gates.some(ofKind); wait++) await this.pass(10);
      const gate = this.#gates.find(ofKind);
      if (gate === undefined) throw new Error(`no ${kind} waits, but ${this.#gates.map((one) => one.kind).join(', ')}`);
      await this.#open(gate);
    }
  }

  /** Lets time pass and all go on that is not held. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.run(() => this.clock.nowMs() >= untilMs, 10);
  }

  /** Lets time pass and all go on that waits, and that again, until `isDone`. */
  async run(isDone: () => boolean, stepMs = 100): Promise<void> {
    for (let passedMs = 0; passedMs < 600_000 && !isDone(); passedMs += stepMs) {
      while (this.waiting > 0) await this.step();
      await this.clock.advance(stepMs);
    }
    if (!isDone()) throw new Error(`waited in vain for ${isDone.toString()}: ${JSON.stringify(this.status())}`);
  }

  /** The same, until its logs are read and nothing has moved for a while. */
  async runDry(): Promise<void> {
    let quietAtMs = this.clock.nowMs();
    await this.run(() => {
      const { sources, ticks, rows } = this.status();
      const isBusy = sources.some(({ state }) => state !== 'ended' && state !== 'failed');
      if (isBusy || this.waiting + ticks.inFlight + rows.inFlight > 0) quietAtMs = this.clock.nowMs();
      return this.clock.nowMs() - quietAtMs > 600;
    });
  }

  /** Ends in order: sources stop, everything is written, and a last checkpoint. */
  async end(): Promise<Outcome> {
    this.#shutdown.request('the test');
    await this.run(() => this.hasEnded);
    if (this.outcome === null) throw this.error;
    return this.outcome;
  }

  force(): void {
    this.#shutdown.forceNow('the test');
  }

  /** Both ledgers, 0 at every look. */
  imbalance(): { ticks: number; rows: number } {
    const status = this.status();
    return { ticks: ticksImbalance(status.ticks), rows: rowsImbalance(status.rows) };
  }

  status(): PipelineStatus {
    return this.pipeline.status();
  }

  #parts(): PipelineParts {
    const { logs, workers = 2, mode = 'resume' } = this.#options;
    const { clock, instruments } = this;
    const [{ settings }] = Object.values(logs);
    const specs = parseBarSpecs(settings.specs);
    const names = { instruments, specNames: specs.map((spec) => spec.name) };
    return {
      name: 'test', clock, events: silent, workers, store: () => statusOf().store,
      sources: Object.entries(logs).map(([name, log]) => this.#source(name, log)),
      lane: {
        instruments, specs, clock, events: silent, bars: barSettings(settings), sinkPolicy: 'drop_oldest',
        pipeline: { batch_size: 3, flush_ms: 20, max_bytes: 512_000 },
        queues: {
          op_queue_max: 2, sink_queue_max: 12, op_queue_bytes_max: 1e9, sink_queue_bytes_max: 1e9, drop_policy: 'oldest',
        },
        checkpoints: {
          intervalMs: 100, encode: (_, state) => this.#call('encode', () => serialize(state)),
          write: (checkpoint) => this.#call('checkpoint', () => this.#store.write(checkpoint)),
        },
      },
      createSinkPool: ({ groups, onLaneLost }) => new SinkPoolRunner({
        groups, onLaneLost, sinks: [this.#sink(names.specNames)], names, clock, events: new PoolDiary(), random: () => 0.5,
        retry: { base_ms: 50, max_ms: 400, multiplier: 2 }, breaker: { failures: 5, reset_ms: 500, drain_reset_ms: 100 },
        batchBytesMax: 512_000,
      }),
      takeLane: (lane, request) => this.#call('lane', () => {
        const isFirst = !this.#seen.has(lane.name);
        const granted = this.#store.take(lane, isFirst && request.repeatable ? mode : 'resume');
        this.#seen.add(lane.name);
        return granted;
      }),
    };
  }

  #source(name: string, log: Scenario): SourcePart {
    const read = (...args: Parameters<Source['read']>): AsyncIterable<TickBatch> => this.#read(log, ...args);
    const { ids, zeroSize, offMarket, nonPositivePrice, fromMs, untilMs, complete } = log.settings;
    const admission: AdmissionSettings = {
      ids, zero_size: zeroSize, off_market: offMarket, nonpositive_price: nonPositivePrice,
      from: fromMs === null ? null : String(fromMs), until: untilMs === null ? null : String(untilMs),
    };
    return {
      source: { name, pausable: true, read }, type: 'scripted', pacing: { max_msgs_per_sec: 0, burst: 0 },
      speed: Infinity, complete, admission,
    };
  }

  async *#read(scenario: Scenario, resume: Parameters<Source['read']>[0], drain: AbortSignal): AsyncGenerator<TickBatch> {
    const start = await resume.take({ logIdentity: 'log', repeatable: true });
    const { position, lastRecordHash } = start;
    if (lastRecordHash !== null && lastRecordHash !== hashOf(position - 1)) throw new Error('restored behind another record');
    const log = scenario.log.filter((record) => record.position >= position);
    for (const item of itemsOf({ ...scenario, log }, this.instruments)) {
      if (item.kind !== 'ticks') continue;
      await this.#gate('batch', drain);
      if (drain.aborted) return;
      yield { ...item, lane: start.lane, lastRecord: recordAt(item.nextPosition - 1) };
    }
  }

  #sink(specNames: readonly string[]): Sink {
    return {
      name: 'memory', open: () => Promise.resolve(), close: () => Promise.resolve(),
      write: async (batch, abort) => {
        const aborted = new Promise<never>((_, reject) => {
          abort.addEventListener('abort', () => reject(new SinkError({ kind: 'unavailable' }, 'aborted')), { once: true });
        });
        const rows = rowsOf(batch, this.instruments, specNames);
        await Promise.race([aborted, this.#call('commit', () => this.#store.commit(batch.lane, rows))]);
        return { committed: rowCount(batch), outdated: 0, direct: 0, setAside: [], fellBack: false };
      },
    };
  }

  /** Waits for leave, does it in one piece, and waits for leave to hear the answer. */
  async #call<T>(kind: Outside, work: () => T): Promise<T> {
    await this.#gate(kind);
    const result = new Promise<T>((resolve) => resolve(work()));
    result.catch(nothing);
    await this.#gate(kind);
    return result;
  }

  #gate(kind: Outside, abort?: AbortSignal): Promise<void> {
    return new Promise((open) => {
      const gate = { kind, open };
      this.#gates.push(gate);
      abort?.addEventListener('abort', () => { void this.#open(gate); }, { once: true });
    });
  }

  get #free(): readonly Gate[] {
    return this.held.size === 0 ? this.#gates : this.#gates.filter(({ kind }) => !this.held.has(kind));
  }

  async #open(gate: Gate): Promise<void> {
    this.#gates = this.#gates.filter((one) => one !== gate);
    gate.open();
    await new Promise((resolve) => setImmediate(resolve)); // Nothing in here needs more than microtasks.
  }
}

export function barSettings(settings: OracleSettings): PipelineParts['lane']['bars'] {
  return {
    specs: settings.specs, out_of_orderness_ms: settings.outOfOrdernessMs, allowed_lateness_ms: settings.allowedLatenessMs,
    max_future_skew_ms: settings.maxFutureSkewMs, max_jump_ms: settings.maxJumpMs, idle_ms: 5_000,
  };
}

function recordAt(position: number): Uint8Array {
  return Buffer.from(`record ${position}`);
}

function hashOf(position: number): string {
  return createHash('sha256').update(recordAt(position)).digest('hex');
}

/** Rows of a batch, as a `MemoryStore` keeps them. */
export function rowsOf({ bars, lateTicks, lane }: RowBatch, instruments: InstrumentTable, specs: readonly string[]): StoredRows {
  return {
    lateTicks: lateTicks.map(({ position, counter }) => `${position}/${counter}`),
    bars: Array.from({ length: bars.length }, (_, row) => {
      const [instrument, volume, notional] = [bars.instrument[row], bars.volume[row], bars.notional[row]];
      return {
        ...laneOf(lane), venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), spec: specs[bars.spec[row]],
        openTimeMs: bars.openTimeMs[row], closeTimeMs: bars.closeTimeMs[row], open: bars.open[row], high: bars.high[row],
        low: bars.low[row], close: bars.close[row], volume, notional, vwap: volume === 0 ? null : notional / volume,
        trades: bars.trades[row], buyVolume: bars.buyVolume[row], sellVolume: bars.sellVolume[row],
        quality: bars.quality[row], state: bars.state[row], revision: bars.revision[row], whole: bars.whole[row] === 1,
        position: bars.position[row],
      };
    }),
  };
}

function laneOf({ name, generation }: Lane): { lane: string; generation: number } {
  return { lane: name, generation };
}
