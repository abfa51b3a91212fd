import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../model/clock.ts';

export interface Sending {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly pieces: (abort: AbortSignal) => AsyncIterable<string>;
  /** A client that takes nothing for so long is cut off, ms. */
  readonly stallMs: number;
  /** What failed after the status was sent: the connection has been cut, so that nobody takes a part for the whole. */
  readonly onFault: (error: unknown) => void;
  readonly clock: Clock;
}

/** Half of what a socket takes at once: memory holds some pieces, however many there are. */
const bytesAhead = 65_536;

/**
 * Sends pieces as the client takes them, for as long as it does: the time limit of a request is for those that give nothing.
 * Status and headers are those that the reply has by now. Rejects with what the first piece threw.
 */
export async function sendPieces({ request, reply, pieces, clock, stallMs, onFault }: Sending): Promise<void> {
  const gone = new AbortController();
  const { raw } = reply;
  raw.once('close', () => gone.abort());
  if (request.raw.destroyed || raw.destroyed) gone.abort();
  const made = pieces(gone.signal)[Symbol.asyncIterator]();
  const first = await made.next();
  reply.hijack();
  raw.writeHead(reply.statusCode, reply.getHeaders() as Record<string, string>);
  const told = (error: unknown): void => {
    if (!gone.signal.aborted) onFault(error); // Else it only says that its reader has gone.
  };
  const all = Readable.from(from(first, made, told), { objectMode: false, highWaterMark: bytesAhead });
  const watching = cutOffStalled(raw, { clock, stallMs, gone: gone.signal });
  await pipeline(all, raw).catch(() => raw.destroy());
  gone.abort();
  await watching;
}

async function cutOffStalled(
  raw: FastifyReply['raw'], { clock, stallMs, gone }: Pick<Sending, 'clock' | 'stallMs'> & { readonly gone: AbortSignal },
): Promise<void> {
  while (!gone.aborted) {
    const before = raw.socket?.bytesWritten;
    await clock.wait(stallMs, gone);
    if (!gone.aborted && raw.socket?.bytesWritten === before) raw.destroy();
  }
}

async function* from(
  first: IteratorResult<string>, rest: AsyncIterator<string>, onFault: (error: unknown) => void,
): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } catch (error) {
    onFault(error);
    throw error;
  } finally {
    await rest.return?.();
  }
}
