import type { Clock } from './model/clock.ts';
import type { BarSpec } from './model/bar-spec.ts';
import type { InstrumentTable } from './model/instruments.ts';
import type { Lane } from './model/lane.ts';
import { byteCount, rowCount, type DeadLetter, type RowBatch } from './model/rows.ts';
import type { ValuesOf } from './model/setting.ts';
import type { LaneStatus, QueueStatus, TickLedger } from './model/status.ts';
import { Admission, type AdmissionSettings } from './operators/admission.ts';
import { LaneRunner, type OperatorEvents } from './operators/run-operators.ts';
import { createTimeBars, type BarSettings } from './operators/time-bars.ts';
import { BoundedQueue, type QueuePolicy } from './queues/bounded-queue.ts';
import {
  bytesOfLogItem, gapOfBatch, gapsOfRows, isDroppableRows, mergeGapRows, mergeLogItems, ticksOf,
} from './queues/loss.ts';
import type { queueSettings } from './queues/settings.ts';
import { RowBatcher, type pipelineSettings } from './sinks/row-batcher.ts';
import { supersedeRows } from './sinks/supersede.ts';
import type { LogItem } from './sources/run-source.ts';

export interface LaneEvents extends OperatorEvents {
  ticksDropped(lane: Lane, count: number, reason: string): void;
  /** A record that no tick could be read from, or a tick that cannot be used: its letter is on its way. */
  recordRejected(lane: Lane, letter: DeadLetter): void;
}

export interface LaneParts {
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  readonly bars: BarSettings;
  readonly admission: AdmissionSettings;
  readonly pipeline: ValuesOf<typeof pipelineSettings>;
  readonly queues: ValuesOf<typeof queueSettings>;
  readonly sinkPolicy: 'drop_oldest' | 'drop_newest';
  readonly shards: number;
  /** Share of the sink queue that is this lane's own. */
  readonly share: number;
  readonly clock: Clock;
  readonly events: LaneEvents;
}

export interface LaneEvents extends OperatorEvents {
  recordRejected(lane: Lane, letter: DeadLetter): void;
  ticksDropped(lane: Lane, count: number, reason: string): void;
}

/** One lane, from its op queue to its share of the sink queue, and the counts of everything in between. */
export class LaneRuntime {
  readonly lane: Lane;
  readonly opQueue: BoundedQueue<LogItem>;
  /** By shard. */
  readonly sinkQueues: readonly BoundedQueue<RowBatch>[];
  readonly #parts: LaneParts;
  readonly #admission: Admission;
  readonly #bars: ReturnType<typeof createTimeBars>;
  readonly #batcher: RowBatcher;
  readonly #runner: LaneRunner;
  readonly #ticksDropped: Record<string, number> = {};
  readonly #rowsDropped: Record<string, number> = {};
  #received = 0;
  #rowsBorn = 0;
  #rowsSuperseded = 0;

