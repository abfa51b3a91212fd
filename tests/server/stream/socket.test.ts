import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../../../src/model/stream.ts';
import { eventually } from '../../support/eventually.ts';
import { jsonOf } from '../../support/json.ts';
import { NotLetIn, openStreamServer, TestSocket, type StreamServer, type StreamServerOptions } from './stream-rig.ts';

const servers: StreamServer[] = [];
const sockets: TestSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.end();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function open(options: StreamServerOptions = {}): Promise<StreamServer> {
  const server = await openStreamServer(options);
  servers.push(server);
  return server;
}

async function enter(server: StreamServer, ...rest: [Parameters<typeof TestSocket.open>[1]?, string?]): Promise<TestSocket> {
  const socket = await TestSocket.open(server.url, ...rest);
  sockets.push(socket);
  return socket;
}

async function refusal(entering: Promise<unknown>): Promise<NotLetIn> {
  const error: unknown = await entering.then(() => null, (thrown: unknown) => thrown);
  if (error instanceof NotLetIn) return error;
  throw new Error('it was let in, or failed otherwise', { cause: error });
}

const bars = { channel: 'bars', venue: 'binance', symbol: 'XRPETH', spec: '1m' } as const;

describe('a client of the socket', () => {
  it('hears hello first, then what it subscribes to', async () => {
    const server = await open({ limits: { heartbeat_ms: 15_000, subscriptions_max: 77 } });
    const client = await enter(server);
    client.say({ type: 'subscribe', id: 7, channels: [bars, { channel: 'quotes' }, { channel: 'health' }] });
    await client.hears('snapshot');
    server.hub.client.tell('update', { quotes: [] });
    await client.hears('update');
    expect(client.heard.map(({ type }) => type)).toEqual(['hello', 'subscribed', 'snapshot', 'update']);
    expect(client.heard[0]).toMatchObject({ version: '1.2.3', conflate_ms: 50, heartbeat_ms: 15_000, subscriptions_max: 77 });
    expect(client.heard[1]).toEqual({ type: 'subscribed', id: 7, subscriptions: 3 });
    expect(server.hub.client.asked).toEqual([
      { type: 'subscribe', id: 7, channels: [bars, { channel: 'quotes' }, { channel: 'health' }] },
    ]);
  });

  it('has a session of the server: the same for all, another after a start', async () => {
    const server = await open();
    const sessions = [];
    for (const of of [server, server, await open()]) sessions.push((await (await enter(of)).hears('hello')).session);
    expect(sessions[0]).toBe(sessions[1]);
    expect(sessions[2]).not.toBe(sessions[0]);
  });

  it('unsubscribes, conflates and resyncs', async () => {
    const server = await open();
    const client = await enter(server);
    const sent = [
      { type: 'subscribe', id: 1, channels: [bars] }, { type: 'conflate', id: 2, ms: 250 }, { type: 'resync', id: 3 },
      { type: 'unsubscribe', id: 4, channels: [bars] },
    ];
    for (const message of sent) client.say(message);
    await client.hears('unsubscribed');
    expect(server.hub.client.asked).toEqual(sent);
    expect(client.heard.map(({ type }) => type)).toEqual(
      ['hello', 'subscribed', 'snapshot', 'conflated', 'snapshot', 'unsubscribed']);
  });

  it('is gone from the hub when it goes, however it goes', async () => {
    const server = await open();
    const [polite, rude] = [await enter(server), await enter(server)];
    expect(server.hub.clients.size).toBe(2);
    polite.socket.close();
    rude.socket.terminate();
    await eventually(() => server.hub.clients.size === 0);
  });

  it('is counted as one request, when it comes', async () => {
    const server = await open();
    (await enter(server)).end();
    await eventually(() => server.hub.clients.size === 0);
    await server.get('/health');
    expect(server.answered.map(({ route, status }) => [route, status])).toEqual([['/api/stream', 101], ['/health', 200]]);
  });

  it('is told of room once what was sent is on its way', async () => {
    const server = await open();
    const client = await enter(server);
    const { drains } = server.hub.client;
    server.hub.client.tell('update', {});
    await client.hears('update');
    await eventually(() => server.hub.client.drains > drains);
    expect(server.hub.client.outlet.bufferedBytes).toBe(0);
  });
});

