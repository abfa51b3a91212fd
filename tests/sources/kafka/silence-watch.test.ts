import { describe, expect, it } from 'vitest';
import { SilenceWatch, type ConsumerLook } from '../../../src/sources/kafka/silence-watch.ts';

const intervalMs = 100;

/** A watch that is told the same look every 100 ms; what differs is laid over it. */
class Told {
  readonly #watch = new SilenceWatch(intervalMs);
  #nowMs = 0;
  #look: Omit<ConsumerLook, 'nowMs'> = {
    partitions: [{ name: 't/0', position: 5, isBehind: true }], fetches: new Map([['1', 7]]), isHeldBack: false,
  };

  look(change: Partial<ConsumerLook> = {}, afterMs = intervalMs): number {
    this.#look = { ...this.#look, ...change };
    this.#nowMs += afterMs;
    return this.#watch.look({ nowMs: this.#nowMs, ...this.#look });
  }

  still(times: number): number {
    let silentMs = 0;
    for (let time = 0; time < times; time++) silentMs = this.look();
    return silentMs;
  }
}

describe('a consumer is silent', () => {
  it('from the moment on that records wait, none comes, and no broker answers', () => {
    const told = new Told();
    expect([told.look(), told.look(), told.look()]).toEqual([0, 100, 200]);
    expect(told.still(100)).toBe(10_200);
  });

  it('also while it is no member of its group: what it was given last still waits', () => {
    const told = new Told();
    told.still(3);
    expect(told.look({ partitions: null })).toBe(300);
    expect(told.still(10)).toBe(1_300);
  });

  it('when one of several brokers answers nothing', () => {
    const told = new Told();
    told.look({ fetches: new Map([['1', 7], ['2', 7]]) });
    for (let count = 8; count < 20; count++) told.look({ fetches: new Map([['1', 7], ['2', count]]) });
    expect(told.look()).toBe(1_300);
  });

  it('when one partition stands and others go on', () => {
    const told = new Told();
    for (let position = 0; position < 10; position++) {
      told.look({ partitions: [{ name: 't/0', position: 5, isBehind: true }, { name: 't/1', position, isBehind: true }] });
    }
    expect(told.look()).toBe(1_000);
  });

  it('when it has joined and no broker ever answers', () => {
    const told = new Told();
    told.look({ fetches: new Map() });
    expect(told.still(5)).toBe(500);
  });
});

describe('a consumer is not silent', () => {
  it('once a record came', () => {
    const told = new Told();
    told.still(10);
    expect(told.look({ partitions: [{ name: 't/0', position: 6, isBehind: true }] })).toBe(0);
    expect(told.still(2)).toBe(200);
  });

  it('while brokers answer: behind the last record are ends of transactions, or an open one', () => {
    const told = new Told();
    for (let count = 0; count < 100; count++) expect(told.look({ fetches: new Map([['1', count]]) })).toBe(0);
  });

  it('at the end of the log, without partitions, or where they are not read now', () => {
    const told = new Told();
    told.still(10);
    expect(told.look({ partitions: [{ name: 't/0', position: 5, isBehind: false }] })).toBe(0);
    expect(told.still(10)).toBe(0);
    expect(told.look({ partitions: [] })).toBe(0);
    expect(told.still(10)).toBe(0);
  });

  it('before it was given any partition', () => {
    const told = new Told();
    told.look({ partitions: null });
    expect(told.still(10)).toBe(0);
  });

  it('while we hold it back, and begins to be afterwards', () => {
    const told = new Told();
    told.still(10);
    expect(told.look({ isHeldBack: true })).toBe(0);
    expect(told.still(10)).toBe(0);
    expect(told.look({ isHeldBack: false })).toBe(100);
  });

  it('because the process stood still', () => {
    const told = new Told();
    told.still(3);
    expect(told.look({}, 600_000)).toBe(0);
    expect(told.still(2)).toBe(200);
  });
});
