import { describe, expect, it } from 'vitest';
import { HandOver } from '../../../src/sources/kafka/hand-over.ts';

const owner = {};

describe('a hand-over', () => {
  it('settles an offer when the next item is asked for, and says when it cannot be withdrawn any more', async () => {
    const happened: string[] = [];
    const handOver = new HandOver<string>();
    const items = handOver.items();
    const offers = ['a', 'b'].map((item) => handOver.offer(item, () => happened.push(`taken ${item}`), owner)
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
    void handOver.offer('late', () => {}, owner);
    expect(await item).toMatchObject({ value: 'late' });
  });

  it('gives back what is withdrawn before it is taken, and nothing after', async () => {
    const handOver = new HandOver<string>();
    const items = handOver.items();
    const other = {};
    const withdrawn = handOver.offer('withdrawn', () => expect.unreachable(), owner);
    const taken = handOver.offer('taken', () => {}, other);
    handOver.withdraw(owner);
    expect(await withdrawn).toBe(false);
    expect(await items.next()).toMatchObject({ value: 'taken' });
    handOver.withdraw(other);
    void items.next();
    expect(await taken).toBe(true);
  });

  it('closed with an error throws it once everything was given back', async () => {
    const handOver = new HandOver<string>();
    const offer = handOver.offer('lost', () => {}, owner);
    handOver.close(new Error('the broker is gone'));
    handOver.close();
    expect(await offer).toBe(false);
    expect(await handOver.offer('later', () => {}, owner)).toBe(false);
    await expect(handOver.items().next()).rejects.toThrow('the broker is gone');
    expect(handOver.isClosed).toBe(true);
  });

  it('has dealt with what was taken by one who wants no more after it', async () => {
    const handOver = new HandOver<string>();
    const last = handOver.offer('last', () => {}, owner);
    for await (const item of handOver.items()) {
      expect(item).toBe('last');
      break;
    }
    expect(await last).toBe(true);
  });
});
