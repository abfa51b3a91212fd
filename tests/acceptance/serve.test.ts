import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSocket } from '../server/stream/stream-rig.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { jsonOf } from '../support/json.ts';

const ticks = 24_000;
const trades = 9_000;
const startMs = Date.UTC(2024, 0, 1);

const config = (file: string): string => `
name: beside
sources:
  - { name: made, type: synthetic, venue: made, symbols: 2, ticks_per_second: 200, speed: max, count: ${ticks}, seed: 3, max_msgs_per_sec: 3000 }
  - { name: old, type: replay, files: ["${file}"], venue: old, symbol: S, ids: absent, max_msgs_per_sec: 1500 }
bars: { specs: [1s, 1m], idle_ms: 600000 }
checkpoint: { interval_ms: 300 }
`;

interface Lanes {
  readonly lanes: readonly { readonly name: string; readonly position: number; readonly checkpoint: { readonly position: number | null } }[];
}

describe('mdp serve beside mdp run on its embedded database', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-serve-'));
  const file = path.join(directory, 'trades.csv');
  let run: DaemonProcess;
  let serve: DaemonProcess;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    const lines = Array.from({ length: trades }, (_, index) =>
      `${startMs + index * 50},${100 + ((index * 13) % 40) / 10},${1 + (index % 7)},${index % 2 === 0 ? 'buy' : 'sell'}`);
    writeFileSync(file, `event_time_ms,price,size,side\n${lines.join('\n')}\n`);
    const options = { config: config(file), dataDir: path.join(directory, 'data'), environment: { ENABLE_RATE_LIMIT: 'false' } };
    run = new DaemonProcess(options);
    await run.ready();
    await eventually(async () => (await run.status<Lanes>()).lanes.some(({ checkpoint }) => (checkpoint.position ?? 0) > 500));
    serve = new DaemonProcess({ ...options, command: 'serve' });
    await serve.ready();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.end();
    await serve.stop();
    await run.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('folds logs that can be read twice, from where a checkpoint stands, to the bars that run stores', async () => {
    const client = await TestSocket.open(await serve.ready());
    sockets.push(client);
    client.say({
      type: 'subscribe', id: 1, channels: [['made', 'SYN001'], ['made', 'SYN002'], ['old', 'S']].map(([venue, symbol]) => (
        { channel: 'bars', venue, symbol, spec: '1s' })),
    });
    await client.hears('subscribed');
    await eventually(async () => (await isAtEnd(run)) && (await isAtEnd(serve)));
    expect(serve.log).toMatch(/"lane":"beside\/(made|old)",[^\n]*"isRestored":true/);
    const told = client.heard.flatMap((message) => ('changes' in message ? message.changes.bars ?? [] : []));
    const closed = new Map(told.filter(({ state }) => state === 'closed').map((bar) => [`${bar.symbol} ${bar.open_ms}`, bar]));
    expect(new Set([...closed.values()].map(({ symbol }) => symbol)).size).toBe(3);
    for (const bar of [...closed.values()].slice(-60)) {
      const { venue, symbol, open_ms, close, volume, trades: count, revision } = bar;
      await eventually(async () => {
        const query = `venue=${venue}&symbol=${symbol}&spec=1s&from=${open_ms}&until=${open_ms + 1}`;
        const { bars: [stored] } = await jsonOf(await fetch(`${await run.ready()}/api/bars?${query}`));
        return stored !== undefined && isDeepStrictEqual({ close, volume, count, revision },
          { close: stored.close, volume: stored.volume, count: stored.trades, revision: stored.revision });
      });
    }
  });

  const isAtEnd = async (daemon: DaemonProcess): Promise<boolean> => {
    const { lanes } = await daemon.status<Lanes>();
    const at = (name: string): number => lanes.find((lane) => lane.name === name)?.position ?? 0;
    return at('beside/made') === ticks && at('beside/old') >= trades;
  };

  it('answers queries from the database of run, and lets go of it when it ends', async () => {
    const url = '/api/bars?venue=old&symbol=S&spec=1s&limit=3';
    const bodies = await Promise.all([run, serve].map(async (daemon) => (await fetch(`${await daemon.ready()}${url}`)).text()));
    expect(bodies[1]).toBe(bodies[0]);
    expect((JSON.parse(bodies[0]) as { bars: unknown[] }).bars).toHaveLength(3);
    expect(await serve.stop()).toBe(0);
    expect((await fetch(`${await run.ready()}${url}`)).status).toBe(200);
  });
});
