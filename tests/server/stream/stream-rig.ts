import { WebSocket, type ClientOptions } from 'ws';
import type { ServerMessage } from '../../../src/model/stream.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestServer, type TestServer, type TestServerOptions } from '../../support/http-server.ts';
import { FakeHub, streamLimits } from './fake-hub.ts';

export interface StreamServer extends TestServer {
  readonly hub: FakeHub;
}

export interface StreamServerOptions extends TestServerOptions {
  readonly hub?: FakeHub;
  readonly limits?: Partial<ReturnType<typeof streamLimits>>;
}

/** A server with a live stream in front of a hub that a test leads. */
export async function openStreamServer(options: StreamServerOptions = {}): Promise<StreamServer> {
  const { hub = new FakeHub(), limits = {}, ...rest } = options;
  const server = await openTestServer({ ...rest, live: { hub, settings: streamLimits(limits) } });
  return Object.assign(server, { hub });
}

/** What a server answers that does not let a WebSocket in. */
export class NotLetIn extends Error {
  readonly status: number;
  readonly body: { error: { code: string; message: string } };

  constructor(status: number, text: string) {
    super(`not let in: ${status} ${text}`);
    this.status = status;
    this.body = JSON.parse(text) as NotLetIn['body'];
  }
}

/** A client that keeps what it hears. */
export class TestSocket {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.heard.push(JSON.parse((data as Buffer).toString()) as ServerMessage));
    socket.on('close', (code, reason) => { this.closed = { code, reason: String(reason) }; });
    socket.on('error', () => {});
  }

  /** Resolves once hello has come; rejects with a `NotLetIn`. */
  static async open(url: string, options: ClientOptions = {}, path = '/api/stream'): Promise<TestSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, options);
    const client = new TestSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('message', () => resolve());
      socket.once('close', () => reject(new Error('closed before hello')));
      socket.once('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += String(chunk); });
        response.on('end', () => reject(new NotLetIn(response.statusCode ?? 0, text)));
        response.on('error', reject);
      });
    });
    return client;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The next message of this type from now on or from before. */
  async hears<T extends ServerMessage['type']>(type: T, count = 1): Promise<Extract<ServerMessage, { type: T }>> {
    const of = (): ServerMessage[] => this.heard.filter((message) => message.type === type);
    await eventually(() => of().length >= count, 10_000).catch((error: unknown) => {
      throw new Error(`no ${type} among ${JSON.stringify(this.heard).slice(0, 2_000)}`, { cause: error });
    });
    return of()[count - 1] as Extract<ServerMessage, { type: T }>;
  }

  async ended(): Promise<{ readonly code: number; readonly reason: string }> {
    await eventually(() => this.closed !== null, 10_000);
    return this.closed!;
  }

  end(): void {
    this.socket.terminate();
  }
}