describe('a message that makes no sense', () => {
  it.each<[string, unknown, string | null, string]>([
    ['no JSON', '{"type":', null, 'A message is one JSON object, sent as text.'],
    ['a list', '[]', null, 'A message is one JSON object, sent as text.'],
    ['null', 'null', null, 'A message is one JSON object, sent as text.'],
    ['no type', { id: 1 }, 'type', 'type must be one of subscribe, unsubscribe, conflate, resync.'],
    ['another type', { type: 'sell', id: 1 }, 'type', 'type must be one of subscribe, unsubscribe, conflate, resync.'],
    ['no id', { type: 'resync' }, 'id', 'id is missing.'],
    ['an id that is a text', { type: 'resync', id: '1' }, 'id', 'id must be a whole number.'],
    ['a field too many', { type: 'resync', id: 1, x: 1 }, 'x', 'x is not known here; /docs lists what is.'],
    ['no channels', { type: 'subscribe', id: 1 }, 'channels', 'channels is missing.'],
    ['no list', { type: 'subscribe', id: 1, channels: 'health' }, 'channels', 'channels must be a list.'],
    ['a channel that is a text', { type: 'subscribe', id: 1, channels: ['health'] }, 'channels.0', 'channels.0 must be a JSON object.'],
    ['an unknown channel', { type: 'subscribe', id: 1, channels: [bars, { channel: 'orders' }] }, 'channels.1.channel',
      'channels.1.channel must be one of bars, indicators, trades, quotes, gaps, alerts, health.'],
    ['a part missing', { type: 'subscribe', id: 1, channels: [{ channel: 'trades', venue: 'x' }] }, 'channels.0.symbol',
      'channels.0.symbol is missing.'],
    ['an empty part', { type: 'subscribe', id: 1, channels: [{ ...bars, spec: '' }] }, 'channels.0.spec', 'channels.0.spec must not be empty.'],
    ['a time that is no number', { type: 'conflate', id: 1, ms: null }, 'ms', 'ms must be a whole number.'],
    ['a time below 0', { type: 'conflate', id: 1, ms: -1 }, 'ms', 'ms must be >= 0.'],
  ])('is refused with its field and what is allowed, and the client stays: %s', async (_, message, field, words) => {
    const server = await open();
    const client = await enter(server);
    client.say(message);
    expect(await client.hears('refused')).toMatchObject({ code: 'bad-message', field, message: words });
    client.say({ type: 'resync', id: 9 });
    await client.hears('snapshot');
    expect(server.hub.client.asked).toEqual([{ type: 'resync', id: 9 }]);
  });

  it('comes back with its id where it has one', async () => {
    const client = await enter(await open());
    client.say({ type: 'nonsense', id: 41 });
    client.say('nonsense');
    await client.hears('refused', 2);
    expect(client.heard.slice(1).map((message) => ('id' in message ? message.id : undefined))).toEqual([41, null]);
  });

  it('is refused as a binary one too', async () => {
    const client = await enter(await open());
    client.socket.send(Buffer.from('{"type":"resync","id":1}'), { binary: true });
    expect((await client.hears('refused')).message).toContain('sent as text');
  });

  it('ends the client with a bye when there are too many of them', async () => {
    const server = await open();
    const client = await enter(server);
    for (let count = 0; count < 30; count++) client.say('x');
    expect(await client.ended()).toEqual({ code: 1008, reason: 'too-many-refused' });
    expect(client.heard.at(-1)).toMatchObject({ type: 'bye', code: 'too-many-refused' });
    expect(client.heard.filter(({ type }) => type === 'refused')).toHaveLength(21);
    await eventually(() => server.hub.clients.size === 0);
  });

  it('ends the client with a bye when it is longer than 64 KiB', async () => {
    const server = await open();
    const client = await enter(server);
    client.say(`"${'x'.repeat(65_534)}"`); // 65,536 bytes: read, and refused.
    await client.hears('refused');
    client.say(`"${'x'.repeat(65_535)}"`);
    expect((await client.ended()).code).toBe(1009);
    expect(client.heard.at(-1)).toMatchObject({ type: 'bye', code: 'bad-frame' });
    expect(server.hub.clients.size).toBe(0);
  });

  it('ends the client with a bye when good ones or pings come by the hundred', async () => {
    const server = await open();
    for (const flood of [(client: TestSocket) => client.say({ type: 'resync', id: 1 }), (client: TestSocket) => client.socket.ping()]) {
      const client = await enter(server);
      for (let count = 0; count < 250; count++) flood(client);
      expect((await client.ended()).reason).toBe('too-many-messages');
    }
  });
});

