import { describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../src/model/stream.ts';
import { barChannel, LiveRig, streamed, type TestClient } from './hub-rig.ts';

const symbols = Array.from({ length: 20 }, (_, n) => `S${n}`);
const channels = symbols.flatMap((symbol) => ['1s', '1m'].map((spec) => barChannel(symbol, spec)));

/** So many batches, a tick of every symbol in each, 100 ms of event time apart. */
function feed(rig: LiveRig, batches: number, from = 0): void {
  for (let n = from; n < from + batches; n++) {
    rig.take(symbols.map((symbol, index) => ({ symbol, at: n * 100 + index, price: 100 + n })));
  }
}

const options = { specs: ['1s', '1m'], bufferBytes: 16_384 };

describe('a client that does not take what it is sent', () => {
  it('costs its buffer and one message, and gets the newest state once it has drained', () => {
    const rig = new LiveRig(options);
    const slow = rig.connect().subscribe(...channels);
    slow.isStuck = true;
    feed(rig, 300);
    const kept = slow.take();
    expect(kept.length).toBeLessThan(20);
    expect(slow.bytesMax).toBeLessThan(4 * 16_384);
    expect(slow.holes).toEqual([]);
    slow.drain();
    const after = slow.take();
    expect(after).toMatchObject([{ type: 'snapshot' }]);
    expect(slow.missed).toBe(1);
    for (const symbol of symbols) {
      for (const spec of ['1s', '1m']) {
        const newest = streamed(rig.newestBar('venue', symbol, spec)!);
        expect(after[0].type === 'snapshot' && after[0].changes.bars).toContainEqual(newest);
      }
    }
    feed(rig, 1, 300);
    expect(slow.take()).toMatchObject([{ type: 'update' }]);
    expect(slow.holes).toEqual([]);
    expect(rig.hub.status.snapshots).toEqual({ subscribe: 1, resync: 0, slow: 1 });
  });

  it('is not told that it has drained as long as more waits than its buffer holds', () => {
    const rig = new LiveRig(options);
    const slow = rig.connect().subscribe(...channels);
    slow.isStuck = true;
    feed(rig, 50);
    slow.take();
    slow.client.drained();
    slow.client.resync(9);
    expect(slow.take()).toEqual([]);
    slow.bufferedBytes = 16_384;
    slow.client.drained();
    slow.client.drained();
    expect(slow.take()).toMatchObject([{ type: 'snapshot' }]);
  });

  it('changes nothing for the others', () => {
    const run = (isThere: boolean): ServerMessage[][] => {
      const rig = new LiveRig(options);
      const others = [rig.connect().subscribe(...channels), rig.connect().subscribe(...channels.slice(0, 3)), rig.connect()];
      others[2].client.conflate(1, 40);
      others[2].subscribe(...channels, { channel: 'trades', venue: 'venue', symbol: 'S1' });
      let slow: TestClient | null = null;
      if (isThere) {
        slow = rig.connect().subscribe(...channels, { channel: 'quotes' }, { channel: 'trades', venue: 'venue', symbol: 'S1' });
        slow.isStuck = true;
      }
      feed(rig, 200);
      slow?.drain();
      feed(rig, 20, 200);
      return others.map((client) => client.take());
    };
    expect(run(true)).toEqual(run(false));
  });

  it('is sent the newest state where there would be more to tell than it may be sent at once', async () => {
    const rig = new LiveRig({ ...options, conflateMs: 10_000 });
    const client = rig.connect().subscribe(...channels);
    feed(rig, 1);
    client.take();
    feed(rig, 300, 1); // 30 bars of each of twenty symbols: more than three times its buffer.
    await rig.clock.advance(12_000);
    expect(client.takeChanges()).toMatchObject([{ type: 'snapshot', seq: 4 }]);
    expect(rig.hub.status.snapshots.slow).toBe(1);
  });
});

describe('many clients that are due at once', () => {
  it('are told in turn, a bounded piece of work at a time, and none is left out', async () => {
    const many = Array.from({ length: 100 }, (_, n) => `S${n}`);
    const rig = new LiveRig({ specs: ['1s', '1m', '5m'] });
    const clients = Array.from({ length: 40 }, () => (
      rig.connect().subscribe(...many.flatMap((symbol) => ['1s', '1m', '5m'].map((spec) => barChannel(symbol, spec))))));
    const take = (at: number): void => void rig.take(many.map((symbol) => ({ symbol, at })));
    for (const client of clients) client.take();
    take(1);
    const told = (): number[] => clients.map((client) => client.messages.length);
    const bytes = clients.flatMap((client) => client.messages).map((message) => JSON.stringify(message).length);
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(1_048_576 + Math.max(...bytes));
    expect(Math.min(...told())).toBe(0);
    await rig.clock.advance(10);
    expect(new Set(told())).toEqual(new Set([1]));
    for (let at = 2; at < 40; at++) take(at); // More than can be told at every batch: nobody is told twice before all were.
    expect(Math.max(...told()) - Math.min(...told())).toBeLessThanOrEqual(1);
    await rig.clock.advance(10);
    for (const client of clients) expect(client.bars.values().next().value).toMatchObject({ trades: 39 });
  });
});
