import { MdpError, messageOf } from './errors.ts';
import { LaneRuntime } from './lane-runtime.ts';
import type { Shutdown } from './lifecycle.ts';
import type { LaneRequest, LaneStart } from './model/lane.ts';
import type { RowBatch } from './model/rows.ts';
import { addCounts, sumOf, type PipelineStatus, type RowLedger, type TickLedger } from './model/status.ts';
import type { LaneHorizons, Outcome, PipelineParts, SinkPool, SourcePart } from './pipeline-parts.ts';
import { QueueGroup } from './queues/queue-group.ts';
import { SourceRunner, type LogItem } from './sources/run-source.ts';

export type { LaneHorizons, Outcome, SinkPool, SourcePart } from './pipeline-parts.ts';

/*
 * THE MAP. A box is a loop; an arrow is a bounded queue; what moves is a batch.
 *
 *   source ─ pace ─▶ [op queue] ─▶ admission ─▶ operators ─▶ [sink queue] ─▶ worker ─┐
 *   SourceRunner     └────────── LaneRuntime, one per lane ──────────────┘   worker ─┴▶ COPY ─▶ TimescaleDB
 *                                                                            the sink pool
 *
 * Opened from right to left: the sink before the first tick. Ended from left to right: sources stop, each queue is closed
 * once nobody puts into it any more, each loop ends when its queue is closed and empty.
 */

