import type { BoundedQueue } from './bounded-queue.ts';
import { wakened } from './wakers.ts';

/** What one worker takes from: the queues of all lanes for its shard, in turn, so that no lane waits behind another. */
export class QueueGroup<T> {
  readonly #queues: BoundedQueue<T>[] = [];
  #next = 0;
  #closed = false;
  readonly #wakers = new Set<() => void>();

  add(queue: BoundedQueue<T>): void {
    this.#queues.push(queue);
    queue.onReady = () => this.#wake();
    this.#wake();
  }

  remove(queue: BoundedQueue<T>): void {
    const index = this.#queues.indexOf(queue);
    if (index === -1) return;
    this.#queues.splice(index, 1);
    if (index < this.#next) this.#next--;
    queue.onReady = null;
    this.#wake();
  }

  get queues(): readonly BoundedQueue<T>[] {
    return this.#queues;
  }

  /** No queue will be added any more: `take` gives null once all are closed and empty. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  tryTake(): { readonly queue: BoundedQueue<T>; readonly item: T } | undefined {
    for (let turn = 0; turn < this.#queues.length; turn++) {
      const at = (this.#next + turn) % this.#queues.length;
      const queue = this.#queues[at];
      const item = queue.tryTake();
      if (item === undefined) continue;
      this.#next = at + 1;
      return { queue, item };
    }
    return undefined;
  }

  /** Nothing is left and nothing will come. */
  get finished(): boolean {
    return this.#closed && this.#queues.every((queue) => queue.closed && queue.depth === 0);
  }

  /**
   * The next item of any queue; null when the group is finished or `signal` has fired. Between `take` and its caller an
   * item is nobody's for a moment; who keeps a ledger takes by `tryTake` and waits by `woken`.
   */
  async take(signal?: AbortSignal): Promise<{ readonly queue: BoundedQueue<T>; readonly item: T } | null> {
    while (signal?.aborted !== true) {
      const taken = this.tryTake();
      if (taken !== undefined) return taken;
      if (this.finished) return null;
      await this.woken(signal);
    }
    return null;
  }

  /** Resolves at the next change of any queue, or when `signal` fires. */
  woken(signal?: AbortSignal): Promise<void> {
    return wakened(this.#wakers, signal);
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }
}

/**
 * The groups for a new lane, by index: those with the fewest queues. Lanes side by side share them, so that the rows of one
 * go through few hands, and in few transactions.
 */
export function shardsFor<T>(lanesBeside: number, groups: readonly QueueGroup<T>[]): readonly number[] {
  const count = Math.max(1, Math.ceil(groups.length / lanesBeside));
  const queuesOf = (shard: number): number => groups[shard].queues.length;
  return [...groups.keys()].sort((a, b) => queuesOf(a) - queuesOf(b)).slice(0, count);
}
