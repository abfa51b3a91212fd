import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { QueueGroup } from '../../src/queues/queue-group.ts';

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
