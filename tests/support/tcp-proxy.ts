import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server and can hurt the connections in ways that neither of them can. */
export class TcpProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  #frozen = false;
  #loseAnswerTo: string | null = null;
  /** Connections that were cut after their last words had reached the server. */
  answersLost = 0;
  /** How late everything arrives, in either direction, ms. */
  delayMs = 0;
  /** Pieces that arrived late. */
  delayed = 0;

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => this.#join(client, connect(targetPort, '127.0.0.1')));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return new TcpProxy(server, address.port, targetPort);
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Every connection breaks, in both directions. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** Nothing passes any more, and nobody is told. */
  freeze(): void {
    this.#frozen = true;
    for (const pair of this.#pairs) this.#hold(pair);
  }

  thaw(): void {
    this.#frozen = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Half-open for good: what connections there are take every byte and pass none on, and nobody is told. New ones work. */
  swallow(): void {
    for (const { client, server } of this.#pairs) {
      for (const socket of [client, server]) socket.removeAllListeners('data').resume();
    }
  }

  /** Once: what holds these words reaches the server, is answered, and the client gets a broken connection instead. */
  loseAnswerTo(words: string): void {
    this.#loseAnswerTo = words;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    const pair = { client, server };
    this.#pairs.add(pair);
    let isLast = false;
    client.on('data', (chunk: Buffer) => {
      if (this.#loseAnswerTo !== null && chunk.includes(this.#loseAnswerTo)) {
        this.#loseAnswerTo = null;
        isLast = true;
      }
      this.#send(server, chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (!isLast) {
        this.#send(client, chunk);
        return;
      }
      this.answersLost++;
      client.resetAndDestroy();
      server.destroy();
    });
    for (const [one, other] of [[client, server], [server, client]] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
    if (this.#frozen) this.#hold(pair);
  }

  #send(to: Socket, chunk: Buffer): void {
    if (this.delayMs === 0) {
      to.write(chunk);
      return;
    }
    this.delayed++;
    setTimeout(() => { if (to.writable) to.write(chunk); }, this.delayMs);
  }

  #hold({ client, server }: { client: Socket; server: Socket }): void {
    client.pause();
    server.pause();
  }
}
