import net from 'node:net';
import tls from 'node:tls';
import { MdpError } from '../errors.ts';
import { FetchAhead, fetchRequest } from './fetch-ahead.ts';
import { rewriteFetchResponse } from './fetch-response.ts';
import { RawBatch, type ResponseBuffer } from './record-batch.ts';
import { ResponseFrames, type FetchAnswer } from './response-frames.ts';
import { ticketIn } from './stand-in.ts';

export interface FetchTapOptions {
  /** Bytes that one read of a socket gives at most; each connection has a buffer of this size. 256 KiB by default. */
  readonly readBufferBytes?: number;
  /** Off: ordinary sockets, and every message is an ordinary one. */
  readonly enabled?: boolean;
}

/** What kafkajs gives to its option `socketFactory`. */
export interface SocketArguments {
  readonly host: string;
  readonly port: number;
  readonly ssl: tls.ConnectionOptions | null | undefined;
  readonly onConnect: () => void;
}

/** One connection to a broker. `receive`: what comes, cut anywhere. */
export interface TappedConnection {
  /** What kafkajs writes, a request a call. True: it must not be written, for its answer was asked for already. */
  readonly request: (bytes: Buffer) => boolean;
  readonly receive: (chunk: Buffer) => void;
  readonly close: () => void;
}

const readBufferBytesDefault = 256 * 1024;
const keepAliveDelayMs = 60_000; // As kafkajs's own sockets.
/** Answers of closed connections that may still be read; each broker that comes back ends its own. */
const leftBehindMax = 64;

/**
 * The way of record batches past kafkajs: it goes on doing groups, offsets, pauses, leaders and commits, and hands to
 * `eachBatch` one message for each run of record batches, whose bytes `batchOf` gives as the broker sent them.
 *
 *   socket ─▶ frames ─┬─ answers to Fetch, kept; rewritten with tickets for record batches ─┬▶ kafkajs ─▶ eachBatch
 *                     └─ all else, and what is not understood, byte for byte ────────────────┘               │
 *                        RecordCursor ◀─ RawBatch ◀─ batchOf(message) ◀──────────────────────────────────────┘
 *
 * One tap serves one consumer, with any number of brokers. It relies on this of kafkajs 2.2.4:
 * - `socketFactory` is public; the socket is used by `on`, `write`, `end` and `unref`, and one `write` is one request.
 * - Fetch has a connection of its own to each broker (network/connectionPool.js), of each consumer; versions up to 11.
 * - A request is known to it once it has been written (network/requestQueue), so its answer comes no sooner.
 * - One Fetch at a time is under way on it: the next is asked for when every `eachBatch` of the last answer has settled
 *   (consumer/fetcher.js: push, workerQueue.js: allSettled), also after an error and when fetchers are made anew
 *   (fetchManager.js stops the old ones first). So the bytes of an answer may be read until the `eachBatch` that got the
 *   message has settled, and no longer; the next Fetch to that broker makes reading them throw. An answer that comes
 *   after its request timed out finds nobody in kafkajs, and its tickets are never asked for.
 * - What was asked for of a partition that is paused or sought when its answer comes is dropped, tickets with it
 *   (consumerGroup.js: fetch). What waits for a worker by then is handed over all the same, also after a rebalance.
 * - Messages below the offset that was asked for are dropped (batch.js). A ticket stands at the last offset of its run,
 *   so it stays: a run may begin before that offset, and whoever reads it skips up to it.
 * - `resolveOffset` of the last message's offset goes on behind trailing control records (runner.js).
 * - No CRC is checked (recordBatch/v0/decoder.js), and a control record is counted as read and handed to nobody.
 * And on this of Node 24: `onread` works for sockets with TLS too (it is written down for plain ones only).
 */
export class FetchTap {
  /** Answers to Fetch; record batches given on as bytes; partitions of an answer, or whole answers, left to kafkajs. */
  readonly counts = { responses: 0, batches: 0, passedThrough: 0 };
  /** Answers that were there, or on their way, when kafkajs asked for them. */
  answersAhead = 0;
  readonly #readBufferBytes: number;
  readonly #enabled: boolean;
  readonly #batches = new Map<number, RawBatch>();
  #nextTicket = 0;
  /** By address: what was read from connections that are closed. */
  readonly #leftBehind = new Map<string, Answers>();

  constructor(options: FetchTapOptions = {}) {
    this.#readBufferBytes = options.readBufferBytes ?? readBufferBytesDefault;
    this.#enabled = options.enabled ?? true;
  }

  /** For kafkajs's option of this name. Plain, or with TLS where kafkajs is configured so. */
  readonly socketFactory = (target: SocketArguments): net.Socket => {
    const socket = this.#enabled ? this.#tapped(target) : connect(target, {});
    socket.setKeepAlive(true, keepAliveDelayMs);
    socket.setNoDelay(true);
    return socket;
  };

  /**
   * The records behind a message that kafkajs gave to `eachBatch`; null when it is an ordinary message.
   * Throws `source-failed` when that `eachBatch` has settled.
   */
  batchOf(message: { readonly value: Buffer | null }): RawBatch | null {
    const ticket = ticketIn(message.value);
    if (ticket === null) return null;
    const batch = this.#batches.get(ticket);
    if (batch === undefined) {
      throw new MdpError('source-failed', 'A message of Kafka was kept until after its eachBatch: its records are gone. ' +
        'This is a fault of mdp; please report it.');
    }
    return batch;
  }

