import { failPoint } from '../fail-points.ts';
import type { CheckpointMarker, LaneMoment, LaneState, PassedWindows } from '../model/checkpoint.ts';
import type { Clock } from '../model/clock.ts';
import { isOwnLoss, type Gap, type GapReason } from '../model/gap.ts';
import type { Lane } from '../model/lane.ts';
import type { LogEnd, TickBatch } from '../model/tick-batch.ts';
import type { SpanRef } from '../model/trace.ts';
import { Alarm } from '../pacing/alarm.ts';
import type { BoundedQueue } from '../queues/bounded-queue.ts';
import type { Admission } from './admission.ts';
import type { LiveLane } from './live-lane.ts';
import type { Emit, Operator } from './operator.ts';

type LogItem = TickBatch | Gap | LogEnd;

/** Where a lane's rows leave it: the row batcher, as its runner sees it. */
export interface RowOutlet extends Emit {
  /** Rows that come now are made by this one. */
  span: SpanRef | null;
  readonly flushDueAtMs: number;
  readonly hasReady: boolean;
  flush(nowMs: number): void;
  mark(markers: readonly CheckpointMarker[]): void;
  deliver(): Promise<boolean>;
}

export interface OperatorEvents {
  /** It is folded now. The span that rows refer to which it makes; null where nobody traces. */
  batchTaken(lane: Lane, batch: TickBatch): SpanRef | null;
  batchFolded(lane: Lane, batch: TickBatch): void;
  gapRecorded(gap: Gap): void;
  logEnded(lane: Lane, position: number): void;
}

/** When and where a lane's checkpoints are taken, as its runner sees it. */
export interface CheckpointTaker {
  readonly dueAtMs: number;
  readonly isChanged: boolean;
  changed(): void;
  take(moment: LaneMoment): readonly CheckpointMarker[];
}

export interface LaneRunnerOptions {
  readonly lane: Lane;
  readonly queue: BoundedQueue<LogItem>;
  readonly admission: Admission;
  readonly operators: readonly Operator[];
  readonly outlet: RowOutlet;
  readonly checkpoints: CheckpointTaker;
  readonly live: LiveLane;
  readonly settledUntilMs: () => ReadonlyMap<string, number>;
  readonly passedWindows: (isEnded: boolean) => readonly PassedWindows[];
  readonly clock: Clock;
  readonly events: OperatorEvents;
}

/** How often operators are told the time at most: a provisional bar is no later than this. */
const tellTimeMs = 100;

