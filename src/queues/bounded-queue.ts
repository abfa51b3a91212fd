import type { QueueCounts, QueueOptions } from './queue-options.ts';
import { wakened } from './wakers.ts';

export type { QueueCounts, QueueOptions, QueuePolicy } from './queue-options.ts';

interface Waiter<T> {
  readonly item: T;
  readonly settle: (entered: boolean) => void;
}

/**
 * The arrow between two boxes. Capacity counts items and bytes; an item larger than the byte bound enters an empty queue.
 *
 * What happens when it is full belongs to the lane:
 *   block    `put` waits. Nothing is lost; the source is paused behind it.
 *   oldest   the oldest droppable item makes room.
 *   newest   the item that comes is dropped.
 * A dropped item leaves its remainder in its place (a gap), which needs no capacity and is never dropped.
 *
 * Always: offered = taken + dropped + superseded + abandoned + refused + depth. A remainder counts as offered when it is
 * born, and as superseded when it is merged into its neighbour.
 */
export class BoundedQueue<T> {
  readonly counts: QueueCounts = { offered: 0, taken: 0, dropped: 0, superseded: 0, abandoned: 0, refused: 0 };
  readonly options: QueueOptions<T>;
  /** Called whenever an item has come or the queue was closed. */
  onReady: (() => void) | null = null;
  // A plain array: it never holds more than a few hundred batches, and `shift` on that is a short memmove.
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #takers = new Set<() => void>();
  readonly #putters = new Set<() => void>();
  #occupied = 0; // Droppable items: those that count against itemsMax.
  #bytes = 0;
  #highWater = 0;
  #highWaterSinceScrape = 0;
  #closed = false;

  constructor(options: QueueOptions<T>) {
    if (options.itemsMax < 1) throw new RangeError(`itemsMax is ${options.itemsMax}; a queue holds at least one item`);
    this.options = options;
  }

