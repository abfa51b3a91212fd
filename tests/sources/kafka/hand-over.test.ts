import { describe, expect, it } from 'vitest';
import { HandOver } from '../../../src/sources/kafka/hand-over.ts';

const never = new AbortController().signal;

describe('a hand-over', () => {
  it('settles an offer when the next item is asked for, and says when it cannot be withdrawn any more', async () => {
    const happened: string[] = [];
    const handOver = new HandOver<string>();
    const items = handOver.items();
    const offers = ['a', 'b'].map((item) => handOver.offer(item, () => happened.push(`taken ${item}`), never)
      .then((isTaken) => happened.push(`${item} ${isTaken}`)));
    expect(await items.next()).toEqual({ value: 'a', done: false });
    expect(happened).toEqual(['taken a']);
    expect(await items.next()).toEqual({ value: 'b', done: false });
    expect(happened).toEqual(['taken a', 'taken b', 'a true']);
    handOver.close();
    expect(await items.next()).toEqual({ value: undefined, done: true });
    await Promise.all(offers);
    expect(happened.at(-1)).toBe('b true');
  });

  it('waits for an item that comes later', async () => {
    const handOver = new HandOver<string>();
    const item = handOver.items().next();
    void handOver.offer('late', () => {}, never);
    expect(await item).toMatchObject({ value: 'late' });
  });

  it('gives back what is withdrawn before it is taken, and nothing after', async () => {
    const handOver = new HandOver<string>();
    const items = handOver.items();
    const [early, late] = [new AbortController(), new AbortController()];
    const withdrawn = handOver.offer('withdrawn', () => expect.unreachable(), early.signal);
    early.abort();
    expect(await withdrawn).toBe(false);
    const taken = handOver.offer('taken', () => {}, late.signal);
    expect(await items.next()).toMatchObject({ value: 'taken' });
    late.abort();
    void items.next();
    expect(await taken).toBe(true);
    expect(await handOver.offer('too late', () => {}, late.signal)).toBe(false);
  });

  it('closed with an error throws it once everything was given back', async () => {
    const handOver = new HandOver<string>();
    const offer = handOver.offer('lost', () => {}, never);
    handOver.close(new Error('the broker is gone'));
    handOver.close();
    expect(await offer).toBe(false);
    expect(await handOver.offer('later', () => {}, never)).toBe(false);
    await expect(handOver.items().next()).rejects.toThrow('the broker is gone');
    expect(handOver.isClosed).toBe(true);
  });
});
