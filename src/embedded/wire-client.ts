import type { Socket } from 'node:net';
import type { Clock } from '../model/clock.ts';
import { StatementRefused } from './database.ts';
import type { Guest, SharedSession } from './shared-session.ts';
import { answerStartup } from './startup.ts';
import { traitsOf, type QueryTraits } from './statements.ts';
import {
  MessageReader, WireViolation, errorMessage, sqlOf, wireMessage, withSql, zeroEnded, type WireMessage,
} from './wire-messages.ts';

export interface WireLimits {
  /** One batch of messages, a COPY with all its data included. */
  readonly batchBytesMax: number;
  /** A client that leaves a transaction open for longer is sent away: all others wait for it. */
  readonly idleInTransactionMsMax: number;
  readonly clock: Pick<Clock, 'wait'>;
}

interface CopyIn {
  readonly parts: Buffer[];
  bytes: number;
}

/** Serves one connection until it ends. Never throws for what a client does; throws when the server has died. */
export async function serveClient(socket: Socket, session: SharedSession, limits: WireLimits): Promise<void> {
  const client = new WireClient(socket, session, limits);
  try {
    await client.serve();
  } finally {
    socket.destroySoon(); // What was written last goes out first.
    await client.leave();
  }
}

class WireClient {
  readonly #socket: Socket;
  readonly #session: SharedSession;
  readonly #limits: WireLimits;
  readonly #reader: MessageReader;
  readonly #guest: Guest = { settings: new Map() };
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #changesSettings = false;
  #copyIn: CopyIn | null = null;
  #holds = false; // The session, from the first message of a batch until the server is idle.
  #idle = new AbortController(); // Fires when the client is heard of again.

  constructor(socket: Socket, session: SharedSession, limits: WireLimits) {
    this.#socket = socket;
    this.#session = session;
    this.#limits = limits;
    this.#reader = new MessageReader(limits.batchBytesMax);
  }

  async serve(): Promise<void> {
    let started = false;
    try {
      for await (const chunk of this.#chunks()) {
        this.#reader.push(chunk);
        if (!started) started = await answerStartup(this.#reader, this.#socket, this.#guest);
        if (started) await this.#serveMessages();
      }
    } catch (error) {
      if (error instanceof WireViolation) this.#sendAway('08P01', error.message);
      else if (!isLostConnection(error)) throw error;
    }
  }

  /** A transaction that the client left open is rolled back, like a server does for a client that dies. */
  async leave(): Promise<void> {
    this.#idle.abort();
    if (this.#holds) {
      // Sync ends a batch that was cut short; the server then says whether a transaction is open.
      const answer = this.#session.run([wireMessage('S')], false);
      if (answer.status !== 'I') this.#session.run([wireMessage('Q', zeroEnded('ROLLBACK'))], false);
    }
    this.#holds = false;
    this.#session.leave(this.#guest);
  }

  #chunks(): AsyncIterable<Buffer> {
    return this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  }

  async #serveMessages(): Promise<void> {
    for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
      this.#idle.abort();
      if (message.type === 'X') {
        this.#socket.end();
        return;
      }
      if (this.#copyIn === null) await this.#onMessage(message);
      else await this.#onCopyMessage(this.#copyIn, message);
    }
    if (this.#holds) void this.#sendAwayWhenIdle();
  }