/**
 * Runs the operator chain of one lane: op queue → admission → operators → row batcher. Everything between taking an item
 * and handing its rows to the batcher is synchronous, so that both ledgers balance whenever somebody looks.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions;
  #nextPosition: number;
  #lastRecord: Uint8Array | null = null;
  #atLogEnd = false;
  #ended = false;
  #isAbandoned = false;
  #toldTimeAtMs = -Infinity;
  #sleeping: (() => void) | null = null;
  readonly #alarm: Alarm;
  readonly gaps: Partial<Record<GapReason, number>> = {};

  constructor(options: LaneRunnerOptions, position: number) {
    this.#options = options;
    this.#nextPosition = position;
    this.#alarm = new Alarm(options.clock, () => this.wake());
    options.queue.onReady = () => this.wake();
  }

  get nextPosition(): number {
    return this.#nextPosition;
  }

  get atLogEnd(): boolean {
    return this.#atLogEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the queue is closed and empty and every row is in the sink queue. Closes no bar: only the log does. */
  async run(): Promise<void> {
    try {
      await this.#runToEnd();
    } finally {
      this.#alarm.stop();
    }
  }

  async #runToEnd(): Promise<void> {
    const { queue, outlet, clock, checkpoints } = this.#options;
    for (;;) {
      const item = queue.tryTake();
      if (item === undefined && queue.closed) break;
      if (item !== undefined) this.#fold(item);
      const nowMs = clock.nowMs();
      this.#tellTime(nowMs);
      outlet.flush(nowMs);
      if (nowMs >= checkpoints.dueAtMs) this.#takeCheckpoint();
      if (outlet.hasReady) await outlet.deliver();
      if (queue.depth === 0 && !queue.closed) await this.#idle(clock.nowMs());
    }
    outlet.flush(Infinity);
    if (checkpoints.isChanged && !this.#isAbandoned) this.#takeCheckpoint();
    await outlet.deliver();
  }

  /** What was in the queue was given up: no checkpoint may say that it was folded. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** What is due may have changed. */
  wake(): void {
    this.#sleeping?.();
  }

  /** Between two batches, and behind every row that was emitted up to here. */
  #takeCheckpoint(): void {
    const { admission, operators, outlet, checkpoints, settledUntilMs, passedWindows } = this.#options;
    const isEnded = this.#ended && this.#options.lane.complete;
    const state: LaneState = {
      admission: admission.snapshot(),
      operators: Object.fromEntries(operators.map((operator) => [operator.name, operator.snapshot()])),
    };
    failPoint('before-marker');
    outlet.mark(checkpoints.take({
      position: this.#nextPosition, lastRecord: this.#lastRecord, settledUntilMs: settledUntilMs(),
      passed: passedWindows(isEnded), isEnded, state,
    }));
  }

  #fold(item: LogItem): void {
    const { checkpoints, live } = this.#options;
    checkpoints.changed();
    switch (item.kind) {
      case 'ticks':
        this.#foldBatch(item);
        break;
      case 'gap':
        this.gaps[item.reason] = (this.gaps[item.reason] ?? 0) + 1;
        for (const operator of this.#options.operators) operator.onGap(item, this.#options.outlet);
        this.#passGap(item);
        this.#options.events.gapRecorded(item);
        break;
      case 'end':
        this.#endLog(item);
        break;
    }
    live.settled();
  }

  /** A gap that is a record of the log itself moves the position; one of our own does not. */
  #passGap(gap: Gap): void {
    if (isOwnLoss(gap.reason) || gap.position < this.#nextPosition) return;
    this.#nextPosition = gap.position + 1;
    this.#lastRecord = null;
  }

  #foldBatch(batch: TickBatch): void {
    const { admission, operators, outlet, events, lane, live } = this.#options;
    outlet.span = events.batchTaken(lane, batch);
    const admitted = admission.admit(batch, outlet);
    for (const operator of operators) operator.onBatch(admitted, outlet);
    live.ticksFolded(admitted);
    this.#nextPosition = batch.nextPosition;
    this.#lastRecord = batch.lastRecord ?? null;
    this.#atLogEnd = batch.atLogEnd;
    outlet.span = null;
    events.batchFolded(lane, batch);
    batch.release?.();
  }

  #endLog(end: LogEnd): void {
    const { admission, operators, outlet, events, lane, live } = this.#options;
    this.#ended = true;
    if (lane.complete) {
      const released = admission.end(end.position, outlet);
      for (const operator of operators) {
        if (released !== null) operator.onBatch(released, outlet);
        operator.onEnd(end.position, outlet);
      }
      if (released !== null) live.ticksFolded(released);
    }
    events.logEnded(lane, end.position);
  }

  #tellTime(nowMs: number): void {
    if (!this.#atLogEnd || this.#ended || nowMs - this.#toldTimeAtMs < tellTimeMs) return;
    this.#toldTimeAtMs = nowMs;
    if (nowMs < this.#timeDueAtMs()) return;
    for (const operator of this.#options.operators) operator.onTime(nowMs, this.#options.outlet);
    this.#options.live.settled();
  }

  #timeDueAtMs(): number {
    let dueAtMs = Infinity;
    for (const operator of this.#options.operators) dueAtMs = Math.min(dueAtMs, operator.timeDueAtMs);
    return dueAtMs;
  }

  /** Waits for an item, but no longer than until a batch must be flushed or the operators told the time. */
  async #idle(nowMs: number): Promise<void> {
    const { outlet, checkpoints } = this.#options;
    const timeDueAtMs = this.#atLogEnd && !this.#ended
      ? Math.max(this.#toldTimeAtMs + tellTimeMs, this.#timeDueAtMs()) : Infinity;
    const dueAtMs = Math.min(outlet.flushDueAtMs, timeDueAtMs, checkpoints.dueAtMs);
    if (dueAtMs <= nowMs) return;
    this.#alarm.set(dueAtMs, nowMs);
    await new Promise<void>((resolve) => { this.#sleeping = resolve; });
    this.#sleeping = null;
  }
}
