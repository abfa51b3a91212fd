import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { jsonOf } from '../../support/json.ts';
import { FakeHub } from './fake-hub.ts';
import { openStreamServer, type StreamServer, type StreamServerOptions } from './stream-rig.ts';

const servers: StreamServer[] = [];
const leaving = new AbortController();
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function open(options: StreamServerOptions = {}): Promise<StreamServer> {
  const server = await openStreamServer(options);
  servers.push(server);
  return server;
}

/** What comes of a stream, as text. */
class Events {
  text = '';
  hasEnded = false;
  readonly status: number;
  readonly headers: Headers;
  readonly #abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#abort = abort;
    void this.#read(response).catch(() => {}).finally(() => { this.hasEnded = true; });
  }

  static async of(server: StreamServer, query: string, headers: Record<string, string> = {}): Promise<Events> {
    const abort = new AbortController();
    leaving.signal.addEventListener('abort', () => abort.abort());
    return new Events(await fetch(`${server.url}/api/stream/events?${query}`, { headers, signal: abort.signal }), abort);
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) this.text += decoder.decode(chunk as Uint8Array, { stream: true });
  }

  async has(text: string): Promise<void> {
    await eventually(() => this.text.includes(text), 10_000);
  }

  end(): void {
    this.#abort.abort();
  }
}

describe('server-sent events', () => {
  it('are the messages of the stream, with their type and seq, until the request ends', async () => {
    const server = await open();
    const events = await Events.of(server, 'channel=bars:binance:XRPETH:1m&channel=health&conflate_ms=250');
    await events.has('event: snapshot');
    server.hub.client.tell('update', { trades_skipped: 1 });
    await events.has('event: update');
    expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(events.headers.get('cache-control')).toBe('no-store');
    const blocks = events.text.split('\n\n');
    expect(blocks[0]).toMatch(/^retry: 2000\nevent: hello\ndata: \{"type":"hello",/);
    expect(blocks.slice(1)).toEqual([
      'event: conflated\ndata: {"type":"conflated","id":0,"subscriptions":0}',
      'event: subscribed\ndata: {"type":"subscribed","id":0,"subscriptions":2}',
      'event: snapshot\nid: 1\ndata: {"type":"snapshot","seq":1,"now_ms":1,"changes":{}}',
      'event: update\nid: 2\ndata: {"type":"update","seq":2,"now_ms":1,"changes":{"trades_skipped":1}}', '',
    ]);
    expect(server.hub.client.asked).toEqual([
      { type: 'conflate', id: 0, ms: 250 },
      { type: 'subscribe', id: 0, channels: [{ channel: 'bars', venue: 'binance', symbol: 'XRPETH', spec: '1m' }, { channel: 'health' }] },
    ]);
    events.end();
    await eventually(() => server.hub.clients.size === 0);
  });

  it('have heartbeats', async () => {
    const server = await open({ limits: { heartbeat_ms: 500 } });
    const events = await Events.of(server, 'channel=gaps');
    await events.has(': beat\n\n: beat\n\n');
    expect(server.hub.clients.size).toBe(1);
    events.end();
  });

  it('name their channels as texts, with a colon in a name escaped', async () => {
    const server = await open();
    const channels = ['quotes', 'quotes:a', 'quotes:a:b', 'trades:a:b%253Ac', 'indicators:a:b:1m:rsi(14)', 'alerts', 'bars:a:b:1d@Europe/Paris'];
    const events = await Events.of(server, channels.map((channel) => `channel=${channel}`).join('&'));
    await events.has('event: snapshot');
    expect(server.hub.client.asked).toEqual([{
      type: 'subscribe', id: 0, channels: [
        { channel: 'quotes' }, { channel: 'quotes', venue: 'a' }, { channel: 'quotes', venue: 'a', symbol: 'b' },
        { channel: 'trades', venue: 'a', symbol: 'b:c' },
        { channel: 'indicators', venue: 'a', symbol: 'b', spec: '1m', indicator: 'rsi(14)' }, { channel: 'alerts' },
        { channel: 'bars', venue: 'a', symbol: 'b', spec: '1d@Europe/Paris' },
      ],
    }]);
  });

  it.each(['', 'channel=', 'channel=nonsense', 'channel=__proto__', 'channel=bars:a:b', 'channel=bars:a:b:1m:x', 'channel=gaps:a', 'channel=trades:a:',
    `channel=trades:a:${'x'.repeat(251)}`, 'channel=health&x=1', 'channel=health&conflate_ms=-1', 'channel=health&conflate_ms=1.5', 'channel=%25&channel=health'])(
    'are refused with the field: %s', async (query) => {
      const server = await open();
      const response = await server.get(`/api/stream/events?${query}`);
      expect(response.status).toBe(400);
      expect((await jsonOf(response)).error).toMatchObject({ field: expect.stringMatching(/^(channel|conflate_ms|x)$/) as unknown });
      expect(server.hub.clients.size).toBe(0);
    });

  it('end with what the hub refuses', async () => {
    const server = await open({ hub: new FakeHub(() => true) });
    const events = await Events.of(server, 'channel=trades:a:b');
    await eventually(() => events.hasEnded);
    expect(events.text).toMatch(/event: refused\ndata: .*unknown-channel.*\n\nevent: bye\ndata: .*\n\n$/);
    expect(server.hub.clients.size).toBe(0);
  });

  it('take a place like any client, and need the key or a ticket', async () => {
    const server = await open({ limits: { clients_max: 1 }, settings: { api_key: 'a-key' } });
    expect((await server.get('/api/stream/events?channel=gaps')).status).toBe(401);
    const { ticket } = await jsonOf(await fetch(`${server.url}/api/stream/tickets`, { method: 'POST', headers: { 'x-api-key': 'a-key' } }));
    const events = await Events.of(server, `channel=gaps&ticket=${ticket}`);
    await events.has('event: snapshot');
    const full = await server.get('/api/stream/events?channel=gaps', { 'x-api-key': 'a-key' });
    expect([full.status, full.headers.get('retry-after'), (await jsonOf(full)).error.code]).toEqual([503, '5', 'stream-full']);
  });

  it('are cut off where the client takes nothing between two heartbeats', async () => {
    const server = await open({ limits: { heartbeat_ms: 100 } });
    const raw = connect(Number(new URL(server.url).port), '127.0.0.1');
    raw.on('error', () => {});
    raw.pause();
    raw.write('GET /api/stream/events?channel=gaps HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await eventually(() => server.hub.clients.size === 1);
    for (let count = 0; count < 5; count++) server.hub.client.tell('update', { padding: 'x'.repeat(1_000_000) });
    expect(server.hub.client.outlet.bufferedBytes).toBeGreaterThan(100_000);
    await eventually(() => server.hub.clients.size === 0);
    raw.destroy();
  });
});
