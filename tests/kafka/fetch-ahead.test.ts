import { describe, expect, it } from 'vitest';
import { FetchTap, type TappedConnection } from '../../src/kafka/fetch-tap.ts';
import { encodeFetchResponse } from '../support/kafka-bytes.ts';
import { SeededRandom } from '../support/faults/random.ts';
import { batch, messagesIn, valuesOf, version } from './answers.ts';
import { ask, idOf, offsetsOf, withId, type Ask } from './fetch-requests.ts';

const padding = 'x'.repeat(40_000);

/** kafkajs and a broker with an endless log, of which each Fetch brings so many batches a partition. */
class Exchange {
  readonly tap = new FetchTap();
  /** What has reached the broker and is not answered. */
  readonly written: Buffer[] = [];
  readonly #passed: Buffer[] = [];
  readonly #connection: TappedConnection;
  #nextId = 0;

  constructor() {
    this.#connection = this.tap.open('a:1', (bytes) => this.#passed.push(bytes), (bytes) => this.written.push(bytes));
  }

  /** As kafkajs does: what is not said to be there already goes to the broker. Returns the correlation id. */
  ask(what: Ask): number {
    const request = withId(ask(what), ++this.#nextId);
    if (!this.#connection.request(request)) this.written.push(request);
    return this.#nextId;
  }

  /** The broker answers what it was asked first: `batches` of two records from the offset that was asked for; 1 may fail. */
  answer({ batches = 8, errorCode = 0 }: { batches?: number; errorCode?: number } = {}): void {
    const request = this.written.shift()!;
    const topics = [{
      name: 'ticks',
      partitions: [...offsetsOf(request)].map(([partition, offset]) => ({
        partition, highWatermark: 1e6, errorCode: partition === 1 ? errorCode : 0,
        records: batches === 0 || (errorCode !== 0 && partition === 1) ? Buffer.alloc(0) : Buffer.concat(Array.from({ length: batches }, (_, n) =>
          batch(offset + 2 * n, [`${partition}:${offset + 2 * n}`, padding]))),
      })),
    }];
    this.#connection.receive(encodeFetchResponse({ version, correlationId: idOf(request), topics }));
  }

  /** By partition, the numbers that its records carry; and the id under which they came. Waits a turn of the loop. */
  async read(): Promise<{ readonly id: number; readonly values: string[] } | null> {
    await Promise.resolve();
    const frame = this.#passed.shift();
    if (frame === undefined) return null;
    const messages = await messagesIn(frame);
    const values = messages.flatMap((message) => valuesOf(this.tap.batchOf(message)!)).filter((value) => value !== padding);
    return { id: frame.readInt32BE(4), values };
  }

  close(): void {
    this.#connection.close();
  }
}

const from = (offset: number): Ask => ({ 0: offset, 1: offset });
const valuesFrom = (offset: number): string[] => [0, 1].flatMap((partition) =>
  Array.from({ length: 8 }, (_, n) => `${partition}:${offset + 2 * n}`));

describe('what kafkajs will ask for next', () => {
  it('is asked for while it reads a large answer, and is not asked for twice', async () => {
    const exchange = new Exchange();
    exchange.ask(from(0));
    exchange.answer();
    expect(exchange.written.map((request) => [...offsetsOf(request)])).toEqual([[[0, 16], [1, 16]]]);
    expect(await exchange.read()).toEqual({ id: 1, values: valuesFrom(0) });
    const id = exchange.ask(from(16));
    expect(exchange.written).toHaveLength(1);
    expect(await exchange.read(), 'nothing has come').toBeNull();
    exchange.answer();
    expect(await exchange.read()).toEqual({ id, values: valuesFrom(16) });
    expect(exchange.tap.answersAhead).toBe(1);
  });

  it('waits where it came first, and what is being read stays', async () => {
    const exchange = new Exchange();
    exchange.ask(from(0));
    exchange.answer();
    exchange.answer(); // Of what was asked ahead.
    expect(await exchange.read()).toEqual({ id: 1, values: valuesFrom(0) });
    expect(await exchange.read(), 'kafkajs has not asked').toBeNull();
    const id = exchange.ask(from(16));
    expect(await exchange.read()).toEqual({ id, values: valuesFrom(16) });
    expect(exchange.written.map((request) => [...offsetsOf(request)])).toEqual([[[0, 32], [1, 32]]]);
  });

  it('is thrown away where kafkajs asks for something else, whenever it comes', async () => {
    const exchange = new Exchange();
    exchange.ask(from(0));
    exchange.answer();
    await exchange.read();
    const paused = exchange.ask({ 0: 16 });
    expect(exchange.written).toHaveLength(2);
    exchange.answer(); // Nobody wants it.
    expect(await exchange.read()).toBeNull();
    exchange.answer();
    expect((await exchange.read())?.id).toBe(paused);

    exchange.answer(); // Of what was asked behind that: it is here, and kafkajs seeks.
    const sought = exchange.ask({ 0: 5 });
    expect(await exchange.read()).toBeNull();
    exchange.answer();
    expect(await exchange.read()).toMatchObject({ id: sought, values: expect.arrayContaining(['0:5']) as string[] });
  });

  it('is not asked for behind small answers, nor behind an error, nor after the end of the connection', async () => {
    const exchange = new Exchange();
    exchange.ask(from(0));
    exchange.answer({ batches: 1 });
    expect(exchange.written).toEqual([]);
    await exchange.read();
    exchange.ask(from(2));
    exchange.answer({ errorCode: 6 });
    expect(exchange.written).toEqual([]);
    await exchange.read();
    exchange.ask(from(2));
    exchange.answer();
    await exchange.read();
    exchange.answer(); // It is here before anybody asks,
    exchange.ask(from(18)); // somebody does,
    exchange.close(); // and the connection ends before it was handed on.
    expect(await exchange.read()).toBeNull();
  });

  it('is not asked for for a while where the guess was wrong again and again', () => {
    const exchange = new Exchange();
    let wasted = 0;
    for (let turn = 0; turn < 60; turn++) {
      exchange.ask({ 0: 1_000 * turn, 1: 7 });
      for (; exchange.written.length > 0; wasted += exchange.written.length > 0 ? 1 : 0) {
        exchange.answer();
        if (wasted > 10) break;
      }
    }
    expect(wasted).toBeLessThanOrEqual(2);
  });

  it.each([1, 2, 3, 4])('changes nothing of what is read, whatever is asked and whenever it is answered (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const exchange = new Exchange();
    let next: Ask = from(0);
    for (let turn = 0; turn < 150; turn++) {
      const id = exchange.ask(next);
      const batches = random.pick([0, 1, 8, 8, 8, 9]);
      let got = await exchange.read();
      while (got === null) {
        exchange.answer({ batches });
        got = await exchange.read();
      }
      expect(got.id).toBe(id);
      const read = Map.groupBy(got.values, (value) => Number(value.split(':')[0]));
      for (const [partition, values] of read) {
        const wanted = values.map((_, n) => `${partition}:${next[partition] + 2 * n}`);
        expect(values, `turn ${turn}`).toEqual(wanted);
      }
      for (const partition of read.keys()) expect(Object.keys(next).map(Number)).toContain(partition);
      const readOn = Object.fromEntries(Object.entries(next).map(([partition, offset]) =>
        [partition, offset + 2 * (read.get(Number(partition))?.length ?? 0)]));
      if (random.next() < 0.3 && exchange.written.length > 0) exchange.answer({ batches: 8 });
      const kind = random.next();
      if (kind < 0.8) next = readOn;
      else if (kind < 0.87) next = { ...readOn, 0: random.between(0, 5_000) };
      else if (kind < 0.94) next = { 1: readOn[1] ?? 0 };
      else next = { 0: readOn[0] ?? 0, 1: readOn[1] ?? 0 };
    }
    expect(exchange.tap.answersAhead).toBeGreaterThan(1);
  });
});
