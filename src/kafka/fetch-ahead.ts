import { findPartitions, type Partition } from './fetch-response.ts';
import { readRuns } from './record-set.ts';
import type { FetchAnswer } from './response-frames.ts';

/** Smaller answers come from near the end of the log, where waiting for more is no loss. */
const answerBytesMin = 256 * 1024;
/** After so many guesses in a row that were wrong (partitions are paused, say), so many answers are left alone. */
const missesMax = 2;
const restAnswers = 64;

export interface FetchAheadLinks {
  /** Writes a request of ours. */
  readonly write: (bytes: Buffer) => void;
  /** The answer with this correlation id will be to a Fetch of this version. */
  readonly expect: (id: number, version: number) => void;
  /** An answer for kafkajs; true: it is kept where it stands. */
  readonly deliver: (answer: FetchAnswer) => boolean;
  /** What was kept is not wanted. */
  readonly giveBack: (answer: FetchAnswer) => void;
}

interface Guess {
  readonly id: number;
  readonly request: Buffer;
  /**
   *   open      kafkajs may ask for it yet;
   *   wanted    kafkajs has asked for it, under an id of its own;
   *   unwanted  kafkajs has asked for something else.
   */
  state: 'open' | 'wanted' | 'unwanted';
  idWanted: number;
  answer: FetchAnswer | null;
}

/**
 * kafkajs asks a broker for more when it is done with the last answer, and waits. While records are being read, this asks
 * for what kafkajs will ask for next if it reads them to their end; when it does, the answer is here or on its way already,
 * and gets the correlation id that kafkajs has given it. Any other request goes its own way, and the answer
 * to ours is thrown away: a wrong guess costs a transfer, and never a record.
 *
 * One guess at a time is under way, and only behind large answers: it is for catching up.
 */
export class FetchAhead {
  readonly #links: FetchAheadLinks;
  #last: Buffer | null = null;
  #guess: Guess | null = null;
  #nextId = -2; // kafkajs counts from 0 upwards.
  #misses = 0;
  #rest = 0;

  constructor(links: FetchAheadLinks) {
    this.#links = links;
  }

  /** A Fetch of kafkajs, whole. True: it is not to be written, for its answer has been asked for. */
  request(bytes: Buffer): boolean {
    this.#last = bytes;
    const guess = this.#guess;
    if (guess === null || guess.state !== 'open') return false;
    if (!isSameRequest(bytes, guess.request)) {
      this.#miss(guess);
      return false;
    }
    this.#misses = 0;
    guess.idWanted = fetchRequest.id(bytes);
    guess.state = 'wanted';
    // kafkajs knows of a request only when it has been written.
    if (guess.answer !== null) queueMicrotask(() => this.#hand(guess, guess.answer!));
    return true;
  }

  /** The answer to a Fetch of kafkajs or of ours. True: it is kept where it stands. */
  answered(answer: FetchAnswer): boolean {
    const guess = this.#guess;
    if (guess === null || answer.id !== guess.id) return this.#deliver(answer);
    switch (guess.state) {
      case 'open':
        guess.answer = answer;
        return true;
      case 'wanted': return this.#hand(guess, answer);
      case 'unwanted':
        this.#guess = null;
        return false;
    }
  }

  /** The connection has ended: nothing more is asked or handed on. */
  close(): void {
    this.#guess = null;
    this.#last = null;
  }

  #hand(guess: Guess, answer: FetchAnswer): boolean {
    if (this.#guess !== guess) return false; // The connection has ended.
    this.#guess = null;
    answer.buffer.bytes.writeInt32BE(guess.idWanted, idAt);
    const isKept = this.#deliver(answer);
    if (!isKept && guess.answer !== null) this.#links.giveBack(answer);
    return isKept;
  }

  #deliver(answer: FetchAnswer): boolean {
    this.#askAhead(answer);
    return this.#links.deliver(answer);
  }

  #miss(guess: Guess): void {
    if (++this.#misses >= missesMax) this.#rest = restAnswers;
    if (guess.answer === null) guess.state = 'unwanted';
    else {
      this.#links.giveBack(guess.answer);
      this.#guess = null;
    }
  }