  async #onMessage(message: WireMessage): Promise<void> {
    switch (message.type) {
      case 'Q':
        await this.#onQuery(message);
        return;
      case 'P':
        this.#collectSql(message, traitsOfParse(message));
        return;
      case 'B': case 'C': case 'D': case 'E':
        this.#collect(message.bytes);
        return;
      case 'S': case 'H':
        this.#collect(message.bytes);
        await this.#runBatch(false);
        return;
      case 'c': case 'd': case 'f': // What is left of a COPY that failed; the protocol says to ignore it.
        return;
      default: // Function calls too: the server would end the process over an unknown type.
        throw new WireViolation(`the embedded database does not know messages of type "${message.type}"`);
    }
  }

  async #onQuery(message: WireMessage): Promise<void> {
    const traits = traitsOf(sqlOf(message));
    this.#collectSql(message, traits);
    if (traits.refusal !== null || traits.copyIn === null) {
      await this.#runBatch(false);
      return;
    }
    this.#copyIn = { parts: [], bytes: 0 };
    const format = traits.copyIn.binary ? 1 : 0;
    await this.#send([wireMessage('G', Buffer.from([format, 0, 0]))]);
  }

  /** The data is held back until it is complete: the server reads it within the call that runs the query. */
  async #onCopyMessage(copyIn: CopyIn, message: WireMessage): Promise<void> {
    const bytesMax = this.#limits.batchBytesMax;
    if (message.type === 'd') {
      copyIn.bytes += message.bytes.length;
      if (copyIn.bytes <= bytesMax) copyIn.parts.push(message.bytes);
      else copyIn.parts.length = 0;
    } else if (message.type === 'c' || message.type === 'f') {
      const tooLarge = `more than ${bytesMax / 2 ** 20} MiB in one COPY to the embedded database; send several`;
      const last = copyIn.bytes > bytesMax ? wireMessage('f', zeroEnded(tooLarge)) : message.bytes;
      this.#batch.push(...copyIn.parts, last);
      this.#copyIn = null;
      await this.#runBatch(true);
    } else if (message.type !== 'S' && message.type !== 'H') {
      throw new WireViolation(`a message of type "${message.type}" came in the middle of a COPY`);
    }
  }

  /** What is refused is replaced by a statement that raises why, so that the server itself fails the transaction. */
  #collectSql(message: WireMessage, traits: QueryTraits): void {
    this.#changesSettings ||= traits.changesSettings;
    if (traits.refusal === null) this.#collect(message.bytes);
    else this.#collect(withSql(message, raising(traits.refusal)));
  }

  #collect(message: Buffer): void {
    this.#batchBytes += message.length;
    if (this.#batchBytes > this.#limits.batchBytesMax) {
      throw new WireViolation(`more than ${this.#limits.batchBytesMax} bytes of messages came without a Sync`);
    }
    this.#batch.push(message);
  }

  async #runBatch(copiedIn: boolean): Promise<void> {
    const messages = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    try {
      await this.#session.enter(this.#guest);
    } catch (error) {
      throw error instanceof StatementRefused ? new WireViolation(error.message, { cause: error }) : error;
    }
    this.#holds = true;
    const answer = this.#session.run(messages, this.#changesSettings);
    this.#changesSettings = false;
    if (answer.status === 'I') {
      this.#holds = false;
      this.#session.leave(this.#guest); // Before the answer is sent: a slow reader keeps nobody waiting.
    }
    await this.#send(copiedIn ? [answer.withoutCopyIn()] : answer.chunks);
  }

  /** Waits while the client does not read: its next messages are not read either. */
  async #send(chunks: readonly Buffer[]): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    const drained = chunks.map((chunk) => this.#socket.write(chunk)).at(-1) ?? true;
    this.#socket.uncork();
    if (!drained) {
      await new Promise<void>((resolve) => {
        this.#socket.once('drain', resolve);
        this.#socket.once('close', () => resolve());
      });
    }
  }

  async #sendAwayWhenIdle(): Promise<void> {
    this.#idle.abort(); // A message that came in pieces began a wait with each.
    const idle = this.#idle = new AbortController();
    const { clock, idleInTransactionMsMax } = this.#limits;
    await clock.wait(idleInTransactionMsMax, idle.signal);
    if (idle.signal.aborted) return;
    const seconds = idleInTransactionMsMax / 1000;
    this.#sendAway('25P03', `idle in a transaction for ${seconds} s: the embedded database has one session for all`);
  }

  #sendAway(sqlState: string, message: string): void {
    if (!this.#socket.destroyed) this.#socket.write(errorMessage('FATAL', sqlState, message));
    this.#socket.destroySoon();
  }
}

function traitsOfParse(message: WireMessage): QueryTraits {
  const traits = traitsOf(sqlOf(message));
  if (traits.copyIn === null) return traits;
  return { ...traits, refusal: 'the embedded database takes COPY FROM STDIN by simple query only' };
}

function raising(why: string): string {
  return `DO $$ BEGIN RAISE feature_not_supported USING MESSAGE = '${why}'; END $$`;
}

const lostCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED']);

function isLostConnection(error: unknown): boolean {
  return error instanceof Error && 'code' in error && lostCodes.has(String(error.code));
}
