import { once } from 'node:events';
import { createServer, request as requestTo } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Changes, Channel, ClientMessage, ServerMessage } from '../../../src/model/stream.ts';
import { addPages } from '../../../src/server/page-routes.ts';

/*
 * The daemon as the page sees it: the real server's pages, answers of /api that a test gives, and a socket that says what the
 * test wants said. A test drives it, so that what is on the page is known to the digit.
 */

/** Answers a path of /api; what it returns is sent as JSON. */
export type Answer = (query: URLSearchParams, asked: { readonly method: string; readonly body: unknown }) => unknown;

export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface FakeClient {
  readonly channels: Map<string, Channel>;
  send(message: ServerMessage): void;
  /** A snapshot or update with the next number. */
  tell(type: 'snapshot' | 'update', changes: Changes): void;
  skipNumber(): void;
}

export interface FakeDaemonOptions {
  /** By path without the leading slash: `api/bars`. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** What a client gets when it subscribes. */
  snapshot(channels: readonly Channel[]): Changes;
  /** Asked for at /api and for a ticket. */
  readonly key?: string;
}

export class FakeDaemon {
  readonly #options: FakeDaemonOptions;
  readonly #pages: FastifyInstance;
  #pagesUrl = '';
  readonly #server = createServer((request, response) => { void this.#answer(request, response); });
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly clients = new Map<WebSocket, FakeClient>();
  /** What clients have sent, oldest first. */
  readonly heard: ClientMessage[] = [];
  readonly asked: string[] = [];
  session = 'first';
  isAway = false;

  private constructor(options: FakeDaemonOptions, pages: FastifyInstance) {
    this.#options = options;
    this.#pages = pages;
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.isAway) socket.destroy();
      else this.#sockets.handleUpgrade(request, socket, head, (client) => this.#welcome(client));
    });
  }

  static async open(options: FakeDaemonOptions): Promise<FakeDaemon> {
    const pages = fastify({ routerOptions: { ignoreTrailingSlash: true } });
    addPages(pages);
    const daemon = new FakeDaemon(options, pages);
    daemon.#pagesUrl = await pages.listen({ host: '127.0.0.1', port: 0 });
    daemon.#server.listen(0, '127.0.0.1');
    await once(daemon.#server, 'listening');
    return daemon;
  }

  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** To every client, what each has asked for; `changesFor` gives null for nothing. */
  tellAll(changesFor: (channels: readonly Channel[]) => Changes | null): void {
    for (const client of this.clients.values()) {
      const changes = changesFor([...client.channels.values()]);
      if (changes !== null) client.tell('update', changes);
    }
  }

  /** Cuts all connections; with `isAway` nobody comes back in before it is set to false. */
  cut(): void {
    for (const socket of this.clients.keys()) socket.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#pages.close();
  }

  #welcome(socket: WebSocket): void {
    let seq = 0;
    const client: FakeClient = {
      channels: new Map(),
      send: (message) => socket.send(JSON.stringify(message)),
      tell: (type, changes) => client.send({ type, seq: ++seq, now_ms: Date.now(), changes }),
      skipNumber: () => { seq++; },
    };
    this.clients.set(socket, client);
    socket.on('close', () => this.clients.delete(socket));
    socket.on('message', (data: Buffer) => this.#hear(client, JSON.parse(data.toString()) as ClientMessage));
    client.send({
      type: 'hello', session: this.session, version: '1.2.3', now_ms: Date.now(), conflate_ms: 50, heartbeat_ms: 10_000,
      subscriptions_max: 500,
    });
  }

  #hear(client: FakeClient, message: ClientMessage): void {
    this.heard.push(message);
    const { id } = message;
    if (message.type === 'resync') {
      client.tell('snapshot', this.#options.snapshot([...client.channels.values()]));
      return;
    }
    if (message.type === 'conflate') {
      client.send({ type: 'conflated', id, subscriptions: client.channels.size });
      return;
    }
    for (const channel of message.channels) {
      if (message.type === 'subscribe') client.channels.set(JSON.stringify(channel), channel);
      else client.channels.delete(JSON.stringify(channel));
    }
    client.send({ type: `${message.type}d`, id, subscriptions: client.channels.size });
    if (message.type === 'subscribe') client.tell('snapshot', this.#options.snapshot(message.channels));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    this.asked.push(request.url ?? '/');
    if (this.isAway) return void request.destroy();
    if (!pathname.startsWith('/api/')) return this.#passOn(request, response);
    const { key, answers } = this.#options;
    if (key !== undefined && request.headers['x-api-key'] !== key) return reply(response, 401, refused('The key is asked for.'));
    if (pathname === '/api/stream/tickets') return reply(response, 200, { ticket: null });
    const found = answers[pathname.slice(1)];
    if (found === undefined) return reply(response, 404, refused(`The fake daemon has no ${pathname}.`));
    const text = await textOf(request);
    try {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      reply(response, 200, await found(searchParams, { method: request.method ?? 'GET', body }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply(response, error.status, refused(error.message));
    }
  }

  #passOn(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url } = request;
    const upstream = requestTo(new URL(url ?? '/', this.#pagesUrl), { method: method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  }
}

function refused(message: string): object {
  return { error: { code: 'refused', message } };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