  get depth(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get highWater(): number {
    return this.#highWater;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  /** What waits in `put` for room: in flight, though not in the queue yet. */
  get waiting(): readonly T[] {
    return this.#waiters.map((waiter) => waiter.item);
  }

  /** The greatest depth since the last call. */
  takeHighWater(): number {
    const high = this.#highWaterSinceScrape;
    this.#highWaterSinceScrape = this.#items.length;
    return high;
  }

  /**
   * Resolves true once the item is in (or was dropped on record by a drop policy), false when the queue was closed first.
   * With policy `block` it waits for room, in order of arrival; what waits is the caller's to count as in flight.
   */
  put(item: T): Promise<boolean> {
    if (this.#waiters.length === 0 && this.tryPut(item)) return Promise.resolve(true);
    if (this.#closed) {
      this.counts.offered++;
      this.counts.refused++;
      return Promise.resolve(false);
    }
    return new Promise((settle) => this.#waiters.push({ item, settle }));
  }

  /** False when there is no room (policy `block` only) or the queue is closed; nothing is counted then. */
  tryPut(item: T): boolean {
    if (this.#closed) return false;
    if (!this.#isDroppable(item) || this.#hasRoom(this.options.bytesOf(item))) {
      this.counts.offered++;
      this.#enter(item);
      return true;
    }
    if (this.options.policy === 'block') return false;
    this.counts.offered++;
    this.#makeRoom(item);
    return true;
  }

  /** Whether `put` would settle at once. */
  hasRoomFor(item: T): boolean {
    return this.#closed || !this.#isDroppable(item) || this.#hasRoom(this.options.bytesOf(item));
  }

  /** Resolves when `put` would settle at once, or `signal` fires. */
  async whenRoomFor(item: T, signal?: AbortSignal): Promise<void> {
    while (!this.hasRoomFor(item) && signal?.aborted !== true) await wakened(this.#putters, signal);
  }

  tryTake(): T | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
    this.counts.taken++;
    this.#leave(item);
    this.#admitWaiters();
    for (const wake of this.#putters) wake();
    return item;
  }

  /** Resolves when an item is there, the queue is closed, or `signal` fires. */
  whenReady(signal?: AbortSignal): Promise<void> {
    if (this.#items.length > 0 || this.#closed || signal?.aborted === true) return Promise.resolve();
    return wakened(this.#takers, signal);
  }

  /** What is in can still be taken; what waits to enter and what comes later is refused. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) {
      this.counts.offered++;
      this.counts.refused++;
      waiter.settle(false);
    }
    for (const wake of this.#putters) wake();
    this.#wake();
  }

  /** Closes and gives up what is in and what waits to enter: the caller counts and names what is lost. */
  abandon(): readonly T[] {
    const refused = this.waiting;
    this.close();
    const lost = this.#items.splice(0);
    this.counts.abandoned += lost.length;
    this.#occupied = this.#bytes = 0;
    return [...lost, ...refused];
  }

  #isDroppable(item: T): boolean {
    return this.options.droppable?.(item) ?? true;
  }

  #hasRoom(bytes: number): boolean {
    const { itemsMax, bytesMax } = this.options;
    return this.#occupied === 0 || (this.#occupied < itemsMax && this.#bytes + bytes <= bytesMax);
  }

  #enter(item: T): void {
    const last = this.#items.at(-1);
    const joined = last === undefined || this.#isDroppable(item) ? null : this.#merge(last, item);
    if (joined === null) {
      this.#items.push(item);
      this.#arrive(item);
    } else {
      this.#leave(last!);
      this.#items[this.#items.length - 1] = joined;
      this.#arrive(joined);
      this.counts.superseded++;
    }
    this.#highWater = Math.max(this.#highWater, this.#items.length);
    this.#highWaterSinceScrape = Math.max(this.#highWaterSinceScrape, this.#items.length);
    this.#wake();
  }

  #makeRoom(item: T): void {
    if (this.options.supersede?.(item, this.#items) === true) {
      this.counts.superseded++;
      return;
    }
    const bytes = this.options.bytesOf(item);
    if (this.options.policy === 'newest') {
      this.counts.dropped++;
      const rest = this.options.remainder?.(item, 'newest') ?? null;
      if (rest !== null) {
        this.counts.offered++;
        this.#enter(rest);
      }
      return;
    }
    while (!this.#hasRoom(bytes)) this.#dropOldest();
    this.#enter(item);
  }

  #dropOldest(): void {
    const index = this.#items.findIndex((item) => this.#isDroppable(item));
    const dropped = this.#items[index];
    this.#leave(dropped);
    this.counts.dropped++;
    const rest = this.options.remainder?.(dropped, 'oldest') ?? null;
    if (rest === null) {
      this.#items.splice(index, 1);
      return;
    }
    this.counts.offered++;
    this.#items[index] = rest;
    this.#arrive(rest);
    this.#joinAt(index);
    this.#joinAt(index - 1);
  }

  /** Makes one item of those at `index` and `index + 1` where they can be one. */
  #joinAt(index: number): void {
    const [before, after] = [this.#items[index], this.#items[index + 1]];
    if (before === undefined || after === undefined) return;
    const joined = this.#merge(before, after);
    if (joined === null) return;
    this.#leave(before);
    this.#leave(after);
    this.#items.splice(index, 2, joined);
    this.#arrive(joined);
    this.counts.superseded++;
  }

  #merge(before: T, after: T): T | null {
    if (this.#isDroppable(before) || this.#isDroppable(after)) return null;
    return this.options.merge?.(before, after) ?? null;
  }

  #arrive(item: T): void {
    this.#bytes += this.options.bytesOf(item);
    if (this.#isDroppable(item)) this.#occupied++;
  }

  #leave(item: T): void {
    this.#bytes -= this.options.bytesOf(item);
    if (this.#isDroppable(item)) this.#occupied--;
  }

  #admitWaiters(): void {
    while (this.#waiters.length > 0 && this.tryPut(this.#waiters[0].item)) this.#waiters.shift()!.settle(true);
  }

  #wake(): void {
    for (const wake of this.#takers) wake();
    this.onReady?.();
  }
}
