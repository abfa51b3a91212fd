import { LaneCheckpoints } from './checkpoints/lane-checkpoints.ts';
import { LaneChain } from './lane-chain.ts';
import type { LaneBeginning, LaneParts } from './lane-parts.ts';
import { createOpQueue, createSinkQueue, LaneRowCounts, queueStatus, rowsIn } from './lane-queues.ts';
import type { CheckpointOutcome } from './model/checkpoint.ts';
import type { Gap } from './model/gap.ts';
import type { Lane, LaneHorizons } from './model/lane.ts';
import { isRows, rowCount, type SinkItem } from './model/rows.ts';
import type { LaneStatus, TickLedger } from './model/status.ts';
import { linesOf } from './operators/indicators/parse.ts';
import { LiveLane } from './operators/live-lane.ts';
import { LaneRunner } from './operators/run-operators.ts';
import type { BoundedQueue } from './queues/bounded-queue.ts';
import { ticksOf } from './queues/loss.ts';
import { RowBatcher } from './sinks/row-batcher.ts';
import type { LogItem } from './sources/run-source.ts';

/** One lane, from its op queue to its share of the sink queue, and the counts of everything in between. */
export class LaneRuntime {
  readonly lane: Lane;
  readonly opQueue: BoundedQueue<LogItem>;
  /** The workers that write its rows: an instrument always has the same one. */
  readonly shards: readonly number[];
  /** One for each of them. */
  readonly sinkQueues: readonly BoundedQueue<SinkItem>[];
  /** Told once a checkpoint was written, or could not be because somebody else is further on. */
  onCheckpoint: ((outcome: CheckpointOutcome, position: number) => void) | null = null;
  readonly #parts: LaneParts;
  readonly #chain: LaneChain;
  readonly #live: LiveLane;
  readonly #batcher: RowBatcher;
  readonly #checkpoints: LaneCheckpoints;
  readonly #runner: LaneRunner;
  readonly #ticksDropped: Record<string, number> = {};
  readonly #rowCounts = new LaneRowCounts();
  #run: Promise<void> = Promise.resolve();
  #received = 0;
  #ended = false;
  /** Why nothing is taken any more, or null. */
  #retired: string | null = null;

