import type { ResponseBuffer } from './record-batch.ts';
import { ResponseMemory } from './response-memory.ts';

const sizeWordBytes = 4;
const headBytes = 8; // Size and correlation id.
/** Brokers end an answer at 55 MiB (fetch.max.bytes) unless one batch alone is larger; beyond, it is kafkajs's to hold. */
const responseBytesMax = 64 * 1024 * 1024;
/** kafkajs asks once at a time; only Fetches that were never answered add up, one each request timeout. */
const fetchesMax = 16;

/** Who gets what comes in on a connection. */
export interface FrameReceiver {
  /** Bytes for kafkajs, in the order of the connection. They are its own from now on. */
  readonly pass: (bytes: Buffer) => void;
  /** The answer to a Fetch, whole, in the first bytes of `buffer`. True: it stays there until it is given back. */
  readonly answered: (answer: FetchAnswer) => boolean;
}

export interface FetchAnswer {
  /** The correlation id of what it answers. */
  readonly id: number;
  readonly buffer: ResponseBuffer;
  readonly sizeBytes: number;
  readonly version: number;
}

/**
 * size, id: within the first and the second half of a head; passing, collecting: within the body, which is kafkajs's or
 * ours; lost: where frames begin is not known, and everything is kafkajs's.
 */
type State = 'size' | 'id' | 'passing' | 'collecting' | 'lost';

/**
 * Cuts what a broker sends into frames (size, correlation id, body). Answers to Fetches are collected; everything else
 * goes on as it comes, in copies, because the bytes of a chunk are the socket's.
 */
export class ResponseFrames {
  readonly #receiver: FrameReceiver;
  readonly #memory = new ResponseMemory();
  /** Versions of the Fetches that are not answered yet, by correlation id. */
  readonly #fetches = new Map<number, number>();
  readonly #head = Buffer.alloc(headBytes);
  #headLength = 0; // Of it, bytes that nobody has got yet.
  #state: State = 'size';
  #left = sizeWordBytes; // Bytes until the state ends.
  #buffer: ResponseBuffer | null = null;
  #collected = 0;
  #version = 0;
  #id = 0;

  constructor(receiver: FrameReceiver) {
    this.#receiver = receiver;
  }

  /** The answer to come with this correlation id is to a Fetch of this version. */
  expect(id: number, version: number): void {
    for (const known of this.#fetches.keys()) if (this.#fetches.size >= fetchesMax) this.#fetches.delete(known);
    this.#fetches.set(id, version);
  }

  /** Nobody reads this answer any more. */
  giveBack(buffer: ResponseBuffer): void {
    this.#memory.giveBack(buffer);
  }

  /** What the broker sends, cut anywhere. */
  receive(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, Math.min(chunk.length, at + this.#left));
      at += piece.length;
      this.#left -= piece.length;
      this.#take(piece);
      while (this.#left === 0) this.#advance();
    }
  }

  #take(piece: Buffer): void {
    switch (this.#state) {
      case 'size':
      case 'id':
        this.#headLength += piece.copy(this.#head, this.#headLength);
        break;
      case 'collecting':
        this.#collected += piece.copy(this.#buffer!.bytes, this.#collected);
        break;
      case 'passing':
      case 'lost':
        this.#receiver.pass(Buffer.concat([this.#takeHead(), piece]));
        break;
    }
  }

  /** A state has all its bytes: on to the next. */
  #advance(): void {
    switch (this.#state) {
      case 'size': {
        const size = this.#head.readInt32BE(0);
        if (size < 0) this.#enter('lost', Number.POSITIVE_INFINITY);
        else if (size < sizeWordBytes) this.#enter('passing', size); // No id: an answer to a raw SASL message.
        else this.#enter('id', sizeWordBytes);
        break;
      }
      case 'id':
        this.#beginBody(this.#head.readInt32BE(0) - sizeWordBytes, this.#head.readInt32BE(sizeWordBytes));
        break;
      case 'collecting':
        this.#endAnswer();
        this.#enter('size', sizeWordBytes);
        break;
      case 'passing':
      case 'lost':
        if (this.#headLength > 0) this.#receiver.pass(this.#takeHead());
        this.#enter('size', sizeWordBytes);
        break;
    }
  }

  #enter(state: State, left: number): void {
    this.#state = state;
    this.#left = left;
  }

  #beginBody(bodyBytes: number, id: number): void {
    const version = this.#fetches.get(id);
    this.#fetches.delete(id);
    if (version === undefined || headBytes + bodyBytes > responseBytesMax) {
      this.#enter('passing', bodyBytes);
      return;
    }
    this.#version = version;
    this.#id = id;
    this.#buffer = this.#memory.take(headBytes + bodyBytes);
    this.#collected = this.#takeHead().copy(this.#buffer.bytes);
    this.#enter('collecting', bodyBytes);
  }

  #endAnswer(): void {
    const answer = { id: this.#id, buffer: this.#buffer!, sizeBytes: this.#collected, version: this.#version };
    this.#buffer = null;
    if (!this.#receiver.answered(answer)) this.#memory.giveBack(answer.buffer);
  }

  #takeHead(): Buffer {
    const head = Buffer.from(this.#head.subarray(0, this.#headLength));
    this.#headLength = 0;
    return head;
  }
}
