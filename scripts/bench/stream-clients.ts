/**
 * The other side of `bench stream`, a process of its own: clients of the live stream that measure, count or do not read. It
 * takes one order after the other from its parent and answers each.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Channel, ServerMessage } from '../../src/model/stream.ts';

export type Order =
  /** One client without conflation that hears the quotes of all; `ms` after `warmMs`. */
  | { readonly do: 'measure'; readonly url: string; readonly warmMs: number; readonly ms: number }
  /** So many that only count bytes, each on `each` of the symbols. */
  | { readonly do: 'count'; readonly url: string; readonly clients: number; readonly symbols: number; readonly each: number }
  /** So many that subscribe and never read. */
  | { readonly do: 'stall'; readonly url: string; readonly clients: number; readonly symbols: number }
  | { readonly do: 'leave' };

export interface Measured {
  /** Latencies, ms, in ascending order: of each message that of its newest tick. */
  readonly latenciesMs: readonly number[];
  readonly holes: number;
}

export interface Counted {
  readonly clients: number;
  readonly bytes: number;
}

const nowMs = (): number => performance.timeOrigin + performance.now();
const sockets = new Set<Socket>();
let bytes = 0;

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send!(answer));
});

async function obey(order: Order): Promise<Measured | Counted> {
  switch (order.do) {
    case 'measure': return measure(order);
    case 'count':
    case 'stall': {
      for (let client = 0; client < order.clients; client++) await enter(order, client);
      return { clients: sockets.size, bytes };
    }
    case 'leave': {
      for (const socket of sockets) socket.destroy();
      const answer = { clients: sockets.size, bytes };
      sockets.clear();
      bytes = 0;
      return answer;
    }
  }
}

async function measure({ url, warmMs, ms }: Extract<Order, { do: 'measure' }>): Promise<Measured> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`);
  const latenciesMs: number[] = [];
  let [holes, last] = [0, 0];
  const fromMs = nowMs() + warmMs;
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'conflate', id: 1, ms: 0 }));
    socket.send(JSON.stringify({ type: 'subscribe', id: 2, channels: [{ channel: 'quotes' }] }));
  });
  socket.on('message', (data: Buffer) => {
    const heardMs = nowMs();
    const message = JSON.parse(data.toString()) as ServerMessage;
    if (message.type !== 'update' && message.type !== 'snapshot') return;
    if (last > 0 && message.seq !== last + 1) holes++;
    last = message.seq;
    const newestMs = Math.max(...(message.changes.quotes ?? []).map(({ event_ms }) => event_ms));
    if (message.type === 'update' && heardMs >= fromMs && Number.isFinite(newestMs)) latenciesMs.push(heardMs - newestMs);
  });
  await new Promise((resolve) => { setTimeout(resolve, warmMs + ms); });
  socket.terminate();
  return { latenciesMs: latenciesMs.sort((a, b) => a - b), holes };
}

/** By hand: a client that only counts must not spend its time on frames. */
async function enter(order: Extract<Order, { do: 'count' | 'stall' }>, client: number): Promise<void> {
  const { hostname, port } = new URL(order.url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject); });
  socket.on('error', () => {});
  socket.write(`GET /api/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
  const [answer] = await once(socket, 'data') as [Buffer];
  if (!answer.toString().startsWith('HTTP/1.1 101')) throw new Error(`A client was not let in: ${answer.toString()}`);
  const each = order.do === 'count' ? order.each : order.symbols;
  const channels = Array.from({ length: each }, (_, index): Channel => (
    { channel: 'bars', venue: 'bench', symbol: `S${(client * 7 + index) % order.symbols}`, spec: '1s' }));
  socket.write(frame({ type: 'conflate', id: 1, ms: order.do === 'count' ? 250 : 0 }));
  socket.write(frame({ type: 'subscribe', id: 2, channels }));
  if (order.do === 'count') socket.on('data', (chunk) => { bytes += chunk.length; });
  else socket.pause();
  sockets.add(socket);
}

/** A frame of text as clients send it, masked with zeros. */
function frame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), body]);
}
