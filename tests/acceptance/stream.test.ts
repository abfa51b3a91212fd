import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerMessage, StreamBar, StreamHealth, StreamQuote } from '../../src/model/stream.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { jsonOf } from '../support/json.ts';
import { TestSocket } from '../server/stream/stream-rig.ts';

const config = `
name: streamed
sources: [{ name: demo, type: synthetic, symbols: 3, ticks_per_second: 300, speed: 1, seed: 5 }]
bars: { specs: [1s, 1m], out_of_orderness_ms: 100, allowed_lateness_ms: 500, idle_ms: 60000 }
indicators: { specs: ["sma(3)@1s"] }
`;
const bars = { channel: 'bars', venue: 'synthetic', symbol: 'SYN001', spec: '1s' } as const;

type Told = Extract<ServerMessage, { type: 'snapshot' | 'update' }>;
const isTold = (message: ServerMessage): message is Told => message.type === 'snapshot' || message.type === 'update';

describe('the live stream of a daemon', () => {
  let daemon: DaemonProcess;
  let url: string;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    daemon = new DaemonProcess({ config });
    url = await daemon.ready();
  });
  afterAll(async () => {
    for (const socket of sockets) socket.end();
    await daemon.stop();
  });

  const enter = async (): Promise<TestSocket> => {
    const client = await TestSocket.open(url);
    sockets.push(client);
    return client;
  };
  const barsOf = (client: TestSocket): StreamBar[] => client.heard.filter(isTold).flatMap(({ changes }) => changes.bars ?? []);

  it('tells a bar while it forms and when it is closed, as it is stored, with numbers that have no hole', async () => {
    const client = await enter();
    client.say({ type: 'subscribe', id: 1, channels: [bars, { channel: 'quotes' }, { ...bars, channel: 'indicators', indicator: 'sma(3)' }] });
    await eventually(() => barsOf(client).filter(({ state }) => state === 'closed').length >= 4);
    const told = client.heard.filter(isTold);
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
    expect(told[0].type).toBe('snapshot');
    const closed = barsOf(client).filter(({ state }) => state === 'closed').slice(0, 3);
    const forming = barsOf(client).filter(({ state, open_ms }) => state === 'forming' && open_ms === closed[2].open_ms);
    expect(forming.length).toBeGreaterThan(3);
    const volumes = forming.map(({ volume }) => volume);
    expect(volumes).toEqual(volumes.toSorted((a, b) => a - b));
    for (const bar of closed) {
      await eventually(async () => {
        const response = await fetch(`${url}/api/bars?venue=synthetic&symbol=SYN001&spec=1s&from=${bar.open_ms}&until=${bar.close_ms}`);
        const { bars: [stored] } = await jsonOf(response);
        return stored?.close === bar.close && stored.volume === bar.volume && stored.trades === bar.trades;
      });
    }
    const quotes = told.flatMap(({ changes }): readonly StreamQuote[] => changes.quotes ?? []);
    expect(new Set(quotes.map(({ symbol }) => symbol))).toEqual(new Set(['SYN001', 'SYN002', 'SYN003']));
    await eventually(() => client.heard.filter(isTold).flatMap(({ changes }) => changes.values ?? []).some(({ value }) => value !== null));
    client.say({ type: 'resync', id: 9 });
    await client.hears('snapshot', 2);
  });

  it('sends no more than one update in the time that the client asks for', async () => {
    const client = await enter();
    client.say({ type: 'conflate', id: 1, ms: 500 });
    client.say({ type: 'subscribe', id: 2, channels: [{ channel: 'quotes' }] });
    await client.hears('update', 4);
    const times = client.heard.filter((message) => message.type === 'update').map(({ now_ms }) => now_ms);
    // Clients with the same channels share what is encoded: it may be some ms older than its sending.
    for (const [index, timeMs] of times.entries()) if (index > 0) expect(timeMs - times[index - 1]).toBeGreaterThan(400);
  });

  it('tells health once a second, with the rates of the last one', async () => {
    const client = await enter();
    client.say({ type: 'subscribe', id: 1, channels: [{ channel: 'health' }] });
    const healths = (): StreamHealth[] => client.heard.filter(isTold).flatMap(({ changes: { health } }) => (health === undefined ? [] : [health]));
    await eventually(() => healths().length >= 3);
    const last = healths().at(-1)!;
    expect(last).toMatchObject({ ticks_imbalance: 0, rows_imbalance: 0, breaker_open: false });
    expect(last.ticks_per_second).toBeGreaterThan(50);
    expect(last.watermark_lag_ms).toBeLessThan(60_000);
  });

  it('refuses what it has not got, in words, and all of the message', async () => {
    const client = await enter();
    client.say({ type: 'subscribe', id: 5, channels: [bars, { ...bars, spec: '7m' }] });
    expect(await client.hears('refused')).toMatchObject({ id: 5, code: 'bar-spec-unknown', field: 'channels.1.spec' });
    expect(client.heard.some(isTold)).toBe(false);
  });

  it('is the same for a script', async () => {
    const abort = new AbortController();
    const response = await fetch(`${url}/api/stream/events?channel=bars:synthetic:SYN002:1s&conflate_ms=100`, { signal: abort.signal });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!) text += new TextDecoder().decode(chunk as Uint8Array);
    })().catch(() => {});
    await eventually(() => /event: update\nid: 3\ndata: \{"type":"update","seq":3,[^\n]*"symbol":"SYN002"/.test(text));
    abort.abort();
    await reading;
    expect(text).toMatch(/^retry: 2000\nevent: hello\n/);
  });

  it('counts its clients, and has none when all have gone', async () => {
    const clients = async (): Promise<number> =>
      Number(/^mdp_stream_clients\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    const client = await enter();
    expect(await clients()).toBeGreaterThan(0);
    for (const socket of sockets) socket.end();
    await eventually(async () => (await clients()) === 0);
    expect(client.closed).not.toBeNull();
  });
});