describe('who may come in', () => {
  it('is a page of our own host, a listed origin, and every program', async () => {
    const server = await open({ settings: { allowed_origins: ['https://desk.example.com'] } });
    for (const origin of [server.url, 'https://desk.example.com', undefined]) {
      await enter(server, origin === undefined ? {} : { origin });
    }
    for (const origin of ['https://evil.example.com', 'null', 'http://127.0.0.1:1', 'https://desk.example.com.evil.com']) {
      expect(await refusal(enter(server, { origin }))).toMatchObject({ status: 403, body: { error: { code: 'foreign-origin' } } });
      const events = await server.get('/api/stream/events?channel=health', { origin });
      expect(events.status).toBe(403);
    }
  });

  it('is nobody more than stream.clients_max, and told so before the upgrade', async () => {
    const server = await open({ limits: { clients_max: 3 } });
    const entering = await Promise.allSettled(Array.from({ length: 12 }, () => enter(server)));
    expect(entering.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect((await refusal(enter(server))).body.error).toMatchObject({ code: 'stream-full' });
    expect((await refusal(enter(server))).status).toBe(503);
    sockets[0].end();
    await eventually(() => server.hub.clients.size === 2);
    await enter(server);
  });

  it('needs the key, in a header or as a ticket', async () => {
    const server = await open({ settings: { api_key: 'a-key' } });
    expect((await refusal(enter(server))).status).toBe(401);
    expect((await refusal(enter(server, {}, '/api/stream?ticket=AAAAAAAAAAAAAAAAAAAAAA'))).status).toBe(401);
    expect((await refusal(enter(server, {}, '/api/stream?key=a-key'))).status).toBe(401);
    await enter(server, { headers: { 'x-api-key': 'a-key' } });
    await enter(server, { headers: { authorization: 'Bearer a-key' } });
    await enter(server, {}, `/api/stream?ticket=${await ticketOf(server)}`);
  });

  it('may use a ticket once, for the stream only, and gets one only with the key', async () => {
    const server = await open({ settings: { api_key: 'a-key' } });
    expect((await fetch(`${server.url}/api/stream/tickets`, { method: 'POST' })).status).toBe(401);
    const ticket = await ticketOf(server);
    expect(ticket).toMatch(/^[\w-]{22}$/);
    expect((await server.get(`/api/status?ticket=${ticket}`)).status).toBe(401);
    await enter(server, {}, `/api/stream?ticket=${ticket}`);
    expect((await refusal(enter(server, {}, `/api/stream?ticket=${ticket}`))).status).toBe(401);
    expect((await refusal(enter(server, {}, `/api/stream?ticket=${ticket}&ticket=${ticket}`))).status).toBe(401);
  });
});

async function ticketOf(server: StreamServer): Promise<string> {
  const response = await fetch(`${server.url}/api/stream/tickets`, { method: 'POST', headers: { 'x-api-key': 'a-key' } });
  expect(response.status).toBe(201);
  const { ticket } = await response.json() as { ticket: string };
  return ticket;
}

describe('a client that is not there any more', () => {
  it('is cut off when it has not answered a heartbeat by the next', async () => {
    const server = await open({ limits: { heartbeat_ms: 1_000 } }); // The other one has so long to answer, on any machine.
    const [dead, alive] = [await enter(server, { autoPong: false }), await enter(server)];
    await dead.ended();
    expect(server.hub.clients.size).toBe(1);
    expect(alive.closed).toBeNull();
  });

  it('is cut off when it holds its connection and reads nothing', async () => {
    const server = await open({ limits: { heartbeat_ms: 100 } });
    const raw = connect(Number(new URL(server.url).port), '127.0.0.1');
    raw.on('error', () => {});
    raw.pause();
    raw.write('GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
    await eventually(() => server.hub.clients.size === 1);
    const padding = 'x'.repeat(1_000_000);
    for (let count = 0; count < 5; count++) server.hub.client.tell('update', { padding });
    expect(server.hub.client.outlet.bufferedBytes).toBeGreaterThan(100_000);
    await eventually(() => server.hub.clients.size === 0);
    raw.destroy();
  });

  it('whose key does not count any more is sent away', async () => {
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
    const { makeKey } = await import('../../../src/server/api-keys.ts');
    const directory = mkdtempSync(`${(await import('node:os')).tmpdir()}/mdp-stream-keys-`);
    try {
      const [old, other] = [makeKey('desk'), makeKey('other')];
      writeFileSync(`${directory}/keys`, `${old.line}\n${other.line}\n`);
      const server = await open({ settings: { api_keys_file: `${directory}/keys` }, limits: { heartbeat_ms: 1_000 } });
      const client = await enter(server, { headers: { 'x-api-key': old.key } });
      const stays = await enter(server, { headers: { 'x-api-key': other.key } });
      writeFileSync(`${directory}/keys`, `${makeKey('desk').line}\n${other.line}\n`);
      expect(await client.ended()).toEqual({ code: 1008, reason: 'key-gone' });
      expect(stays.closed).toBeNull();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the end of the server', () => {
  it('is told to every client, and none can hold it up', async () => {
    const server = await openStreamServer();
    const client = await enter(server);
    const deaf = connect(Number(new URL(server.url).port), '127.0.0.1');
    deaf.on('error', () => {});
    deaf.write('GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
    const events = await fetch(`${server.url}/api/stream/events?channel=health`);
    await eventually(() => server.hub.clients.size === 3);
    const closing = server.close();
    expect(await client.ended()).toEqual({ code: 1001, reason: 'server-ends' });
    const last = client.heard.at(-1) as Extract<ServerMessage, { type: 'bye' }>;
    expect(last).toMatchObject({ type: 'bye', code: 'server-ends' });
    expect(await events.text()).toContain('event: bye\ndata: {"type":"bye","code":"server-ends"');
    await closing;
    deaf.destroy();
    expect(server.hub.clients.size).toBe(0);
  });
});

describe('what asks for something else than a WebSocket', () => {
  it('gets the ordinary answer: only the stream can leave HTTP', async () => {
    const server = await open();
    expect((await server.get('/api/stream')).status).toBe(426);
    const answers = [];
    for (const [path, upgrade] of [['/health/live', 'h2c'], ['/health/live', 'websocket'], ['/api/stream', 'h2c']]) {
      answers.push(await rawStatus(server, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`));
    }
    expect(answers).toEqual([200, 200, 426]);
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    for (const fault of ['Sec-WebSocket-Version: 12\r\n' + key, 'Sec-WebSocket-Version: 13\r\n', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n']) {
      const head = 'GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
      expect(await rawStatus(server, `${head}${fault}\r\n`)).toBe(400);
    }
    expect(server.hub.clients.size).toBe(0);
    expect(server.failed).toEqual([]);
  });

  it('finds the stream in the OpenAPI document, with the keys that it asks for', async () => {
    const server = await open({ settings: { api_key: 'a-key' } });
    const { paths } = await jsonOf(await server.get('/api/openapi.json'));
    expect(Object.keys(paths['/api/stream'].get.responses)).toEqual(expect.arrayContaining(['101', '426']));
    expect(Object.keys(paths['/api/stream/events'].get.responses['200'].content)).toEqual(['text/event-stream']);
    expect(Object.keys(paths['/api/stream/tickets'])).toEqual(['post']);
    for (const path of ['/api/stream', '/api/stream/events']) expect(paths[path].get.security).toEqual([{ key: [] }, { bearer: [] }]);
  });

  it('is not served where there is no hub', async () => {
    const { openTestServer } = await import('../../support/http-server.ts');
    const server = await openTestServer();
    expect((await server.get('/api/stream')).status).toBe(404);
    await server.close();
  });
});

function rawStatus(server: StreamServer, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.write(request));
    socket.once('data', (data) => {
      resolve(Number(String(data).split(' ')[1]));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

