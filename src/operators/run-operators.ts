import type { Clock } from '../model/clock.ts';
import type { Gap, GapReason } from '../model/gap.ts';
import type { Lane } from '../model/lane.ts';
import type { LogEnd, TickBatch } from '../model/tick-batch.ts';
import type { BoundedQueue } from '../queues/bounded-queue.ts';
import type { Admission } from './admission.ts';
import type { Emit, Operator } from './operator.ts';

type LogItem = TickBatch | Gap | LogEnd;

/** Where a lane's rows leave it: the row batcher, as its runner sees it. */
export interface RowOutlet extends Emit {
  readonly flushDueAtMs: number;
  readonly hasReady: boolean;
  flush(nowMs: number): void;
  deliver(): Promise<boolean>;
}

export interface OperatorEvents {
  batchFolded(lane: Lane, batch: TickBatch): void;
  gapRecorded(gap: Gap): void;
  logEnded(lane: Lane, position: number): void;
}

export interface LaneRunnerOptions {
  readonly lane: Lane;
  readonly queue: BoundedQueue<LogItem>;
  readonly admission: Admission;
  readonly operators: readonly Operator[];
  readonly outlet: RowOutlet;
  readonly clock: Clock;
  readonly events: OperatorEvents;
}

/** How often the operators of a quiet lane are told the time: a provisional bar is at most this late. */
const tellTimeMs = 100;

/**
 * Runs the operator chain of one lane: op queue → admission → operators → row batcher. Everything between taking an item
 * and handing its rows to the batcher is synchronous, so that both ledgers balance whenever somebody looks.
 */
export class LaneRunner {
  readonly #options: LaneRunnerOptions;
  #nextPosition: number;
  #atLogEnd = false;
  #ended = false;
  #toldTimeAtMs = -Infinity;
  readonly gaps: Partial<Record<GapReason, number>> = {};

  constructor(options: LaneRunnerOptions, position: number) {
    this.#options = options;
    this.#nextPosition = position;
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
    const { queue, outlet, clock } = this.#options;
    for (;;) {
      const item = queue.tryTake();
      if (item === undefined && queue.closed) break;
      if (item !== undefined) this.#fold(item);
      const nowMs = clock.nowMs();
      this.#tellTime(nowMs);
      outlet.flush(nowMs);
      if (outlet.hasReady) await outlet.deliver();
      if (queue.depth === 0 && !queue.closed) await this.#idle(clock.nowMs());
    }
    outlet.flush(Infinity);
    await outlet.deliver();
  }

  #fold(item: LogItem): void {
    switch (item.kind) {
      case 'ticks':
        this.#foldBatch(item);
        break;
      case 'gap':
        this.gaps[item.reason] = (this.gaps[item.reason] ?? 0) + 1;
        for (const operator of this.#options.operators) operator.onGap(item, this.#options.outlet);
        this.#options.events.gapRecorded(item);
        break;
      case 'end':
        this.#endLog(item);
        break;
    }
  }

  #foldBatch(batch: TickBatch): void {
    const { admission, operators, outlet, events, lane } = this.#options;
    const admitted = admission.admit(batch, outlet);
    for (const operator of operators) operator.onBatch(admitted, outlet);
    this.#nextPosition = batch.nextPosition;
    this.#atLogEnd = batch.atLogEnd;
    events.batchFolded(lane, batch);
    batch.release?.();
  }

  #endLog(end: LogEnd): void {
    const { admission, operators, outlet, events, lane } = this.#options;
    this.#ended = true;
    if (lane.complete) {
      const released = admission.end(end.position, outlet);
      for (const operator of operators) {
        if (released !== null) operator.onBatch(released, outlet);
        operator.onEnd(end.position, outlet);
      }
    }
    events.logEnded(lane, end.position);
  }

  #tellTime(nowMs: number): void {
    if (!this.#atLogEnd || this.#ended || nowMs - this.#toldTimeAtMs < tellTimeMs) return;
    this.#toldTimeAtMs = nowMs;
    for (const operator of this.#options.operators) operator.onTime(nowMs, this.#options.outlet);
  }

  /** Waits for an item, but no longer than until a batch must be flushed or the operators told the time. */
  async #idle(nowMs: number): Promise<void> {
    const { queue, outlet, clock } = this.#options;
    const timeDueAtMs = this.#atLogEnd && !this.#ended ? this.#toldTimeAtMs + tellTimeMs : Infinity;
    const dueInMs = Math.min(outlet.flushDueAtMs, timeDueAtMs) - nowMs;
    if (dueInMs <= 0) return;
    if (dueInMs === Infinity) return queue.whenReady();
    const woken = new AbortController();
    await Promise.race([queue.whenReady(woken.signal), clock.wait(dueInMs, woken.signal)]);
    woken.abort();
  }
}
