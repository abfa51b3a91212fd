import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openStreamServer, TestSocket, type StreamServer } from './stream-rig.ts';

const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
let state = seed;

/** mulberry32. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function below(count: number): number {
  return Math.floor(random() * count);
}

function oneOf<T>(list: readonly T[]): T {
  return list[below(list.length)];
}

function randomBytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256)));
}

const words = ['type', 'id', 'channels', 'channel', 'venue', 'symbol', 'spec', 'ms', 'subscribe', 'resync', 'bars', 'quotes', '__proto__', 'constructor', ''];
const scalars = [0, -1, 1, 1e308, -0, 2 ** 53, 1.5, true, false, null, '\u0000', '💥', ' ', 'x'.repeat(300)];

function randomJson(depth = 0): unknown {
  const kind = below(depth > 3 ? 2 : 4);
  if (kind === 0) return oneOf(scalars);
  if (kind === 1) return oneOf(words);
  if (kind === 2) return Array.from({ length: below(5) }, () => randomJson(depth + 1));
  return Object.fromEntries(Array.from({ length: below(5) }, () => [oneOf(words), randomJson(depth + 1)]));
}

const valid = [
  { type: 'subscribe', id: 1, channels: [{ channel: 'bars', venue: 'x', symbol: 'y', spec: '1m' }, { channel: 'health' }] },
  { type: 'unsubscribe', id: 2, channels: [{ channel: 'quotes', venue: 'x' }] },
  { type: 'conflate', id: 3, ms: 100 }, { type: 'resync', id: 4 },
];

/** A valid message with something of it replaced, removed or added, or with bytes of its text changed. */
function mutated(): string | Buffer {
  const message = structuredClone(oneOf(valid)) as Record<string, unknown>;
  const target = Array.isArray(message['channels']) && below(2) === 0 ? oneOf(message['channels'] as Record<string, unknown>[]) : message;
  const key = oneOf(Object.keys(target));
  switch (below(4)) {
    case 0: target[key] = randomJson(); break;
    case 1: delete target[key]; break;
    case 2: target[oneOf(words)] = randomJson(); break;
    default: {
      const bytes = Buffer.from(JSON.stringify(message));
      for (let count = 0; count <= below(4); count++) bytes[below(bytes.length)] = below(256);
      return bytes;
    }
  }
  return JSON.stringify(message);
}

/** An id so that the answers can be told apart; the frame of a client, with its mask. */
function frame(opcode: number, body: Buffer, flags = 0x80): Buffer {
  const length = body.length < 126 ? Buffer.from([0x80 | body.length]) : Buffer.from([0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([flags | opcode]), length, Buffer.alloc(4), body]); // Masked with zeros.
}

let server: StreamServer;
beforeAll(async () => {
  server = await openStreamServer({ limits: { heartbeat_ms: 300_000 } });
});
afterAll(() => server.close());

async function nothingIsLeft(): Promise<void> {
  await eventually(() => server.hub.clients.size === 0).catch((error: unknown) => {
    throw new Error(`seed ${seed}: ${server.hub.clients.size} clients are left`, { cause: error });
  });
  expect(server.hub.status.subscriptions, `seed ${seed}`).toBe(0);
  expect(server.failed, `seed ${seed}`).toEqual([]);
  expect(server.answered.filter(({ status }) => status >= 500), `seed ${seed}`).toEqual([]);
  expect((await server.get('/health')).status).toBe(200);
}

describe('whatever is sent to the socket', () => {
  it.each<[string, () => string | Buffer]>([
    ['random JSON', () => JSON.stringify(randomJson()) ?? 'null'], ['a message that was changed', mutated],
    ['random bytes as a text or not', () => randomBytes(below(300))],
  ])('is answered or ends the client, and leaves nothing behind: %s', async (_, make) => {
    for (let round = 0; round < 25; round++) {
      const client = await TestSocket.open(server.url);
      for (let count = 0; count < 15; count++) client.socket.send(make(), { binary: below(8) === 0 });
      client.say({ type: 'resync', id: 999_999 });
      await eventually(() => client.closed !== null || client.heard.some(({ type }) => type === 'snapshot'));
      expect(client.heard.every((message) => message.type !== 'refused' || message.message.length < 400), `seed ${seed}`).toBe(true);
      client.end();
    }
    await nothingIsLeft();
  });

  it('may be no WebSocket at all', async () => {
    for (let round = 0; round < 60; round++) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      const gone = new Promise<void>((resolve) => { socket.once('close', () => resolve()); });
      socket.on('error', () => {}).resume();
      const upgrade = 'GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
      socket.write(round % 3 === 0 ? Buffer.concat([Buffer.from(upgrade.slice(0, below(upgrade.length))), randomBytes(below(200))]) : upgrade);
      if (round % 3 === 1) socket.write(randomBytes(1 + below(500)));
      if (round % 3 === 2) {
        for (let count = 0; count < 10; count++) socket.write(frame(below(16), randomBytes(below(300)), below(2) * 0x80 + below(8) * 0x10));
      }
      socket.end();
      await Promise.race([gone, new Promise((resolve) => { setTimeout(resolve, 3_000); })]);
      socket.destroy();
    }
    await nothingIsLeft();
  });

  it('may come in pieces that never make a whole', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => TestSocket.open(server.url)));
    for (const client of clients) {
      for (let count = 0; count < 40; count++) client.socket.send('"'.repeat(1_000), { fin: false });
    }
    const probe = await TestSocket.open(server.url);
    probe.say({ type: 'resync', id: 1 });
    await probe.hears('snapshot');
    for (const client of [...clients, probe]) client.end();
    await nothingIsLeft();
  });

  it('may be a query of events', async () => {
    for (let round = 0; round < 150; round++) {
      const name = oneOf(['channel', 'conflate_ms', 'ticket', 'x', '']);
      const texts = Array.from({ length: 1 + below(3) }, () => `${name}=${encodeURIComponent(oneOf([
        'bars:x:y:1m', 'quotes', ...words, 'trades:%:y', '::::', String(oneOf(scalars)), randomBytes(below(20)).toString('latin1'),
      ]))}`);
      const abort = new AbortController();
      const response = await fetch(`${server.url}/api/stream/events?${texts.join('&')}`, { signal: abort.signal });
      expect([200, 400], `seed ${seed}: ${texts.join('&')}`).toContain(response.status);
      abort.abort();
      await response.body?.cancel().catch(() => {});
    }
    await nothingIsLeft();
  });
});
