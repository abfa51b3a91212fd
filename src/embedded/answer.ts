import { errorMessage, wireMessage } from './wire-messages.ts';

/** I idle, T in a transaction, E in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** What the server wrote for one run of messages. */
export interface Answer {
  readonly chunks: readonly Buffer[];
  /** Of the ReadyForQuery that ends it; null where it does not end in one (a batch that ends in Flush). */
  readonly status: TransactionStatus | null;
  /** The first ErrorResponse's message, or null. */
  readonly error: string | null;
  /** First column of the first row as text, or null. */
  firstColumn(): string | null;
  /** The messages but for CopyInResponse. */
  withoutCopyIn(): Buffer;
}

/**
 * Collects an answer as it is written, in chunks cut anywhere, and follows its messages. Beyond the bound it keeps
 * nothing and says so in an ErrorResponse at the end: a result that is too large must not take the process down.
 */
export class AnswerScanner {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #overflown = false;
  #header = Buffer.alloc(6); // Type, length and the first byte of the body of the message at hand.
  #headerLength = 0;
  #toSkip = 0;
  #lastType = '';
  #lastByte = '';
  #failed = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The last message was a CopyInResponse: the server waits for data. */
  get copiesIn(): boolean {
    return this.#lastType === 'G';
  }

  push(chunk: Buffer): void {
    this.#follow(chunk);
    this.#length += chunk.length;
    if (this.#length > this.#bytesMax && this.#bytesMax > 0) {
      this.#overflown = true;
      this.#chunks = [];
      return;
    }
    this.#chunks.push(chunk);
  }

  end(): Answer {
    const status = this.#lastType === 'Z' ? statusOf(this.#lastByte) : null;
    const chunks = this.#overflown ? this.#refusal(status) : this.#chunks;
    const error = this.#failed ? errorText(Buffer.concat(chunks)) : null;
    return {
      chunks,
      status,
      error,
      firstColumn: () => firstColumn(Buffer.concat(chunks)),
      withoutCopyIn: () => Buffer.concat(messagesOf(Buffer.concat(chunks)).filter((message) => message[0] !== 0x47)),
    };
  }

  #refusal(status: TransactionStatus | null): Buffer[] {
    const megabytes = Math.round(this.#bytesMax / 2 ** 20);
    const text = `the answer is larger than ${megabytes} MiB; ask for fewer rows, or read through a cursor`;
    const error = errorMessage('ERROR', '54000', text);
    return status === null ? [error] : [error, wireMessage('Z', Buffer.from(status))];
  }

  #follow(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, chunk.length - at);
        this.#toSkip -= skipped;
        at += skipped;
      } else {
        this.#header[this.#headerLength++] = chunk[at++]!;
        this.#onHeader();
      }
    }
  }

  /** A header is whole after five bytes, or six where there is a body: the sixth is the status of a ReadyForQuery. */
  #onHeader(): void {
    if (this.#headerLength < 5) return;
    const bodyLength = this.#header.readInt32BE(1) - 4;
    if (bodyLength > 0 && this.#headerLength < 6) return;
    this.#lastType = String.fromCharCode(this.#header[0]);
    this.#lastByte = String.fromCharCode(this.#header[5]);
    this.#failed ||= this.#lastType === 'E';
    this.#toSkip = Math.max(0, bodyLength - 1);
    this.#headerLength = 0;
  }
}

function statusOf(byte: string): TransactionStatus {
  return byte === 'I' || byte === 'T' ? byte : 'E';
}

function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += messages.at(-1)!.length) {
    messages.push(bytes.subarray(at, at + 1 + bytes.readInt32BE(at + 1)));
  }
  return messages;
}

function errorText(bytes: Buffer): string | null {
  const error = messagesOf(bytes).find((message) => message[0] === 0x45);
  const fields = error?.toString('utf8', 5).split('\0') ?? [];
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? null;
}

/** DataRow: Int16 columns, then for each an Int32 length (-1 for null) and its bytes. */
function firstColumn(bytes: Buffer): string | null {
  const row = messagesOf(bytes).find((message) => message[0] === 0x44);
  if (row === undefined || row.readInt16BE(5) === 0) return null;
  const length = row.readInt32BE(7);
  return length < 0 ? null : row.toString('utf8', 11, 11 + length);
}