  constructor(lane: Lane, position: number, parts: LaneParts) {
    this.lane = lane;
    this.#parts = parts;
    this.opQueue = this.#createOpQueue();
    this.sinkQueues = Array.from({ length: parts.shards }, () => this.#createSinkQueue());
    const { instruments, specs, bars, clock } = parts;
    this.#admission = new Admission({ lane, instruments, settings: { ...bars, ...parts.admission } });
    this.#bars = createTimeBars({ lane, instruments, specs, settings: bars });
    this.#batcher = new RowBatcher({
      lane, settings: parts.pipeline, queues: this.sinkQueues, nowMs: () => clock.nowMs(),
      onDeadLetter: (letter) => parts.events.recordRejected(lane, letter),
    });
    this.#runner = new LaneRunner({
      lane, queue: this.opQueue, admission: this.#admission, operators: [this.#bars], outlet: this.#batcher, clock,
      events: parts.events,
    }, position);
  }

  /** Takes an item of the log; waits while the op queue is full and the source can be paused. */
  receive(item: LogItem): Promise<boolean> {
    this.#received += ticksOf(item);
    return this.opQueue.put(item);
  }

  /** Resolves when the op queue was closed and every row is in the sink queue, which is closed then. */
  async run(): Promise<void> {
    try {
      await this.#runner.run();
    } finally {
      for (const queue of this.sinkQueues) queue.close();
    }
  }

  /** A forced end: gives up what has not reached the sink, and counts it. */
  abandon(): void {
    this.#drop(this.opQueue.abandon().reduce((sum, item) => sum + ticksOf(item), 0), 'op-queue/forced-end');
    let rows = this.#batcher.abandon();
    for (const queue of this.sinkQueues) rows += queue.abandon().reduce((sum, batch) => sum + rowCount(batch), 0);
    if (rows > 0) this.#rowsDropped['forced-end'] = (this.#rowsDropped['forced-end'] ?? 0) + rows;
  }

  /** Terms of the row ledger up to the worker: the pool has the others. */
  rows(): { emitted: number; superseded: number; dropped: Readonly<Record<string, number>>; inFlight: number } {
    let inFlight = this.#batcher.rowsInFlight();
    for (const queue of this.sinkQueues) {
      for (const batch of queue.items) inFlight += rowCount(batch);
    }
    const waiting = this.sinkQueues.flatMap((queue) => queue.waiting).reduce((sum, batch) => sum + rowCount(batch), 0);
    return {
      emitted: this.#batcher.counts.emitted + this.#rowsBorn,
      superseded: this.#batcher.counts.superseded + this.#rowsSuperseded,
      dropped: this.#rowsDropped,
      inFlight: inFlight + waiting,
    };
  }

  /** When the oldest row on its way to a worker was emitted; Infinity when there is none. */
  oldestRowAtMs(): number {
    const waiting = this.sinkQueues.flatMap((queue) => [...queue.items, ...queue.waiting]);
    return Math.min(this.#batcher.oldestRowAtMs(), ...waiting.map((batch) => batch.openedAtMs));
  }

  /** By venue: bars that close here or before can change no more, once their rows are committed. */
  horizonsMs(): ReadonlyMap<string, number> {
    const { instruments } = this.#parts;
    const horizons = new Map<string, number>();
    for (let venue = 0; venue < instruments.venueCount; venue++) {
      const horizonMs = this.#admission.horizonMs(venue);
      if (horizonMs !== null) horizons.set(instruments.venueName(venue), horizonMs);
    }
    return horizons;
  }

  ticks(): TickLedger {
    const { counts } = this.#admission;
    let inFlight = 0;
    for (const item of this.opQueue.items) inFlight += ticksOf(item);
    for (const item of this.opQueue.waiting) inFlight += ticksOf(item);
    return {
      received: this.#received, restored: 0, aggregated: counts.aggregated, duplicate: counts.duplicate,
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
      position: this.#runner.nextPosition, atLogEnd: this.#runner.atLogEnd, ended: this.#runner.ended,
      watermarks: this.#watermarks(),
      ticksIn: ticks.received - ticks.inFlight, barsOut: counts.provisional + counts.closed + counts.revised,
      barsOutByState: { provisional: counts.provisional, closed: counts.closed, revised: counts.revised },
      openBars: this.#bars.counts.openBars, opQueue: queueStatus('op', [opQueue]),
      sinkQueue: queueStatus('sink', this.sinkQueues), gaps: this.#runner.gaps, ticks,
    };
  }

  #watermarks(): LaneStatus['watermarks'] {
    const { instruments } = this.#parts;
    const rows = [];
    for (let venue = 0; venue < instruments.venueCount; venue++) {
      const watermarkMs = this.#admission.watermarkMs(venue);
      if (watermarkMs !== null) rows.push({ venue: instruments.venueName(venue), watermarkMs });
    }
    return rows;
  }

  #drop(ticks: number, reason: string): void {
    if (ticks === 0) return;
    this.#ticksDropped[reason] = (this.#ticksDropped[reason] ?? 0) + ticks;
    this.#parts.events.ticksDropped(this.lane, ticks, reason);
  }

  #createOpQueue(): BoundedQueue<LogItem> {
    const { queues } = this.#parts;
    return new BoundedQueue<LogItem>({
      itemsMax: queues.op_queue_max, bytesMax: queues.op_queue_bytes_max,
      policy: this.lane.pausable ? 'block' : queues.drop_policy,
      bytesOf: bytesOfLogItem,
      droppable: (item) => item.kind === 'ticks',
      remainder: (item, policy) => {
        this.#drop(ticksOf(item), `op-queue/${policy}`);
        return item.kind === 'ticks' ? gapOfBatch(item) : item;
      },
      merge: mergeLogItems,
    });
  }

  #createSinkQueue(): BoundedQueue<RowBatch> {
    const { queues, shards, share, specs, sinkPolicy } = this.#parts;
    const specNames = specs.map((spec) => spec.name);
    const dropPolicy: QueuePolicy = sinkPolicy === 'drop_oldest' ? 'oldest' : 'newest';
    return new BoundedQueue<RowBatch>({
      itemsMax: Math.max(1, Math.floor((queues.sink_queue_max * share) / shards)),
      bytesMax: Math.floor((queues.sink_queue_bytes_max * share) / shards),
      policy: this.lane.pausable ? 'block' : dropPolicy,
      bytesOf: byteCount,
      droppable: isDroppableRows,
      supersede: (incoming, waiting) => {
        this.#rowsSuperseded += supersedeRows(incoming, waiting);
        return rowCount(incoming) === 0;
      },
      remainder: (batch, policy) => {
        const { rest, lost, born } = gapsOfRows(batch, specNames);
        const reason = `sink-queue/${policy}`;
        this.#rowsDropped[reason] = (this.#rowsDropped[reason] ?? 0) + lost;
        this.#rowsBorn += born;
        return rest;
      },
      merge: (before, after) => {
        const { merged, superseded } = mergeGapRows(before, after);
        this.#rowsSuperseded += superseded;
        return merged;
      },
    });
  }
}

type LaneQueues = readonly BoundedQueue<LogItem>[] | readonly BoundedQueue<RowBatch>[];

/** Several queues as one: counts and bounds added up. */
export function queueStatus(name: 'op' | 'sink', queues: LaneQueues): QueueStatus {
  const status = {
    name, depth: 0, capacity: 0, bytes: 0, bytesMax: 0, highWater: 0,
    offered: 0, taken: 0, dropped: 0, superseded: 0, abandoned: 0, refused: 0,
  };
  for (const queue of queues) {
    status.depth += queue.depth;
    status.capacity += queue.options.itemsMax;
    status.bytes += queue.bytes;
    status.bytesMax += queue.options.bytesMax;
    status.highWater += queue.highWater;
    for (const term of ['offered', 'taken', 'dropped', 'superseded', 'abandoned', 'refused'] as const) {
      status[term] += queue.counts[term];
    }
  }
  return status;
}