  #askAhead({ buffer, sizeBytes, version }: FetchAnswer): void {
    if (this.#last === null || this.#guess !== null || sizeBytes < answerBytesMin) return;
    if (this.#rest > 0) {
      this.#rest--;
      return;
    }
    const frame = buffer.bytes.subarray(0, sizeBytes);
    const request = nextRequest(this.#last, frame, version);
    if (request === null) return;
    const id = this.#nextId;
    this.#nextId = id > idMin ? id - 1 : -2;
    request.writeInt32BE(id, idAt + 4);
    this.#guess = { id, request, state: 'open', idWanted: 0, answer: null };
    this.#links.expect(id, version);
    this.#links.write(request);
  }
}

const fetchApiKey = 1;
const idMin = -2_000_000_000;
/** Of the correlation id: in an answer; in a request it stands four bytes later, behind key and version. */
const idAt = 4;

/** The fields in front of all others: size, key and version of the API, correlation id, client id. */
export const fetchRequest = {
  is: (bytes: Buffer): boolean =>
    bytes.length >= 14 && bytes.readInt32BE(0) === bytes.length - 4 && bytes.readInt16BE(4) === fetchApiKey,
  id: (bytes: Buffer): number => bytes.readInt32BE(idAt + 4),
  version: (bytes: Buffer): number => bytes.readInt16BE(6),
  bodyAt: (bytes: Buffer): number => 14 + Math.max(0, bytes.readInt16BE(12)),
} as const;

/** kafkajs shuffles topics and partitions; their answers say whose they are. */
function isSameRequest(one: Buffer, other: Buffer): boolean {
  const contents = contentsOf(one);
  return contents !== null && contents === contentsOf(other);
}

/** All but the correlation id, with topics and partitions in an order of their own; null where it is not as it should be. */
function contentsOf(request: Buffer): string | null {
  const asked: string[] = [];
  const at = forEachPartition(request, (topic, start, end) => {
    asked.push(`${topic}/${request.toString('latin1', start, end)}`);
  });
  if (at === null) return null;
  const rest = [request.subarray(0, idAt + 4), request.subarray(idAt + 8, at.start), request.subarray(at.end)];
  return [...rest.map((piece) => piece.toString('latin1')), ...asked.sort((a, b) => (a < b ? -1 : 1))].join('\n');
}

/** The request that follows when all that `frame` holds has been read; null where that is not certain. */
function nextRequest(last: Buffer, frame: Buffer, version: number): Buffer | null {
  const partitions = findPartitions(frame, version);
  if (partitions === null || partitions.some(({ errorCode }) => errorCode !== 0)) return null;
  const next = new Map<string, number>();
  for (const partition of partitions) {
    const offset = offsetBehind(frame, partition);
    if (offset !== null) next.set(`${partition.topic}/${partition.partition}`, offset);
  }
  return next.size === 0 ? null : withOffsets(Buffer.from(last), version, next);
}

function offsetBehind(frame: Buffer, { recordsAt, end }: Partition): number | null {
  const last = readRuns(frame, { start: recordsAt, end }, [])?.at(-1);
  return last === undefined ? null : last.lastOffset + 1;
}

/** Null where the request does not ask for one of them. */
function withOffsets(request: Buffer, version: number, next: ReadonlyMap<string, number>): Buffer | null {
  let left = next.size;
  const asked = forEachPartition(request, (topic, start) => {
    const offset = next.get(`${topic}/${request.readInt32BE(start)}`);
    if (offset === undefined) return;
    request.writeBigInt64BE(BigInt(offset), start + (version >= 9 ? 8 : 4));
    left--;
  });
  return asked !== null && left === 0 ? request : null;
}

/**
 * Calls `visit` with where each partition stands. Returns where they all stand; null where the request is not laid out as
 * its version says. Format: https://kafka.apache.org/protocol#The_Messages_Fetch
 */
function forEachPartition(
  request: Buffer, visit: (topic: string, start: number, end: number) => void,
): { readonly start: number; readonly end: number } | null {
  const version = fetchRequest.version(request);
  const has = (bytes: number): boolean => at + bytes <= request.length;
  let at = fetchRequest.bodyAt(request) + 4 + 4 + 4 + 4 + 1; // Replica, longest wait, least and most bytes, isolation.
  if (version >= 7) at += 4 + 4; // Session and its epoch.
  if (!has(4)) return null;
  const start = at;
  let topics = request.readInt32BE(at);
  for (at += 4; topics > 0 && has(2); topics--) {
    const nameBytes = request.readInt16BE(at);
    const topic = request.toString('utf8', at + 2, at + 2 + nameBytes);
    at += 2 + nameBytes;
    if (nameBytes < 0 || !has(4)) return null;
    let partitions = request.readInt32BE(at);
    for (at += 4; partitions > 0 && has(partitionBytes(version)); partitions--, at += partitionBytes(version)) {
      visit(topic, at, at + partitionBytes(version));
    }
    if (partitions > 0) return null;
  }
  return topics > 0 ? null : { start, end: at };
}

/** Number, leader epoch (from 9 on), offset, start of the log (from 5 on), most bytes. */
function partitionBytes(version: number): number {
  return 4 + (version >= 9 ? 4 : 0) + 8 + (version >= 5 ? 8 : 0) + 4;
}