export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #groups: readonly QueueGroup<RowBatch>[];
  readonly #pool: SinkPool;
  readonly #runners: readonly { part: SourcePart; runner: SourceRunner }[];
  readonly #lanes = new Map<string, LaneRuntime>();
  readonly #laneRuns: Promise<void>[] = [];
  readonly #startedAtMs: number;
  #phase: PipelineStatus['phase'] = 'starting';
  #shutdown: Shutdown | null = null;
  #failure: MdpError | null = null;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
    this.#groups = Array.from({ length: parts.workers }, () => new QueueGroup<RowBatch>());
    this.#pool = parts.createSinkPool(this.#groups);
    this.#runners = parts.sources.map((part) => ({ part, runner: this.#createRunner(part) }));
  }

  /**
   * Runs until the sources have ended (`untilEnd`) or somebody asks to stop; then until every row is committed, or until
   * it is forced. Throws the MdpError of a sink that refuses for good.
   */
  async run(shutdown: Shutdown, options: { readonly untilEnd: boolean }): Promise<Outcome> {
    this.#shutdown = shutdown;
    shutdown.drain.addEventListener('abort', () => this.#pool.drain(), { once: true });
    shutdown.force.addEventListener('abort', () => this.#force(), { once: true });
    this.#phase = 'running';
    const sinking = this.#pool.run().catch((error: unknown) => this.#broken(error));
    const failures = await Promise.all(this.#runners.map((entry) => this.#runSource(entry, shutdown.drain)));
    if (!options.untilEnd && !shutdown.drain.aborted) await fired(shutdown.drain);
    this.#phase = 'draining';
    for (const lane of this.#lanes.values()) lane.opQueue.close();
    await Promise.all(this.#laneRuns);
    for (const group of this.#groups) group.close();
    await sinking;
    this.#phase = 'stopped';
    if (this.#failure !== null) throw this.#failure;
    return this.#outcome(failures.filter((failure) => failure !== null));
  }

  /** Something that the pipeline stands on has died: it ends at once with this error. */
  fail(error: MdpError): void {
    this.#broken(error);
  }

  status(): PipelineStatus {
    const { name, clock, store } = this.#parts;
    return {
      pipeline: name, startedAtMs: this.#startedAtMs, nowMs: clock.nowMs(), phase: this.#phase,
      sources: this.#runners.map(({ runner }) => runner.status()),
      lanes: [...this.#lanes.values()].map((lane) => lane.status()),
      sink: this.#pool.status(), store: store(), ticks: this.#ticks(), rows: this.#rows(),
    };
  }

  /** What can change no more once every row that was emitted up to now is committed. */
  horizons(): readonly LaneHorizons[] {
    return [...this.#lanes.values()].map((one) => ({
      lane: one.lane.name, generation: one.lane.generation, untilMs: one.horizonsMs(),
    }));
  }

  /** When the oldest row that is not committed yet was emitted; Infinity when every row is. */
  oldestRowAtMs(): number {
    return Math.min(this.#pool.oldestRowAtMs(), ...[...this.#lanes.values()].map((lane) => lane.oldestRowAtMs()));
  }

  /** High water of both kinds of queue since the last call, all lanes together. */
  takeHighWater(): { readonly op: number; readonly sink: number } {
    let [op, sink] = [0, 0];
    for (const lane of this.#lanes.values()) {
      op += lane.opQueue.takeHighWater();
      for (const queue of lane.sinkQueues) sink += queue.takeHighWater();
    }
    return { op, sink };
  }

  #createRunner(part: SourcePart): SourceRunner {
    const { clock, events } = this.#parts;
    return new SourceRunner({
      source: part.source, type: part.type, pacing: part.pacing, speed: part.speed, clock, events,
      resume: { take: (request) => this.#takeLane(part, request) },
      deliver: (item: LogItem) => this.#lanes.get(item.lane.name)!.receive(item),
      sinkReady: (signal) => this.#sinkReady(signal),
    });
  }

  async #runSource(entry: { part: SourcePart; runner: SourceRunner }, drain: AbortSignal): Promise<MdpError | null> {
    const failure = await entry.runner.run(drain);
    for (const lane of this.#lanes.values()) {
      if (lane.lane.source === entry.part.source.name) lane.opQueue.close();
    }
    return failure;
  }

  async #takeLane(part: SourcePart, request: LaneRequest): Promise<LaneStart> {
    const { source, complete, admission } = part;
    const name = `${this.#parts.name}/${source.name}${request.part === undefined ? '' : `/${request.part}`}`;
    const start = await this.#parts.takeLane({ name, source: source.name, pausable: source.pausable, complete }, request);
    if (this.#lanes.has(name)) return start;
    const lane = new LaneRuntime(start.lane, start.position, {
      ...this.#parts.lane, admission, shards: this.#groups.length, share: 1 / this.#runners.length,
    });
    this.#lanes.set(name, lane);
    for (const [shard, group] of this.#groups.entries()) group.add(lane.sinkQueues[shard]);
    this.#laneRuns.push(lane.run().catch((error: unknown) => this.#broken(error)));
    return start;
  }

  /** Sources that can be paused wait while the circuit breaker is open. */
  async #sinkReady(signal: AbortSignal): Promise<void> {
    while (this.#pool.isOpen && !signal.aborted) await this.#parts.clock.wait(50, signal);
  }

  /** A loop ended that must not: nothing can go on without it. */
  #broken(error: unknown): void {
    this.#failure ??= error instanceof MdpError ? error : new MdpError('sink-failed', messageOf(error), error);
    this.#shutdown?.forceNow(this.#failure.message);
  }

  #force(): void {
    if (this.#phase === 'stopped') return;
    this.#pool.abort();
    for (const lane of this.#lanes.values()) lane.abandon();
  }

  #ticks(): TickLedger {
    const total = {
      received: 0, restored: 0, aggregated: 0, duplicate: 0, late: 0, excluded: 0,
      rejected: {} as Record<string, number>, dropped: {} as Record<string, number>, held: 0, inFlight: 0,
    };
    for (const lane of this.#lanes.values()) {
      const ticks = lane.ticks();
      for (const term of tickTerms) total[term] += ticks[term];
      addCounts(total.rejected, ticks.rejected);
      addCounts(total.dropped, ticks.dropped);
    }
    for (const { runner } of this.#runners) {
      total.received += runner.ticksInHand;
      total.inFlight += runner.ticksInHand;
    }
    return total;
  }

  #rows(): RowLedger {
    const { rows } = this.#pool;
    const total = {
      emitted: rows.born, committed: rows.committed, superseded: rows.superseded, setAside: rows.setAside,
      dropped: { ...rows.dropped }, inFlight: this.#pool.rowsInFlight(),
    };
    for (const lane of this.#lanes.values()) {
      const part = lane.rows();
      total.emitted += part.emitted;
      total.superseded += part.superseded;
      total.inFlight += part.inFlight;
      addCounts(total.dropped, part.dropped);
    }
    return total;
  }

  #outcome(failures: readonly MdpError[]): Outcome {
    const [ticks, rows] = [this.#ticks(), this.#rows()];
    const lost: Record<string, number> = {};
    addCounts(lost, ticks.dropped);
    addCounts(lost, rows.dropped);
    const ticksLost = sumOf(ticks.dropped) + ticks.inFlight;
    return { failures, ticksLost, rowsLost: sumOf(rows.dropped) + rows.inFlight, lost };
  }
}

const tickTerms = ['received', 'restored', 'aggregated', 'duplicate', 'late', 'excluded', 'held', 'inFlight'] as const;

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
