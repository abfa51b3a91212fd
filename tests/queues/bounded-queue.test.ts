import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue, type QueueOptions, type QueuePolicy } from '../../src/queues/bounded-queue.ts';

/** An item: a batch that may be dropped, or a gap that stands for `count` batches and may not. */
interface Item {
  readonly gap: boolean;
  readonly count: number;
  readonly bytes: number;
}

const batch = (bytes = 1): Item => ({ gap: false, count: 1, bytes });

function queueOf(options: Partial<QueueOptions<Item>>): BoundedQueue<Item> {
  return new BoundedQueue<Item>({
    itemsMax: 3, bytesMax: 1_000, policy: 'block',
    bytesOf: (item) => item.bytes,
    droppable: (item) => !item.gap,
    remainder: (item) => ({ gap: true, count: item.count, bytes: 0 }),
    merge: (before, after) => ({ gap: true, count: before.count + after.count, bytes: 0 }),
    ...options,
  });
}

function balances(queue: BoundedQueue<Item>): boolean {
  const { offered, taken, dropped, superseded, abandoned, refused } = queue.counts;
  return offered === taken + dropped + superseded + abandoned + refused + queue.depth;
}

describe('a bounded queue', () => {
  it('hands items over in the order in which they came', async () => {
    const queue = queueOf({});
    await queue.put(batch(1));
    await queue.put(batch(2));
    expect([queue.tryTake()?.bytes, queue.tryTake()?.bytes]).toEqual([1, 2]);
  });

  it('makes a put wait while it is full, and lets it in when an item is taken', async () => {
    const queue = queueOf({ itemsMax: 1 });
    await queue.put(batch(1));
    let entered = false;
    const put = queue.put(batch(2)).then((result) => { entered = result; });
    await Promise.resolve();
    expect(entered).toBe(false);
    expect(queue.waiting).toHaveLength(1);
    queue.tryTake();
    await put;
    expect(entered).toBe(true);
    expect(queue.tryTake()?.bytes).toBe(2);
  });

  it('says when an item would not wait, in items and in bytes', async () => {
    const queue = queueOf({ itemsMax: 2, bytesMax: 10 });
    await queue.put(batch(6));
    expect([queue.hasRoomFor(batch(4)), queue.hasRoomFor(batch(5))]).toEqual([true, false]);
    let waited = 0;
    const waiting = queue.whenRoomFor(batch(5)).then(() => { waited = queue.depth; });
    await queue.put(batch(1));
    queue.tryTake(); // The one of 6 bytes: there is room again.
    await waiting;
    expect(waited).toBe(1);
    await queue.put(batch(1));
    const given = new AbortController();
    const inVain = queue.whenRoomFor(batch(), given.signal);
    given.abort();
    await inVain;
    const closed = queue.whenRoomFor(batch());
    queue.close();
    await closed;
  });

  it('lets an item larger than the byte bound into an empty queue, and nothing beside it', () => {
    const queue = queueOf({ bytesMax: 10 });
    expect(queue.tryPut(batch(50))).toBe(true);
    expect(queue.tryPut(batch(1))).toBe(false);
  });

  it('counts bytes: items that would not fit together wait', () => {
    const queue = queueOf({ bytesMax: 10 });
    expect(queue.tryPut(batch(6))).toBe(true);
    expect(queue.tryPut(batch(5))).toBe(false);
    expect(queue.tryPut(batch(4))).toBe(true);
  });

  it('drops the oldest batch and leaves a gap in its place', () => {
    const queue = queueOf({ policy: 'oldest' });
    for (const bytes of [1, 2, 3, 4]) queue.tryPut(batch(bytes));
    expect(queue.items).toEqual([{ gap: true, count: 1, bytes: 0 }, batch(2), batch(3), batch(4)]);
    expect(queue.counts.dropped).toBe(1);
  });

  it('drops the newest batch and leaves a gap at its end', () => {
    const queue = queueOf({ policy: 'newest' });
    for (const bytes of [1, 2, 3, 4, 5]) queue.tryPut(batch(bytes));
    expect(queue.items).toEqual([batch(1), batch(2), batch(3), { gap: true, count: 2, bytes: 0 }]);
  });

  it('makes one gap of many: a flood takes no more room than its first loss', () => {
    const queue = queueOf({ policy: 'oldest' });
    for (let n = 0; n < 1_000; n++) queue.tryPut(batch());
    expect(queue.depth).toBe(4);
    expect(queue.items[0]).toEqual({ gap: true, count: 997, bytes: 0 });
    expect(balances(queue)).toBe(true);
  });

  it('lets a gap in however full it is, and never drops it', () => {
    const queue = queueOf({ policy: 'oldest', itemsMax: 1, merge: () => null });
    queue.tryPut(batch());
    for (let n = 0; n < 5; n++) queue.tryPut({ gap: true, count: 1, bytes: 0 });
    queue.tryPut(batch());
    expect(queue.items.filter((item) => item.gap)).toHaveLength(6);
  });

  it('tries to supersede before it drops', () => {
    const queue = queueOf({ policy: 'newest', itemsMax: 1, supersede: () => true });
    queue.tryPut(batch(1));
    queue.tryPut(batch(2));
    expect(queue.counts).toMatchObject({ superseded: 1, dropped: 0 });
    expect(queue.items).toEqual([batch(1)]);
  });

  it('gives what it holds after it was closed, and refuses what comes', async () => {
    const queue = queueOf({ itemsMax: 1 });
    await queue.put(batch(1));
    const waiting = queue.put(batch(2));
    queue.close();
    expect(await waiting).toBe(false);
    expect(await queue.put(batch(3))).toBe(false);
    expect(queue.tryTake()).toEqual(batch(1));
    expect(queue.tryTake()).toBeUndefined();
    expect(queue.counts.refused).toBe(2);
    expect(balances(queue)).toBe(true);
  });

  it('returns everything that a forced end leaves behind, also what waited to enter', () => {
    const queue = queueOf({ itemsMax: 1 });
    void queue.put(batch(1));
    void queue.put(batch(2));
    expect(queue.abandon().map((item) => item.bytes)).toEqual([1, 2]);
    expect(balances(queue)).toBe(true);
  });

  it('reports the high water since the last look, then starts from the present depth', () => {
    const queue = queueOf({});
    for (let n = 0; n < 3; n++) queue.tryPut(batch());
    queue.tryTake();
    expect(queue.takeHighWater()).toBe(3);
    expect(queue.takeHighWater()).toBe(2);
    expect(queue.highWater).toBe(3);
  });

  it('leaves no waker behind when a wait is given up', async () => {
    const queue = queueOf({});
    const given = new AbortController();
    const wait = queue.whenReady(given.signal);
    given.abort();
    await wait;
    const woken = queue.whenReady();
    queue.tryPut(batch());
    await woken;
  });

  it('balances, keeps its bounds, and loses nothing that its counts do not show, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('put' as const), bytes: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ act: fc.constant('gap' as const), bytes: fc.constant(0) }),
      fc.record({ act: fc.constant('take' as const), bytes: fc.constant(0) }),
      fc.record({ act: fc.constant('close' as const), bytes: fc.constant(0) }),
    );
    const policy = fc.constantFrom<QueuePolicy>('block', 'oldest', 'newest');
    fc.assert(fc.property(policy, fc.array(step, { maxLength: 80 }), (chosen, steps) => {
      const queue = queueOf({ policy: chosen, itemsMax: 3, bytesMax: 20 });
      let [given, got, refused] = [0, 0, 0];
      for (const { act, bytes } of steps) {
        if (act === 'close') queue.close();
        else if (act === 'take') got += queue.tryTake()?.count ?? 0;
        else if (queue.tryPut(act === 'gap' ? { gap: true, count: 1, bytes: 0 } : batch(bytes))) given++;
        else refused++;
        if (!balances(queue)) return false;
        if (queue.items.filter((item) => !item.gap).length > 3) return false;
      }
      const inside = queue.items.reduce((sum, item) => sum + item.count, 0);
      return given === got + inside && (chosen === 'block' || queue.closed || refused === 0);
    }), { numRuns: 500 });
  });
});
