import PQueue from 'p-queue';
import { MdpError, messageOf } from '../errors.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import type { SinkItem } from '../model/rows.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { SinkStatus } from '../model/status.ts';
import type { QueueGroup } from '../queues/queue-group.ts';
import { AttemptGate } from './attempt-gate.ts';
import { batchRowsMax } from './row-batcher.ts';
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
  readonly breaker: ValuesOf<typeof sinkBreakerSettings>;
  /** `pipeline.max_bytes`: a backlog is written in batches of up to four times that. */
  readonly batchBytesMax: number;
  readonly clock: Clock;
  readonly events: SinkPoolEvents;
  readonly random?: () => number;
  /** Told when a sink refuses a lane because a newer telling of it exists. */
  readonly onLaneLost?: (lane: Lane) => void;
}

/** A backlog of so many full batches goes in one transaction: larger ones were measured to gain nothing. */
const mergedBatches = 4;

/**
 * Opens the sinks, lets one worker per group write until the groups are finished, and closes the sinks. What fails by
 * no fault of the rows is tried for ever; what cannot heal ends the pool.
 */
export class SinkPoolRunner {
  readonly tally = new SinkTally();
  readonly #options: SinkPoolOptions;
  readonly #gate: AttemptGate;
  readonly #abort = new AbortController();
  readonly #workers: readonly SinkWorker[];
  #phase: 'starting' | 'running' | 'failed' | 'closed' = 'starting';

  constructor(options: SinkPoolOptions) {
    const { retry, breaker, clock, events, random = Math.random } = options;
    this.#options = options;
    this.#gate = new AttemptGate({
      retry, breaker, clock, random, onBreakerChanged: (state) => events.breakerChanged(state),
    });
    const context = {
      sinks: options.sinks, names: options.names, clock, gate: this.#gate, tally: this.tally, events,
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
      await Promise.all(this.#options.sinks.map((sink) => sink.close()));
    }
  }

  /** Ends waits and writes at once; what was in hand is counted as dropped. */
  abort(): void {
    this.#abort.abort();
    this.#gate.abort();
  }

  /** The program is shutting down: an open breaker probes more often, and no wait is long. */
  drain(): void {
    this.#gate.drain();
  }

  /** A checkpoint of the lane is written: what comes now is new again, where a sink had begun to doubt that. */
  checkpointed(lane: Lane): void {
    for (const sink of this.#options.sinks) sink.checkpointed?.(lane);
  }

  /** Rows that a worker has in hand, by walking. */
  rowsInFlight(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.rowsInFlight(), 0);
  }

  /** When the oldest row in a worker's hand was emitted; Infinity when there is none. */
  oldestRowAtMs(): number {
    return Math.min(Infinity, ...this.#workers.map((worker) => worker.oldestRowAtMs()));
  }

  /** The circuit breaker lets nothing through, or only a probe: sources that can be paused should be. */
  get isOpen(): boolean {
    return this.#gate.breakerState !== 'closed';
  }

  get rows(): SinkTally['rows'] {
    return this.tally.rows;
  }

  status(): SinkStatus {
    const { tally } = this;
    return {
      name: this.#options.sinks.map((sink) => sink.name).join('+'), state: this.#state(), problem: tally.problem,
      workers: this.#workers.length, workersBusy: this.#workers.filter((worker) => worker.busy).length,
      batchesCommitted: tally.batchesCommitted, rowsCommitted: tally.rows.committed, rowsOutdated: tally.rowsOutdated,
      rowsDirect: tally.rowsDirect, batchesFailed: { ...tally.batchesFailed }, retries: tally.retries,
      droppedBatches: { ...tally.batchesDropped }, breaker: this.#gate.breakerState,
      lastCommitAtMs: tally.lastCommitAtMs,
    };
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
    for (const sink of this.#options.sinks) {
      let failures = 0;
      while (await this.#gate.enter()) {
        const error = await sink.open(this.#abort.signal).then(() => null, (reason: unknown) => reason);
        if (error === null) break;
        if (this.#abort.signal.aborted) return;
        this.#refuse(sink, error, ++failures);
        this.#gate.failed();
        await this.#gate.backOff(failures);
      }
      this.#gate.succeeded();
    }
    this.#phase = 'running';
  }

  /** Throws unless the sink may open later. */
  #refuse(sink: Sink, error: unknown, failures: number): void {
    const kind = error instanceof SinkError ? error.failure.kind : 'misconfigured';
    const message = messageOf(error);
    this.tally.failed(kind, message);
    this.#options.events.failedAttempt({ sink: sink.name, lane: null, rows: 0, kind, message, failures });
    if (kind !== 'unavailable' && kind !== 'unknown') throw new MdpError('sink-failed', message, error);
  }
}
