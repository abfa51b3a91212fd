import PQueue from 'p-queue';
import { MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import type { SinkItem } from '../model/rows.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { SinkStatus } from '../model/status.ts';
import type { QueueGroup } from '../queues/queue-group.ts';
import { AttemptGate, type GatedSink } from './attempt-gate.ts';
import type { BreakerState } from './circuit-breaker.ts';
import { batchRowsMax, mergedBatches } from './row-batcher.ts';
import type { RowNames } from './set-aside.ts';
import type { sinkBreakerSettings, sinkRetrySettings } from './settings.ts';
import type { SinkPoolEvents } from './sink-events.ts';
import { SinkTally } from './sink-tally.ts';
import { SinkWorker } from './sink-worker.ts';
import { SinkError, type Sink } from './sink.ts';

export interface SinkPoolOptions {
  /** One per worker: an instrument always has the same worker. */
  readonly groups: readonly QueueGroup<SinkItem>[];
  /** A batch is done when every one of them has its rows. */
  readonly sinks: readonly Sink[];
  readonly names: RowNames;
  readonly retry: ValuesOf<typeof sinkRetrySettings>;
  /** Of sinks that have none of their own. */
  readonly breaker: ValuesOf<typeof sinkBreakerSettings>;
  /** `pipeline.max_bytes`: a backlog is written in batches of up to four times that. */
  readonly batchBytesMax: number;
  readonly clock: Clock;
  readonly events: SinkPoolEvents;
  readonly random?: () => number;
  /** Told when a sink refuses a lane because a newer telling of it exists. */
  readonly onLaneLost?: (lane: Lane) => void;
}

/**
 * Opens the sinks, lets one worker per group write until the groups are finished, and closes the sinks. What fails by
 * no fault of the rows is tried for ever; what cannot heal ends the pool.
 */
export class SinkPoolRunner {
  readonly tally = new SinkTally();
  readonly #options: SinkPoolOptions;
  readonly #sinks: readonly GatedSink[];
  readonly #abort = new AbortController();
  readonly #workers: readonly SinkWorker[];
  #phase: 'starting' | 'running' | 'failed' | 'closed' = 'starting';

  constructor(options: SinkPoolOptions) {
    const { retry, breaker, clock, events, random = Math.random } = options;
    this.#options = options;
    this.#sinks = options.sinks.map((sink) => ({ sink, gate: new AttemptGate({
      retry, breaker: sink.breaker ?? breaker, clock, random,
      onBreakerChanged: (state) => events.breakerChanged(sink.name, state),
    }) }));
    const context = {
      sinks: this.#sinks, names: options.names, clock, tally: this.tally, events,
      lostLanes: new WeakSet(), abort: this.#abort.signal, onLaneLost: options.onLaneLost ?? (() => {}),
      gather: { rowsMax: batchRowsMax, bytesMax: options.batchBytesMax * mergedBatches },
    };
    this.#workers = options.groups.map((group) => new SinkWorker(context, group));
  }

  /**
   * Resolves when the groups are finished and every row is accounted for, or after `abort`. Rejects with an MdpError
   * `sink-failed` when a sink refuses for good; what was in hand is counted as dropped then.
   */
  async run(): Promise<void> {
    try {
      await this.#open();
      const jobs = new PQueue({ concurrency: this.#workers.length });
      await Promise.all(this.#workers.map((worker) => jobs.add(() => this.#work(worker))));
      this.#phase = 'closed';
    } catch (error) {
      this.#phase = 'failed';
      throw error;
    } finally {
      await Promise.all(this.#sinks.map(({ sink }) => sink.close()));
    }
  }

  /** Ends waits and writes at once; what was in hand is counted as dropped. */
  abort(): void {
    this.#abort.abort();
    for (const { gate } of this.#sinks) gate.abort();
  }

  /** The program is shutting down: an open breaker probes more often, and no wait is long. */
  drain(): void {
    for (const { gate } of this.#sinks) gate.drain();
  }

  /** A checkpoint of the lane is written: what comes now is new again, where a sink had begun to doubt that. */
  checkpointed(lane: Lane): void {
    for (const { sink } of this.#sinks) sink.checkpointed?.(lane);
  }

  /** Rows that a worker has in hand, by walking. */
  rowsInFlight(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.rowsInFlight(), 0);
  }

  /** When the oldest row in a worker's hand was emitted; Infinity when there is none. */
  oldestRowAtMs(): number {
    return Math.min(Infinity, ...this.#workers.map((worker) => worker.oldestRowAtMs()));
  }

  /** The circuit breaker of a sink lets nothing through, or only a probe: sources that can be paused should be. */
  get isOpen(): boolean {
    return this.#breaker() !== 'closed';
  }

  get rows(): SinkTally['rows'] {
    return this.tally.rows;
  }

  status(): SinkStatus {
    const { tally } = this;
    return {
      name: this.#sinks.map(({ sink }) => sink.name).join('+'), state: this.#state(), problem: tally.problem,
      workers: this.#workers.length, workersBusy: this.#workers.filter((worker) => worker.busy).length,
      batchesCommitted: tally.batchesCommitted, rowsCommitted: tally.rows.committed, rowsOutdated: tally.rowsOutdated,
      rowsDirect: tally.rowsDirect, batchesFailed: { ...tally.batchesFailed }, retries: tally.retries,
      droppedBatches: { ...tally.batchesDropped }, breaker: this.#breaker(), lastCommitAtMs: tally.lastCommitAtMs,
      producers: this.#sinks.flatMap(({ sink, gate }) => {
        const producer = sink.producer?.();
        return producer === undefined ? [] : [{ name: sink.name, breaker: gate.breakerState, ...producer }];
      }),
    };
  }

  /** The one that is furthest from closed. */
  #breaker(): BreakerState {
    const states = this.#sinks.map(({ gate }) => gate.breakerState);
    return (['open', 'half-open'] as const).find((state) => states.includes(state)) ?? 'closed';
  }

  #state(): SinkStatus['state'] {
    if (this.#phase !== 'running') return this.#phase;
    if (this.isOpen) return 'open';
    return this.#workers.some((worker) => worker.retrying) ? 'retrying' : 'ok';
  }

  /** A worker that cannot go on ends the others: what it refuses, they would be refused. */
  async #work(worker: SinkWorker): Promise<void> {
    try {
      await worker.run();
    } catch (error) {
      this.abort();
      worker.giveUp('sink-failed');
      throw error;
    }
  }

  async #open(): Promise<void> {
    for (const { sink, gate } of this.#sinks) {
      let failures = 0;
      while (await gate.enter()) {
        const error = await sink.open(this.#abort.signal).then(() => null, (reason: unknown) => reason);
        if (error === null) break;
        if (this.#abort.signal.aborted) return;
        this.#refuse(sink, error, ++failures);
        gate.failed();
        await gate.backOff(failures);
      }
      gate.succeeded();
    }
    this.#phase = 'running';
  }

  /** Throws unless the sink may open later. */
  #refuse(sink: Sink, error: unknown, failures: number): void {
    const kind = error instanceof SinkError ? error.failure.kind : 'misconfigured';
    const message = messageOf(error);
    this.tally.failed(sink.name, kind, message);
    this.#options.events.failedAttempt({ sink: sink.name, lane: null, rows: 0, kind, message, failures });
    if (kind !== 'unavailable' && kind !== 'unknown') throw new MdpError('sink-failed', message, error);
  }
}
