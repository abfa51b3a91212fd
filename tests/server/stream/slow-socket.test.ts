import { afterEach, describe, expect, it } from 'vitest';
import type { ClientOutlet, LiveHubView } from '../../../src/live/client.ts';
import type { ServerMessage } from '../../../src/model/stream.ts';
import { barChannel, LiveRig, streamed } from '../../live/hub-rig.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestServer, type TestServer } from '../../support/http-server.ts';
import { streamLimits } from './fake-hub.ts';
import { TestSocket } from './stream-rig.ts';

const symbols = Array.from({ length: 100 }, (_, n) => `S${n}`);
const specs = ['1s', '1m'];
const channels = symbols.flatMap((symbol) => specs.map((spec) => barChannel(symbol, spec)));
const mebibyte = 1_048_576;

type Told = Extract<ServerMessage, { type: 'snapshot' | 'update' }>;
const toldOf = (client: TestSocket): Told[] => client.heard.filter((message) => message.type === 'snapshot' || message.type === 'update');

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A server in front of a real hub; what waits for its clients is looked at from where the hub looks. */
async function openWith(rig: LiveRig): Promise<{ server: TestServer; outlets: ClientOutlet[] }> {
  const outlets: ClientOutlet[] = [];
  const hub: LiveHubView = {
    get status() { return rig.hub.status; },
    connect: (outlet) => (outlets.push(outlet), rig.hub.connect(outlet)),
    publishAlerts: (alerts) => rig.hub.publishAlerts(alerts),
    publishHealth: (health) => rig.hub.publishHealth(health),
  };
  const server = await openTestServer({ live: { hub, settings: streamLimits({ heartbeat_ms: 300_000 }) } });
  opened.push(() => server.close());
  return { server, outlets };
}

async function enter(server: TestServer): Promise<TestSocket> {
  const client = await TestSocket.open(server.url);
  opened.push(() => client.end());
  client.say({ type: 'subscribe', id: 1, channels });
  await client.hears('snapshot');
  return client;
}

/** One tick of every symbol. */
function feed(rig: LiveRig, batch: number): void {
  rig.take(symbols.map((symbol, index) => ({ symbol, at: batch * 10 + index / 100, price: 100 + batch })));
}

describe('a client that stops reading its socket', () => {
  it('delays nobody, costs less than a mebibyte, and sees by a hole in the numbers that it has missed something', async () => {
    const rig = new LiveRig({ specs });
    const { server, outlets } = await openWith(rig);
    const others = [await enter(server), await enter(server)];
    const stalled = await enter(server);
    const outlet = outlets[2];
    stalled.socket.pause();
    let [batch, bytesMax, batchesBehind] = [0, 0, 0];
    // Until what the kernel takes is full, and then for a while.
    while (batchesBehind < 50) {
      expect(batch).toBeLessThan(2_000);
      feed(rig, batch++);
      bytesMax = Math.max(bytesMax, outlet.bufferedBytes);
      if (rig.hub.status.messages < 6 + 3 * batch) batchesBehind++;
      // Each batch has come to the others before the next one is read.
      await eventually(() => others.every((client) => toldOf(client).length === batch + 1));
    }
    expect(bytesMax).toBeGreaterThan(262_144);
    expect(bytesMax).toBeLessThan(mebibyte);
    for (const client of others) expect(toldOf(client).map(({ seq }) => seq)).toEqual(Array.from({ length: batch + 1 }, (_, n) => n + 1));

    stalled.socket.resume();
    await eventually(() => toldOf(stalled).at(-1)?.type === 'snapshot' && toldOf(stalled).length > 1);
    const told = toldOf(stalled);
    const [before, after] = told.slice(-2);
    expect(told.length).toBeLessThan(batch);
    expect(told.slice(0, -1).map(({ seq }) => seq)).toEqual(Array.from({ length: told.length - 1 }, (_, n) => n + 1));
    expect([before.type, after.type, after.seq]).toEqual(['update', 'snapshot', before.seq + 2]);
    const newest = symbols.flatMap((symbol) => specs.flatMap((spec) => rig.newestBars('venue', symbol, spec).toReversed().map(streamed)));
    expect(after.changes.bars).toEqual(newest);

    stalled.say({ type: 'resync', id: 2 });
    await stalled.hears('snapshot', 3);
    expect(toldOf(stalled).at(-1)).toMatchObject({ type: 'snapshot', seq: after.seq + 1, changes: { bars: newest } });
    feed(rig, batch);
    await eventually(() => toldOf(stalled).at(-1)?.seq === after.seq + 2);
    expect(toldOf(stalled).at(-1)!.type).toBe('update');
    expect(rig.hub.status.snapshots).toEqual({ subscribe: 3, resync: 1, slow: 1 });
  });
});
