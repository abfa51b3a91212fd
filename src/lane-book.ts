import type { LaneRuntime } from './lane-runtime.ts';
import type { Lane, LaneStart } from './model/lane.ts';
import type { LaneStatus, TickLedger } from './model/status.ts';
import { addRows, addTicks, noTicks, RetiredLanes, type LaneRows, type Sums } from './retired-lanes.ts';

interface HeldLane {
  readonly runtime: LaneRuntime;
  /** Where it began. */
  readonly start: LaneStart;
}

/** The lanes of a pipeline: those that are read, by name, and those on their way out, whose rows are still under way. */
export class LaneBook {
  readonly #held = new Map<string, HeldLane>();
  readonly #runtimeOf = new WeakMap<Lane, LaneRuntime>();
  readonly #retired = new RetiredLanes();
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #overtaken = new Map<string, number>();
  readonly #lost = new WeakSet<Lane>();
  #lostCount = 0;

  add(runtime: LaneRuntime, start: LaneStart): void {
    this.#held.set(runtime.lane.name, { runtime, start });
    this.#runtimeOf.set(runtime.lane, runtime);
  }

  startOf(name: string): LaneStart | undefined {
    return this.#held.get(name)?.start;
  }

  /** Of a lane that is read or was. */
  runtimeOf(lane: Lane): LaneRuntime | undefined {
    return this.#runtimeOf.get(lane);
  }

  /** Whether this telling of it is the one that is read, and not one on its way out. */
  isHeld(lane: Lane): boolean {
    return this.#held.get(lane.name)?.runtime.lane === lane;
  }

  /** Nothing more is read of it; what was read goes its way. */
  retire(lane: Lane): void {
    const held = this.#held.get(lane.name);
    if (held === undefined) return;
    this.#held.delete(lane.name);
    this.#retired.add(held.runtime);
  }

  /** The same, and nobody takes it up again under its name before all that was read of it is written. */
  letGo(lane: Lane): void {
    const { name } = lane;
    const leaving = Promise.allSettled([this.#leaving.get(name), this.#runtimeOf.get(lane)?.written()]).then(() => {
      if (this.#leaving.get(name) === leaving) this.#leaving.delete(name);
    });
    this.#leaving.set(name, leaving);
    this.retire(lane);
  }

  overtaken({ name }: Lane): void {
    this.#overtaken.set(name, (this.#overtaken.get(name) ?? 0) + 1);
  }

  /** A newer telling of it was found. Counted once, however many batches and checkpoints find it. */
  lost(lane: Lane): void {
    if (this.#lost.has(lane)) return;
    this.#lost.add(lane);
    this.#lostCount++;
  }

  get lostCount(): number {
    return this.#lostCount;
  }

  get held(): LaneRuntime[] {
    return [...this.#held.values()].map(({ runtime }) => runtime);
  }

  /** Those on their way out included. */
  get all(): LaneRuntime[] {
    return [...this.held, ...this.#retired.lanes];
  }

  ofSource(source: string): LaneRuntime[] {
    return this.held.filter(({ lane }) => lane.source === source);
  }

  /** How many of them there are; one where the first is about to come. */
  countOf(source: string): number {
    return Math.max(1, this.ofSource(source).length);
  }

  /** Resolves when what was read of a lane of this name that was let go is written, or given up. */
  async written(name: string): Promise<void> {
    await this.#leaving.get(name);
  }

  /** Lanes that have nothing on its way any more: the caller takes their queues away. */
  release(): LaneRuntime[] {
    return this.#retired.release();
  }

  status(logEndOf: (lane: Lane) => number | null): LaneStatus[] {
    return this.held.map((runtime) => ({
      ...runtime.status(), logEnd: logEndOf(runtime.lane), overtaken: this.#overtaken.get(runtime.lane.name) ?? 0,
    }));
  }

  ticks(): Sums<TickLedger> {
    const total = noTicks();
    for (const runtime of this.held) addTicks(total, runtime.ticks());
    addTicks(total, this.#retired.ticks());
    return total;
  }

  rows(): Sums<LaneRows> {
    const total = { emitted: 0, superseded: 0, dropped: {}, inFlight: 0 };
    for (const runtime of this.held) addRows(total, runtime.rows());
    addRows(total, this.#retired.rows());
    return total;
  }
}
