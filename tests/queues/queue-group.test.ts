import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { QueueGroup, shardsFor } from '../../src/queues/queue-group.ts';

const queue = (): BoundedQueue<string> =>
  new BoundedQueue<string>({ itemsMax: 10, bytesMax: 100, policy: 'block', bytesOf: () => 1 });

describe('a group of queues', () => {
  it('takes from its queues in turn, so that a full one does not starve the others', () => {
    const group = new QueueGroup<string>();
    const [busy, quiet] = [queue(), queue()];
    group.add(busy);
    group.add(quiet);
    for (const item of ['a1', 'a2', 'a3']) busy.tryPut(item);
    quiet.tryPut('b1');
    expect([group.tryTake()?.item, group.tryTake()?.item, group.tryTake()?.item]).toEqual(['a1', 'b1', 'a2']);
  });

  it('wakes its taker for an item of a queue that was added later', async () => {
    const group = new QueueGroup<string>();
    const taken = group.take();
    const late = queue();
    group.add(late);
    late.tryPut('x');
    expect((await taken)?.item).toBe('x');
  });

  it('ends once it is closed and its queues are closed and empty, not before', async () => {
    const group = new QueueGroup<string>();
    const only = queue();
    group.add(only);
    only.tryPut('last');
    group.close();
    only.close();
    expect((await group.take())?.item).toBe('last');
    expect(await group.take()).toBeNull();
  });

  it('gives null when its signal fires', async () => {
    const group = new QueueGroup<string>();
    const stop = new AbortController();
    const taken = group.take(stop.signal);
    stop.abort();
    expect(await taken).toBeNull();
  });
});

describe('the groups for a new lane', () => {
  const groupsOf = (...queues: readonly number[]): QueueGroup<number>[] => queues.map((count) => {
    const group = new QueueGroup<number>();
    for (let n = 0; n < count; n++) {
      group.add(new BoundedQueue<number>({ itemsMax: 1, bytesMax: 1, policy: 'block', bytesOf: () => 1 }));
    }
    return group;
  });

  it('are all where it is alone', () => {
    expect(shardsFor(1, groupsOf(0, 0, 0, 0))).toEqual([0, 1, 2, 3]);
  });

  it('are as few as lanes beside it leave, and those with least to do', () => {
    expect(shardsFor(2, groupsOf(1, 0, 1, 0))).toEqual([1, 3]);
    expect(shardsFor(3, groupsOf(2, 1, 1, 0))).toEqual([3, 1]);
    expect(shardsFor(100, groupsOf(2, 2, 1, 2))).toEqual([2]);
  });
});
