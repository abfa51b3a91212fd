import { describe, expect, it } from 'vitest';
import { LiveStore } from '../../src/dashboard/live-store.ts';
import { barKey, quoteKey, quotesKey } from '../../src/dashboard/stream-keys.ts';
import { StreamClient } from '../../src/dashboard/stream.ts';
import type { WireEvents } from '../../src/dashboard/stream.ts';
import type { Changes, Channel, ClientMessage, ServerMessage, StreamQuote } from '../../src/model/stream.ts';

/** A server and a clock that do what a test says. */
class Rig {
  nowMs = 1_000_000;
  wires: { events: WireEvents; sent: ClientMessage[]; isClosed: boolean }[] = [];
  readonly changes: Changes[] = [];
  readonly client: StreamClient;
  #timers: { atMs: number; call: () => void }[] = [];
  #seq = 0;

  constructor() {
    this.client = new StreamClient({
      open: (events) => {
        const wire = { events, sent: [] as ClientMessage[], isClosed: false };
        this.wires.push(wire);
        return {
          send: (text) => { wire.sent.push(JSON.parse(text) as ClientMessage); },
          close: () => { wire.isClosed = true; },
        };
      },
      nowMs: () => this.nowMs,
      later: (ms, call) => {
        const timer = { atMs: this.nowMs + ms, call };
        this.#timers.push(timer);
        return () => { this.#timers = this.#timers.filter((other) => other !== timer); };
      },
      random: () => 1,
    }, { changed: (changes) => this.changes.push(changes), stateChanged: () => {} });
  }

  get wire() {
    return this.wires.at(-1)!;
  }

  say(message: ServerMessage): void {
    this.wire.events.heard(JSON.stringify(message));
  }

  hello(session = 'one'): void {
    this.#seq = 0;
    this.say({ type: 'hello', session, version: '1', now_ms: this.nowMs + 500, conflate_ms: 50, heartbeat_ms: 10_000, subscriptions_max: 500 });
  }

  update(changes: Changes, skipped = 0): void {
    this.#seq += 1 + skipped;
    this.say({ type: 'update', seq: this.#seq, now_ms: this.nowMs + 500, changes });
  }

  /** Lets time pass, timer by timer. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#timers.toSorted((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.nowMs = next.atMs;
      next.call();
    }
    this.nowMs = untilMs;
  }

  async settled(): Promise<void> {
    await Promise.resolve();
  }

  sent<T extends ClientMessage['type']>(type: T) {
    return this.wire.sent.filter((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
  }
}

const bars = (symbol: string): Channel => ({ channel: 'bars', venue: 'v', symbol, spec: '1m' });
const quote = (symbol: string, price: number): StreamQuote =>
  ({ venue: 'v', symbol, price, previous_close: null, event_ms: 1, received_ms: 1 });

describe('the client of the stream', () => {
  it('asks once for what several parts look at, and gives it up with the last of them', async () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    const first = rig.client.subscribe([bars('A'), bars('B')]);
    const second = rig.client.subscribe([{ spec: '1m', symbol: 'A', venue: 'v', channel: 'bars' }]);
    await rig.settled();
    expect(rig.sent('subscribe').map(({ channels }) => channels)).toEqual([[bars('A'), bars('B')]]);
    first();
    await rig.settled();
    expect(rig.sent('unsubscribe').map(({ channels }) => channels)).toEqual([[bars('B')]]);
    second();
    second();
    await rig.settled();
    expect(rig.sent('unsubscribe')).toHaveLength(2);
  });

  it('comes back by itself after a while that grows, and asks anew for what is still looked at', async () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    rig.client.subscribe([bars('A')]);
    await rig.settled();
    const { freshness } = rig.client;
    const lostMs = rig.nowMs;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      rig.wire.events.closed();
      expect(rig.client.state).toMatchObject({ name: 'waiting', lostMs });
      const before = rig.nowMs;
      const wires = rig.wires.length;
      while (rig.wires.length === wires) rig.pass(100);
      waits.push(rig.nowMs - before);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    rig.hello('two');
    expect(rig.client.state).toMatchObject({ name: 'open', session: 'two' });
    expect(rig.client.freshness).toBeGreaterThan(freshness);
    expect(rig.sent('subscribe').map(({ channels }) => channels)).toEqual([[bars('A')]]);
  });

  it('notices a hole in the numbers, asks for everything anew, and says that something may have been missed', () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    rig.update({ quotes: [quote('A', 1)] });
    const { freshness } = rig.client;
    rig.update({ quotes: [quote('A', 2)] }, 1);
    expect(rig.sent('resync')).toHaveLength(1);
    expect(rig.client.freshness).toBe(freshness + 1);
    rig.update({ quotes: [quote('A', 3)] });
    expect(rig.sent('resync')).toHaveLength(1);
    expect(rig.changes).toHaveLength(3);
  });

  it('asks by halves for channels that were refused together, so that one bad one keeps no other away', async () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    rig.client.subscribe(['A', 'B', 'C', 'BAD', 'E'].map(bars));
    await rig.settled();
    const taken: string[] = [];
    for (let at = 0; at < rig.sent('subscribe').length; at++) {
      const { id, channels } = rig.sent('subscribe')[at];
      const symbols = channels.map((channel) => (channel.channel === 'bars' ? channel.symbol : ''));
      if (symbols.includes('BAD')) rig.say({ type: 'refused', id, code: 'unknown', field: 'channels', message: 'There is no BAD.' });
      else {
        taken.push(...symbols);
        rig.say({ type: 'subscribed', id, subscriptions: taken.length });
      }
    }
    expect(taken.toSorted()).toEqual(['A', 'B', 'C', 'E']);
  });

  it('gives up a wire that has been silent for three beats, and not one that answers', () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    rig.pass(20_000);
    const asked = rig.sent('unsubscribe').at(-1)!;
    rig.say({ type: 'unsubscribed', id: asked.id, subscriptions: 0 });
    rig.pass(20_000);
    expect(rig.client.state.name).toBe('open');
    rig.pass(10_000);
    expect(rig.client.state.name).toBe('waiting');
    expect(rig.wires[0].isClosed).toBe(true);
  });

  it('hears nothing any more from a wire that it has given up', () => {
    const rig = new Rig();
    rig.client.start();
    const [old] = rig.wires;
    rig.client.unlock();
    old.events.heard(JSON.stringify({ type: 'update', seq: 1, now_ms: 1, changes: { quotes: [quote('A', 1)] } }));
    old.events.closed();
    expect(rig.changes).toEqual([]);
    expect(rig.client.state.name).toBe('connecting');
  });

  it('waits for a key where one is asked for, and goes on with it', () => {
    const rig = new Rig();
    rig.client.start();
    rig.wire.events.locked();
    rig.pass(60_000);
    expect(rig.wires).toHaveLength(1);
    rig.client.unlock();
    rig.hello();
    expect(rig.client.state.name).toBe('open');
  });

  it('tells the clock of the server', () => {
    const rig = new Rig();
    rig.client.start();
    rig.hello();
    rig.pass(1_000);
    expect(rig.client.serverNowMs()).toBe(rig.nowMs + 500);
  });
});

describe('what is kept of the stream', () => {
  it('changes once a frame, and wakes only those whose key has changed', () => {
    let frame = (): void => {};
    let frames = 0;
    const store = new LiveStore((publish) => { frames++; frame = publish; });
    const woken: string[] = [];
    for (const symbol of ['A', 'B']) store.listen(quoteKey({ venue: 'v', symbol }), () => woken.push(symbol));
    store.take({ quotes: [quote('A', 1)] });
    store.take({ quotes: [quote('A', 2)] });
    expect([store.latest(quoteKey({ venue: 'v', symbol: 'A' })), woken, frames]).toEqual([undefined, [], 1]);
    frame();
    expect(store.latest(quoteKey({ venue: 'v', symbol: 'A' }))?.price).toBe(2);
    expect(woken).toEqual(['A']);
    store.take({ quotes: [quote('B', 3)] });
    frame();
    expect([woken, frames]).toEqual([['A', 'B'], 2]);
  });

  it('gives every item of a frame to who listens, and nothing to who does not any more', () => {
    let frame = (): void => {};
    const store = new LiveStore((publish) => { frame = publish; });
    const heard: number[] = [];
    const end = store.listen(quotesKey, (quotes) => heard.push(...quotes.map(({ price }) => price)));
    store.take({ quotes: [quote('A', 1), quote('B', 2)] });
    frame();
    end();
    store.take({ quotes: [quote('A', 3)] });
    frame();
    expect(heard).toEqual([1, 2]);
  });

  it('keeps a bounded part of what comes while no frame does', () => {
    let frame = (): void => {};
    const store = new LiveStore((publish) => { frame = publish; });
    let heard = 0;
    store.listen(quotesKey, (quotes) => { heard += quotes.length; });
    for (let turn = 0; turn < 100; turn++) store.take({ quotes: Array.from({ length: 100 }, (_, price) => quote('A', turn * 100 + price)) });
    frame();
    expect(heard).toBeLessThanOrEqual(2_000);
    expect(store.latest(quotesKey)?.price).toBe(9_999);
  });

  it('has different keys for different things', () => {
    const series = { venue: 'a', symbol: 'b', spec: 'c' };
    expect(new Set([barKey(series), barKey({ ...series, venue: 'a b', symbol: '' }), quoteKey(series)]).size).toBe(3);
  });
});