  constructor(lane: Lane, beginning: LaneBeginning, parts: LaneParts) {
    this.lane = lane;
    this.#parts = parts;
    const { specs, indicators = [], clock } = parts;
    const queueParts = {
      ...parts, specNames: specs.map((spec) => spec.name), indicatorLines: linesOf(indicators),
      onTicksDropped: (ticks: number, reason: string) => this.#drop(ticks, reason),
      onRowsDropped: (gaps: readonly Gap[]) => this.#live.rowsDropped(gaps),
    };
    this.opQueue = createOpQueue(lane, queueParts);
    this.shards = parts.shards;
    this.sinkQueues = parts.shards.map(() => createSinkQueue(lane, queueParts, this.#rowCounts));
    const chain = this.#chain = new LaneChain(lane, parts);
    const live = this.#live = new LiveLane({
      lane, bars: chain.bars, indicators: chain.indicators, listener: parts.live ?? null,
    });
    this.#batcher = new RowBatcher({
      lane, settings: parts.pipeline, queues: this.sinkQueues, shards: parts.shards, nowMs: () => clock.nowMs(),
      onDeadLetter: (letter) => parts.events.recordRejected(lane, letter),
      onBars: (rows) => {
        chain.takeBars(rows);
        live.barsEmitted(rows);
      },
      onIndicators: (rows) => {
        chain.takeValues(rows);
        live.valuesEmitted(rows);
      },
      onGap: (gap) => live.gapRecorded(gap),
    });
    this.#checkpoints = new LaneCheckpoints({
      ...parts.checkpoints, lane, shards: parts.shards.length, clock, events: parts.events, spread: spreadOf(lane.name),
      onOutcome: (outcome, position) => this.onCheckpoint?.(outcome, position), onIdle: () => this.#runner.wake(),
    });
    this.#runner = new LaneRunner({
      lane, queue: this.opQueue, admission: chain.admission, operators: chain.operators,
      outlet: this.#batcher, clock, events: parts.events, checkpoints: this.#checkpoints, live,
      settledUntilMs: () => this.horizons().untilMs, passedWindows: (isEnded) => chain.bars.passed(isEnded),
    }, beginning.position);
    if (beginning.state !== null) chain.restore(beginning.state, beginning);
  }

  /** Takes an item of the log; waits while the op queue is full and the source can be paused. False: nobody takes it. */
  receive(item: LogItem): Promise<boolean> {
    this.#received += ticksOf(item);
    if (!this.opQueue.closed) return this.opQueue.put(item);
    this.#drop(ticksOf(item), `op-queue/${this.#retired ?? 'forced-end'}`);
    return Promise.resolve(false);
  }

  /** Resolves when the op queue was closed and every row is in the sink queue, which is closed then. */
  run(): Promise<void> {
    return this.#run = this.#runToEnd();
  }

  async #runToEnd(): Promise<void> {
    this.#live.open();
    try {
      await this.#runner.run();
    } finally {
      this.#live.close();
      for (const queue of this.sinkQueues) queue.close();
      this.#ended = true;
    }
  }

  /** Nothing is put into its sink queues any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when no checkpoint is under way. */
  checkpointsSettled(): Promise<void> {
    return this.#checkpoints.settled();
  }

  /** Nothing more is read: resolves when all that was is in the sink queue, and a last checkpoint written. */
  async written(): Promise<void> {
    this.opQueue.close();
    await this.#run;
    await this.checkpointsSettled();
  }

  /** A forced end: gives up what has not reached the sink, and counts it. */
  abandon(): void {
    this.#giveUpTicks('forced-end');
    this.#checkpoints.abort();
    let rows = this.#batcher.abandon();
    for (const item of this.sinkQueues.flatMap((queue) => queue.abandon())) {
      if (isRows(item)) rows += rowCount(item);
      else item.giveUp();
    }
    this.#rowCounts.drop(rows, 'forced-end');
  }

  /**
   * Somebody else is further on with the lane: its state counts no more. Ticks that wait are given up, on record; rows
   * that were emitted go on, for they are as right as anybody's.
   */
  retire(reason: 'overtaken' | 'lane-lost'): void {
    if (this.#retired !== null) return;
    this.#retired = reason;
    this.#live.close();
    this.#giveUpTicks(reason);
    this.#drop(this.#chain.admission.giveUpHeld(), `held/${reason}`);
    this.#checkpoints.abort();
  }

  /** Terms of the row ledger up to the worker: the pool has the others. */
  rows(): { emitted: number; superseded: number; dropped: Readonly<Record<string, number>>; inFlight: number } {
    const waiting = rowsIn(this.sinkQueues).reduce((sum, batch) => sum + rowCount(batch), 0);
    return {
      emitted: this.#batcher.counts.emitted + this.#rowCounts.born,
      superseded: this.#batcher.counts.superseded + this.#rowCounts.superseded,
      dropped: this.#rowCounts.dropped,
      inFlight: this.#batcher.rowsInFlight() + waiting,
    };
  }

  /** When the oldest row on its way to a worker was emitted; Infinity when there is none. */
  oldestRowAtMs(): number {
    return Math.min(this.#batcher.oldestRowAtMs(), ...rowsIn(this.sinkQueues).map((batch) => batch.openedAtMs));
  }

  horizons(): LaneHorizons {
    const { instruments } = this.#parts;
    const untilMs = new Map<string, number>();
    for (let venue = 0; venue < instruments.venueCount; venue++) {
      const horizonMs = this.#chain.admission.horizonMs(venue);
      if (horizonMs !== null) untilMs.set(instruments.venueName(venue), horizonMs);
    }
    const { name, generation, complete } = this.lane;
    const endsAtMs = complete && this.#runner.ended ? -Infinity : this.#chain.admission.bounds.untilMs;
    return { lane: name, generation, untilMs, endsAtMs };
  }

  /** By venue: bars that close here or before are closed. */
  watermarksMs(): ReadonlyMap<string, number> {
    const known = this.#watermarks().filter(({ watermarkMs }) => watermarkMs !== null);
    return new Map(known.map(({ venue, watermarkMs }) => [venue, watermarkMs!]));
  }

  ticks(): TickLedger {
    const { counts } = this.#chain.admission;
    let inFlight = 0;
    for (const item of this.opQueue.items) inFlight += ticksOf(item);
    for (const item of this.opQueue.waiting) inFlight += ticksOf(item);
    return {
      received: this.#received, restored: counts.restored, aggregated: counts.aggregated, duplicate: counts.duplicate,
      late: counts.late, excluded: counts.excluded, rejected: counts.rejected, dropped: this.#ticksDropped,
      held: counts.held, inFlight,
    };
  }

  status(): LaneStatus {
    const { lane, opQueue } = this;
    const { counts } = this.#batcher;
    const ticks = this.ticks();
    return {
      name: lane.name, source: lane.source, generation: lane.generation, pausable: lane.pausable,
      position: this.#runner.nextPosition, logEnd: null, atLogEnd: this.#runner.atLogEnd, ended: this.#runner.ended,
      watermarks: this.#watermarks(),
      ticksIn: ticks.received - ticks.inFlight, barsOut: counts.provisional + counts.closed + counts.revised,
      barsOutByState: { provisional: counts.provisional, closed: counts.closed, revised: counts.revised },
      alertsOut: { ...counts.alerts }, openBars: this.#chain.bars.counts.openBars, opQueue: queueStatus('op', [opQueue]),
      sinkQueue: queueStatus('sink', this.sinkQueues), gaps: this.#runner.gaps, ticks,
      checkpoint: this.#checkpoints.status, overtaken: 0,
    };
  }

  #watermarks(): LaneStatus['watermarks'] {
    const { instruments } = this.#parts;
    const rows = [];
    for (let venue = 0; venue < instruments.venueCount; venue++) {
      const watermarkMs = this.#chain.admission.watermarkMs(venue);
      if (watermarkMs !== null) rows.push({ venue: instruments.venueName(venue), watermarkMs });
    }
    return rows;
  }

  #giveUpTicks(reason: string): void {
    this.#runner.abandon();
    this.#drop(this.opQueue.abandon().reduce((sum, item) => sum + ticksOf(item), 0), `op-queue/${reason}`);
  }

  #drop(ticks: number, reason: string): void {
    if (ticks === 0) return;
    this.#ticksDropped[reason] = (this.#ticksDropped[reason] ?? 0) + ticks;
    this.#parts.events.ticksDropped(this.lane, ticks, reason);
  }
}

/** A number in [0, 1) that follows from a name and differs widely between names that differ little. */
function spreadOf(name: string): number {
  let hash = 0;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash, 31) + name.charCodeAt(at);
  return (Math.imul(hash, 0x9e_37_79_b1) >>> 0) / 2 ** 32;
}
