import { MdpError, messageOf } from './errors.ts';
import { LaneBook } from './lane-book.ts';
import { LaneRuntime } from './lane-runtime.ts';
import type { Shutdown } from './lifecycle.ts';
import { aborted } from './model/aborted.ts';
import type { CheckpointOutcome } from './model/checkpoint.ts';
import type { Lane, LaneHorizons, LaneRequest, LaneStart } from './model/lane.ts';
import type { SinkItem } from './model/rows.ts';
import type { PipelineStatus, RowLedger, TickLedger } from './model/status.ts';
import {
  outcomeOf, type GrantedLane, type Outcome, type PipelineParts, type SinkPool, type SourcePart,
} from './pipeline-parts.ts';
import { QueueGroup, shardsFor } from './queues/queue-group.ts';
import { addRows } from './retired-lanes.ts';
import { SourceRuns, type SourceEntry } from './source-runs.ts';
import { SourceRunner, type LogItem } from './sources/run-source.ts';

export type { Outcome, SinkPool, SourcePart } from './pipeline-parts.ts';

/*
 * THE MAP. A box is a loop; an arrow is a bounded queue; what moves is a batch.
 *
 *   source ─ pace ─▶ [op queue] ─▶ admission ─▶ operators ─▶ [sink queue] ─▶ worker ─┐
 *   SourceRunner     └────────── LaneRuntime, one per lane ──────────────┘   worker ─┴▶ COPY ─▶ TimescaleDB
 *                                                 │                          the sink pool
 *                                                 └─▶ every N s: checkpoint marker, in line behind its rows
 *
 * Opened from right to left: the sink before the first tick. Ended from left to right: sources stop, each queue is closed
 * once nobody puts into it any more, each loop ends when its queue is closed and empty.
 */

