import { describe, expect, it } from 'vitest';
import { dawn } from '../operators/fold-rig.ts';
import { barChannel, LiveRig, type TestClient } from './hub-rig.ts';

/** What was told of prices, and when, in ms since the rig began. */
function told(client: TestClient, startMs: number): [number, number | undefined][] {
  return client.takeChanges().map(({ now_ms: nowMs, changes }) => [nowMs - startMs, changes.bars?.at(-1)?.close]);
}

describe('conflation', () => {
  it('sends the first change at once, and then the newest only, once an interval', async () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], conflateMs: 80 });
    const startMs = rig.clock.nowMs();
    const client = rig.connect().subscribe(barChannel('A', '1m'));
    client.take();
    await rig.clock.advance(500);
    for (let n = 0; n < 50; n++) {
      rig.take([{ at: n, price: n + 1 }]);
      await rig.clock.advance(5);
    }
    const updates = told(client, startMs);
    expect(updates[0]).toEqual([500, 1]);
    expect(updates.map(([, close]) => close)).toEqual([1, 16, 32, 48]);
    const waits = updates.slice(1).map(([at], index) => at - updates[index][0]);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...waits)).toBeLessThanOrEqual(90); // An eighth more, where it falls into the common beat.
    await rig.clock.advance(1_000);
    expect(told(client, startMs).map(([, close]) => close)).toEqual([50]);
    expect(rig.clock.sleepers).toBe(0); // Nobody is woken while nothing happens.
    rig.take([{ at: 60, price: 77 }]);
    expect(told(client, startMs)).toEqual([[rig.clock.nowMs() - startMs, 77]]);
  });

  it('loses no bar that was emitted in between, and tells the newest of each', async () => {
    const rig = new LiveRig({ conflateMs: 10_000, settings: { out_of_orderness_ms: 0 } });
    const client = rig.connect().subscribe(barChannel('A', '1s'));
    rig.take([{ at: 0 }]);
    client.take();
    for (let second = 1; second <= 60; second++) rig.take([{ at: second * 1_000 }]);
    rig.take([{ at: 58_500, price: 9 }, { at: 58_600, price: 8 }]);
    await rig.clock.advance(12_000);
    const bars = client.takeChanges().flatMap(({ changes }) => changes.bars ?? []);
    expect(bars.filter(({ state }) => state === 'closed').map(({ open_ms: openMs }) => (openMs - dawn) / 1_000).sort((a, b) => a - b))
      .toEqual(Array.from({ length: 60 }, (_, second) => second));
    expect(bars.find(({ open_ms: openMs }) => openMs === dawn + 58_000)).toMatchObject({ revision: 2, close: 8 });
    expect(bars.at(-1)).toMatchObject({ open_ms: dawn + 60_000, state: 'forming' });
  });

  it('of 0 sends every batch', () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], conflateMs: 1_000 });
    const client = rig.connect().subscribe(barChannel('A', '1m'));
    client.client.conflate(5, 0);
    expect(client.take().at(-1)).toEqual({ type: 'conflated', id: 5, subscriptions: 1 });
    for (let n = 0; n < 5; n++) rig.take([{ at: n, price: n + 1 }]);
    expect(told(client, 0).map(([, close]) => close)).toEqual([1, 2, 3, 4, 5]);
  });

  it('brings clients with the same channels to the same beat, whenever they came', async () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], conflateMs: 80 });
    const clients: TestClient[] = [];
    for (let n = 0; n < 20; n++) {
      clients.push(rig.connect().subscribe(barChannel('A', '1m')));
      rig.take([{ at: n, price: n + 1 }]);
      await rig.clock.advance(7);
    }
    for (const client of clients) client.take();
    for (let n = 0; n < 200; n++) {
      rig.take([{ at: 30, price: n + 1 }]);
      await rig.clock.advance(4);
    }
    const moments = new Set(clients.flatMap((client) => client.takeChanges().map(({ now_ms: nowMs }) => nowMs)));
    expect(moments.size).toBeLessThanOrEqual(8 * 11); // Eight in each of ten intervals; twenty clients would have 200.
  });

  it('says how old the newest tick of an update is when it goes out', async () => {
    const rig = new LiveRig({ specs: ['1s', '1m'], conflateMs: 80 });
    rig.connect().subscribe(barChannel('A', '1m'));
    const receivedTimeMs = rig.clock.nowMs();
    rig.take([{ at: 0 }], { receivedTimeMs: receivedTimeMs - 3 });
    rig.take([{ at: 1 }], { receivedTimeMs });
    await rig.clock.advance(200);
    expect(rig.lags[0]).toBe(0.003);
    expect(rig.lags[1]).toBeGreaterThanOrEqual(0.08);
    expect(rig.lags).toHaveLength(2);
  });
});
