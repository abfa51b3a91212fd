import { createServer, type Socket } from 'node:net';
import { errorMessage } from './wire-messages.ts';
import type { SharedSession } from './shared-session.ts';
import { serveClient, type WireLimits } from './wire-client.ts';

/** A pool of the sink's, one of the API's, a psql or two; each holds up to a batch in memory. */
const clientsMax = 64;

export interface WireFront {
  readonly port: number;
  readonly clients: number;
  /** Takes clients from here on; before, they wait. `onDeath`: the server has died, and nothing works any more. */
  serve(session: SharedSession, onDeath: (error: unknown) => void): void;
  /** Called once when the last client has gone, or at once when there is none. */
  whenEmpty(done: () => void): void;
  /** Takes no more clients and sends away those there are; their open transactions are rolled back. */
  close(): Promise<void>;
}

/**
 * Listens on the loopback interface only. The port is bound before the database is open, so that it can stand in the
 * directory's lock.
 */
export async function listen(port: number, limits: WireLimits): Promise<WireFront> {
  const sockets = new Map<Socket, Promise<void>>();
  const early: Socket[] = [];
  let admit = (socket: Socket): void => { early.push(socket); };
  let onEmpty: (() => void) | null = null;

  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {}); // A reset connection: the loop that reads it ends by itself.
    if (sockets.size >= clientsMax) {
      socket.end(errorMessage('FATAL', '53300', `the embedded database takes ${clientsMax} connections at most`));
      return;
    }
    admit(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.');
  return {
    port: address.port,
    get clients() {
      return sockets.size;
    },
    serve(session, onDeath) {
      admit = (socket) => {
        const served = serveClient(socket, session, limits).catch(onDeath).finally(() => {
          sockets.delete(socket);
          if (sockets.size === 0) onEmpty?.();
        });
        sockets.set(socket, served);
      };
      for (const socket of early.splice(0)) admit(socket);
    },
    whenEmpty(done) {
      onEmpty = done;
      if (sockets.size === 0) done();
    },
    async close() {
      onEmpty = null;
      server.close();
      for (const socket of [...early, ...sockets.keys()]) socket.destroy();
      await Promise.all(sockets.values());
    },
  };
}