export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #groups: readonly QueueGroup<SinkItem>[];
  readonly #pool: SinkPool;
  readonly #sources: readonly SourceEntry[];
  readonly #lanes = new LaneBook();
  readonly #laneRuns: Promise<void>[] = [];
  readonly #startedAtMs: number;
  #phase: PipelineStatus['phase'] = 'starting';
  #runs: SourceRuns | null = null;
  #shutdown: Shutdown | null = null;
  #failure: MdpError | null = null;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.nowMs();
    this.#groups = Array.from({ length: parts.workers }, () => new QueueGroup<SinkItem>());
    this.#pool = parts.createSinkPool({ groups: this.#groups, onLaneLost: (lane) => this.#loseLane(lane) });
    this.#sources = parts.sources.map((part) => ({ part, runner: this.#createRunner(part) }));
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
    const sources = this.#runs = new SourceRuns(this.#sources, shutdown.drain, (name) => {
      for (const lane of this.#lanes.ofSource(name)) lane.opQueue.close();
    });
    await sources.ended();
    if (!options.untilEnd) await aborted(shutdown.drain);
    await sources.ended();
    this.#phase = 'draining';
    for (const lane of this.#lanes.held) lane.opQueue.close();
    await Promise.all(this.#laneRuns);
    for (const group of this.#groups) group.close();
    await sinking;
    await Promise.all(this.#lanes.all.map((lane) => lane.checkpointsSettled()));
    await Promise.race([sources.close(), aborted(shutdown.force)]);
    this.#phase = 'stopped';
    if (this.#failure !== null) throw this.#failure;
    return outcomeOf(sources.failures, this.#ticks(), this.#rows());
  }

  /** Something that the pipeline stands on has died: it ends at once with this error. */
  fail(error: MdpError): void {
    this.#broken(error);
  }

  /** This source is dead, and a new process is the cure: what it has read is written, and the pipeline ends. */
  failSource(name: string, error: MdpError): void {
    this.#sources.find(({ part }) => part.source.name === name)?.runner.fail(error);
    if (this.#shutdown?.drain.aborted === false) this.#shutdown.request(error.message);
  }

  status(): PipelineStatus {
    const { name, clock, store } = this.#parts;
    return {
      pipeline: name, startedAtMs: this.#startedAtMs, nowMs: clock.nowMs(), phase: this.#phase,
      sources: this.#sources.map(({ runner }) => runner.status()),
      lanes: this.#lanes.status((lane) => this.#runs?.logEnd(lane) ?? null), lanesLost: this.#lanes.lostCount,
      sink: this.#pool.status(), store: store(), ticks: this.#ticks(), rows: this.#rows(),
    };
  }

  /** What can change no more once every row that was emitted up to now is committed. */
  horizons(): readonly LaneHorizons[] {
    return this.#lanes.held.map((lane) => lane.horizons());
  }

  /** When the oldest row that is not committed yet was emitted; Infinity when every row is. */
  oldestRowAtMs(): number {
    return Math.min(this.#pool.oldestRowAtMs(), ...this.#lanes.all.map((lane) => lane.oldestRowAtMs()));
  }

  /** High water of both kinds of queue since the last call, all lanes together. */
  takeHighWater(): { readonly op: number; readonly sink: number } {
    let [op, sink] = [0, 0];
    for (const lane of this.#lanes.held) {
      op += lane.opQueue.takeHighWater();
      for (const queue of lane.sinkQueues) sink += queue.takeHighWater();
    }
    return { op, sink };
  }

  #createRunner(part: SourcePart): SourceRunner {
    const { clock, events } = this.#parts;
    return new SourceRunner({
      source: part.source, type: part.type, pacing: part.pacing, speed: part.speed, clock, events,
      resume: {
        take: (request) => this.#takeLane(part, request),
        release: (lane) => this.#releaseLane(lane),
        room: (lane) => this.#lanes.runtimeOf(lane)!.opQueue,
      },
      deliver: (item: LogItem) => this.#lanes.runtimeOf(item.lane)!.receive(item),
      sinkReady: (signal) => this.#sinkReady(signal),
    });
  }

  async #takeLane(part: SourcePart, request: LaneRequest): Promise<LaneStart> {
    const { source, complete, admission } = part;
    const name = `${this.#parts.name}/${source.name}${request.part === undefined ? '' : `/${request.part}`}`;
    const known = this.#lanes.startOf(name);
    if (known !== undefined) return known; // The source was lost and is back; its lane never stopped.
    await this.#lanes.written(name);
    for (const done of this.#lanes.release()) {
      for (const [index, shard] of done.shards.entries()) this.#groups[shard].remove(done.sinkQueues[index]);
    }
    const facts = { name, source: source.name, pausable: source.pausable, complete: request.complete ?? complete };
    const granted = await this.#parts.takeLane(facts, request);
    const lane = this.#createLane(granted, request, admission);
    const start = { ...granted.start, knownUntilMs: lane.watermarksMs() };
    lane.onCheckpoint = (outcome, position) => this.#onCheckpoint(lane, outcome, position);
    this.#lanes.add(lane, start);
    for (const [index, shard] of lane.shards.entries()) this.#groups[shard].add(lane.sinkQueues[index]);
    this.#laneRuns.push(lane.run().catch((error: unknown) => this.#broken(error)));
    return start;
  }

  /** Open bars of a log that cannot be read again are worth less than going on: changed settings end them. */
  #createLane(granted: GrantedLane, { repeatable, siblings }: LaneRequest, admission: SourcePart['admission']): LaneRuntime {
    const { start: { lane, position } } = granted;
    const shards = shardsFor(siblings?.count ?? 1, this.#groups);
    const parts = {
      ...this.#parts.lane, admission, shards, sourceShare: 1 / this.#sources.length,
      lanesOfSource: () => this.#lanes.countOf(lane.source),
    };
    try {
      return new LaneRuntime(lane, { ...granted, position }, parts);
    } catch (error) {
      if (repeatable || !(error instanceof MdpError) || error.code !== 'settings-changed') throw error;
      this.#parts.lane.events.openBarsDropped(lane, error.message);
      return new LaneRuntime(lane, { position, state: null }, parts);
    }
  }

  #onCheckpoint(runtime: LaneRuntime, outcome: CheckpointOutcome, position: number): void {
    switch (outcome) {
      case 'written':
        this.#pool.checkpointed(runtime.lane);
        return this.#runs?.checkpointed(runtime.lane, position);
      case 'overtaken': return this.#overtake(runtime);
      case 'lost': return this.#loseLane(runtime.lane);
    }
  }

  /** The same telling is further on elsewhere: what was folded here is dropped, and reading goes on from there. */
  #overtake({ lane }: LaneRuntime): void {
    if (this.#phase !== 'running' || !this.#lanes.isHeld(lane)) return;
    this.#lanes.overtaken(lane);
    this.#takeAnew(lane, 'overtaken');
  }

  /** A newer telling exists: nothing of this one counts any more. It may be ours, where a lane was read again. */
  #loseLane(lane: Lane): void {
    this.#lanes.lost(lane);
    this.#lanes.runtimeOf(lane)?.retire('lane-lost');
    if (!this.#lanes.isHeld(lane)) return;
    if (this.#phase === 'running' && this.#runs?.canRetake(lane) === true) return this.#takeAnew(lane, 'lane-lost');
    this.#runs?.fail(lane, new MdpError(
      'lane-taken', `Another process has taken up lane ${lane.name} with a newer generation than ours ` +
        `(${lane.generation}): what this one had not committed is dropped. End one of the two, or rename one.`,
    ));
  }

  #takeAnew(lane: Lane, why: 'overtaken' | 'lane-lost'): void {
    this.#lanes.runtimeOf(lane)?.retire(why);
    this.#lanes.retire(lane);
    this.#runs?.reread(lane);
  }

  /** Its source does not hold it any more: what was read goes its way, and a last checkpoint behind it. */
  #releaseLane(lane: Lane): void {
    if (this.#lanes.isHeld(lane)) this.#lanes.letGo(lane);
  }

  /** Sources that can be paused wait while the circuit breaker is open. */
  async #sinkReady(signal: AbortSignal): Promise<void> {
    while (this.#pool.isOpen && !signal.aborted) await this.#parts.clock.wait(50, signal);
  }

  /** A loop ended that must not: nothing can go on without it. */
  #broken(error: unknown): void {
    this.#failure ??= error instanceof MdpError ? error : new MdpError('crashed', messageOf(error), error);
    this.#shutdown?.forceNow(this.#failure.message);
  }

  #force(): void {
    if (this.#phase === 'stopped') return;
    this.#pool.abort();
    for (const lane of this.#lanes.all) lane.abandon();
  }

  #ticks(): TickLedger {
    const total = this.#lanes.ticks();
    for (const { runner } of this.#sources) {
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
    addRows(total, this.#lanes.rows());
    return total;
  }
}
