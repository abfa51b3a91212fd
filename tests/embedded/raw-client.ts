import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A message of the protocol as a test reads it: its type and, for errors, its SQLSTATE and text. */
export interface RawMessage {
  readonly type: string;
  readonly body: Buffer;
}

/** Speaks the wire protocol byte by byte, to say what no driver would. */
export class RawClient {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #changed: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#changed();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#changed();
    });
  }

  static async connect(url: string): Promise<RawClient> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Connected and started, up to the first ReadyForQuery. */
  static async start(url: string, parameters: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = await RawClient.connect(url);
    client.socket.write(startup(196_608, { user: 'test', ...parameters }));
    await client.until('Z');
    return client;
  }

  send(...messages: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  /** Messages up to the first of a type, or to the end of the connection. */
  async until(type: string): Promise<RawMessage[]> {
    const messages: RawMessage[] = [];
    for (;;) {
      const message = this.#next();
      if (message !== null) messages.push(message);
      if (message?.type === type || (message === null && this.#ended)) return messages;
      if (message === null) await new Promise<void>((resolve) => { this.#changed = resolve; });
    }
  }

  /** A byte outside of any message: the answer to SSLRequest. */
  async byte(): Promise<string> {
    while (this.#bytes.length === 0) await new Promise<void>((resolve) => { this.#changed = resolve; });
    const [first] = this.#bytes.toString('latin1');
    this.#bytes = this.#bytes.subarray(1);
    return first;
  }

  #next(): RawMessage | null {
    if (this.#bytes.length < 5) return null;
    const length = 1 + this.#bytes.readInt32BE(1);
    if (this.#bytes.length < length) return null;
    const message = { type: String.fromCharCode(this.#bytes[0]), body: this.#bytes.subarray(5, length) };
    this.#bytes = this.#bytes.subarray(length);
    return message;
  }
}

export function typesOf(messages: readonly RawMessage[]): string {
  return messages.map(({ type }) => type).join('');
}

/** SQLSTATE and text of the first error. */
export function errorOf(messages: readonly RawMessage[]): { code: string; message: string; severity: string } {
  const fields = messages.find(({ type }) => type === 'E')?.body.toString('utf8').split('\0') ?? [];
  const field = (key: string): string => fields.find((text) => text.startsWith(key))?.slice(1) ?? '';
  return { code: field('C'), message: field('M'), severity: field('S') };
}

export function startup(version: number, parameters: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(`${Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  return request(version, body);
}

/** A message without a type byte: startup, SSLRequest, CancelRequest. */
export function request(code: number, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, body]);
}

export function message(type: string, body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(4 + bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export const query = (sql: string): Buffer => message('Q', `${sql}\0`);
export const parse = (sql: string, name = ''): Buffer => message('P', `${name}\0${sql}\0\0\0`);
export const bind = (name = ''): Buffer => message('B', `\0${name}\0\0\0\0\0\0\0`);
export const execute = (): Buffer => message('E', Buffer.from([0, 0, 0, 0, 0]));
export const sync = (): Buffer => message('S');
export const flush = (): Buffer => message('H');
