import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const secret = 'a secret of a test, long enough';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server that takes what a webhook is told, and answers as the test says. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** By number of the call. */
  answer: (call: number) => number | 'nothing' | { readonly location: string } = () => 200;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
        const answer = receiver.answer(receiver.received.length - 1);
        if (answer === 'nothing') return;
        if (typeof answer === 'number') response.writeHead(answer).end();
        else response.writeHead(302, answer).end();
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook?a=b`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }
}

/** As docs/alerts.md tells the receiver to do it. */
export function isSigned({ headers, body }: Received, key = secret): boolean {
  const expected = `v1=${createHmac('sha256', key).update(`${String(headers['mdp-timestamp'])}.${body}`).digest('hex')}`;
  const given = Buffer.from(String(headers['mdp-signature']));
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}