  /** A connection without its socket: `pass` gets what kafkajs is to read; without `write` nothing is asked for ahead. */
  open(address: string, pass: (bytes: Buffer) => void, write?: (bytes: Buffer) => void): TappedConnection {
    const answers = new Answers(this.#batches, (buffer) => frames.giveBack(buffer));
    const ahead = write === undefined ? null : new FetchAhead({
      write, expect: (id, version) => frames.expect(id, version), giveBack: ({ buffer }) => frames.giveBack(buffer),
      deliver: (answer) => this.#deliver(answer, answers, pass),
    });
    const frames: ResponseFrames = new ResponseFrames({
      pass, answered: (answer) => ahead?.answered(answer) ?? this.#deliver(answer, answers, pass),
    });
    return {
      request: (bytes) => {
        if (!fetchRequest.is(bytes)) return false;
        this.#doneWith(address, answers);
        if (ahead?.request(bytes) === true) {
          this.answersAhead++;
          return true;
        }
        frames.expect(fetchRequest.id(bytes), fetchRequest.version(bytes));
        return false;
      },
      receive: (chunk) => frames.receive(chunk),
      close: () => {
        ahead?.close();
        this.#leave(address, answers);
      },
    };
  }

  #tapped(target: SocketArguments): net.Socket {
    const connection = this.open(
      `${target.host}:${target.port}`, (bytes) => socket.emit('data', bytes), (bytes) => { write(bytes); });
    // What is read this way is not given to listeners of `data`: those hear only what is passed to them.
    const onread: net.OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(this.#readBufferBytes),
      callback: (length, bytes) => {
        connection.receive(Buffer.from(bytes.buffer, bytes.byteOffset, length));
        return true;
      },
    };
    const socket = connect(target, { onread });
    const write = socket.write.bind(socket) as (...rest: unknown[]) => boolean;
    socket.write = (bytes: string | Uint8Array, ...rest: unknown[]): boolean => {
      return (Buffer.isBuffer(bytes) && connection.request(bytes)) || write(bytes, ...rest);
    };
    socket.on('close', () => connection.close());
    return socket;
  }

  /** kafkajs asks this broker for more: it is done with what it got before. */
  #doneWith(address: string, answers: Answers): void {
    answers.end();
    this.#leftBehind.get(address)?.end();
    this.#leftBehind.delete(address);
  }

  /** True: kept where it stands. */
  #deliver({ buffer, sizeBytes, version }: FetchAnswer, answers: Answers, pass: (bytes: Buffer) => void): boolean {
    this.counts.responses++;
    const frame = buffer.bytes.subarray(0, sizeBytes);
    const rewritten = rewriteFetchResponse(frame, version, {
      keep: (run) => {
        this.counts.batches += run.batches;
        return answers.keep(this.#nextTicket++, new RawBatch(buffer, run), buffer);
      },
      leave: () => {
        this.counts.passedThrough++;
      },
    });
    if (rewritten === null) this.counts.passedThrough++;
    pass(rewritten ?? Buffer.from(frame));
    return answers.holds(buffer);
  }

  /** A broker may close a connection while its last answer is being read: that stays until the broker is asked again. */
  #leave(address: string, answers: Answers): void {
    if (!answers.areKept) return;
    this.#leftBehind.get(address)?.end();
    this.#leftBehind.delete(address);
    for (const [oldest, left] of this.#leftBehind) {
      if (this.#leftBehind.size < leftBehindMax) break;
      left.end();
      this.#leftBehind.delete(oldest);
    }
    this.#leftBehind.set(address, answers);
  }
}

/** As kafkajs's own socket factory, with more to say to the socket. */
function connect(target: SocketArguments, options: Pick<net.TcpNetConnectOpts, 'onread'>): net.Socket {
  const { host, port, ssl, onConnect } = target;
  if (!ssl) return net.connect({ host, port, ...options }, onConnect);
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  return tls.connect({ host, port, ...servername, ...ssl, ...options }, onConnect);
}

/** What one connection has given out and what may still be read: from its last answer, or a late one before it. */
class Answers {
  readonly #batches: Map<number, RawBatch>;
  readonly #tickets: number[] = [];
  readonly #buffers = new Set<ResponseBuffer>();
  readonly #giveBack: (buffer: ResponseBuffer) => void;

  constructor(batches: Map<number, RawBatch>, giveBack: (buffer: ResponseBuffer) => void) {
    this.#batches = batches;
    this.#giveBack = giveBack;
  }

  get areKept(): boolean {
    return this.#tickets.length > 0;
  }

  holds(buffer: ResponseBuffer): boolean {
    return this.#buffers.has(buffer);
  }

  keep(ticket: number, batch: RawBatch, buffer: ResponseBuffer): number {
    this.#batches.set(ticket, batch);
    this.#tickets.push(ticket);
    this.#buffers.add(buffer);
    return ticket;
  }

  end(): void {
    for (const ticket of this.#tickets) this.#batches.delete(ticket);
    for (const buffer of this.#buffers) {
      buffer.generation++;
      this.#giveBack(buffer);
    }
    this.#tickets.length = 0;
    this.#buffers.clear();
  }
}
