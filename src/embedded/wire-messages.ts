/**
 * Messages of the PostgreSQL protocol 3.0 (PostgreSQL manual, "Message Formats"): a type byte, an Int32 length that
 * counts itself but not the type, and a body. Startup messages have no type byte.
 */
export interface WireMessage {
  /** The type byte as a character, '' for a startup message. */
  readonly type: string;
  /** The whole message, header included. */
  readonly bytes: Buffer;
}

export class WireViolation extends Error {
  override readonly name = 'WireViolation';
}

/** Cuts a stream of bytes into messages. A message longer than the bound is a WireViolation, before it is buffered. */
export class MessageReader {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The next whole message, or null until more bytes have come. */
  next(): WireMessage | null {
    const bytes = this.#take(1);
    return bytes === null ? null : { type: String.fromCharCode(bytes[0]), bytes };
  }

  nextStartup(): WireMessage | null {
    const bytes = this.#take(0);
    return bytes === null ? null : { type: '', bytes };
  }

  #take(typeBytes: 0 | 1): Buffer | null {
    if (this.#length < typeBytes + 4) return null;
    if (this.#chunks[0].length < typeBytes + 4) this.#chunks = [Buffer.concat(this.#chunks)];
    const declared = this.#chunks[0].readUInt32BE(typeBytes);
    if (declared < 4 || declared > this.#bytesMax) {
      throw new WireViolation(`a message declares ${declared} bytes; allowed are 4 to ${this.#bytesMax}`);
    }
    const wanted = typeBytes + declared;
    if (this.#length < wanted) return null;
    if (this.#chunks[0].length < wanted) this.#chunks = [Buffer.concat(this.#chunks)];
    const first = this.#chunks[0];
    if (first.length === wanted) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(wanted);
    this.#length -= wanted;
    return first.subarray(0, wanted);
  }
}

/** A message of the backend (or of the frontend: the shape is the same). */
export function wireMessage(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.allocUnsafe(5 + body.length);
  bytes.write(type, 0, 'latin1');
  bytes.writeInt32BE(4 + body.length, 1);
  body.copy(bytes, 5);
  return bytes;
}

/** Strings, each ended by a zero byte. */
export function zeroEnded(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''), 'utf8');
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value, 0);
  return bytes;
}

/** ErrorResponse. `FATAL` says that the connection ends with it. */
export function errorMessage(severity: 'ERROR' | 'FATAL', sqlState: string, message: string): Buffer {
  return wireMessage('E', zeroEnded(`S${severity}`, `V${severity}`, `C${sqlState}`, `M${message}`, ''));
}

/** The text of a Query (Q) or of a Parse (P), which has the statement's name before it. Latin-1: a char is a byte. */
export function sqlOf(message: WireMessage): string {
  const start = message.type === 'P' ? message.bytes.indexOf(0, 5) + 1 : 5;
  return message.bytes.toString('latin1', start, message.bytes.indexOf(0, start));
}

/** A Query, or a Parse under the same name as `original`, with another text (ASCII). */
export function withSql(original: WireMessage, sql: string): Buffer {
  if (original.type === 'Q') return wireMessage('Q', zeroEnded(sql));
  const name = original.bytes.subarray(5, original.bytes.indexOf(0, 5) + 1);
  return wireMessage('P', Buffer.concat([name, zeroEnded(sql), Buffer.from([0, 0])]));
}
