import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestSchema {
  /** Of Protobuf its text. */
  readonly schema: unknown;
  readonly schemaType?: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A schema registry: answers as Confluent's does, or as a test wishes. */
export class TestRegistry {
  /** By id, and by `subject version`. */
  readonly schemas = new Map<number | string, TestSchema>();
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Where set, it answers everything. */
  answer: Answer | null = null;
  /** `user:password`, where it wants to know. */
  login: string | null = null;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url!);
      (this.answer ?? this.#reply)(request, response);
    });
  }

  static async start(): Promise<TestRegistry> {
    const registry = new TestRegistry();
    registry.#server.listen(0, '127.0.0.1');
    await once(registry.#server, 'listening');
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/registry`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  readonly #reply: Answer = (request, response) => {
    const wanted = this.login === null ? undefined : `Basic ${Buffer.from(this.login).toString('base64')}`;
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      send(response, 401, { error_code: 401, message: 'Unauthorized' });
      return;
    }
    const byId = /^\/registry\/schemas\/ids\/(\d+)$/.exec(request.url!);
    const byVersion = /^\/registry\/subjects\/([^/]+)\/versions\/(\d+)$/.exec(request.url!);
    const key = byId === null ? `${decodeURIComponent(byVersion?.[1] ?? '')} ${byVersion?.[2]}` : Number(byId[1]);
    const found = this.schemas.get(key);
    if (found === undefined) send(response, 404, { error_code: 40_403, message: 'Schema not found' });
    else send(response, 200, { ...found, schema: found.schemaType === 'PROTOBUF' ? found.schema : JSON.stringify(found.schema) });
  };
}

export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
