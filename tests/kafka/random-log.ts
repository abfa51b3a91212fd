import {
  encodeBatch, encodeMarker, encodeOldMessage, type WireBatch, type WirePartition, type WireRecord,
} from '../support/kafka-bytes.ts';
import type { SeededRandom } from '../support/faults/random.ts';

/** A partition as a broker would answer it, and what a consumer that reads what is committed must get of it. */
export interface RandomPartition {
  readonly wire: WirePartition;
  readonly fetchedOffset: number;
  readonly wanted: readonly WireRecord[];
  /** Behind the last batch that is whole; null when there is none. */
  readonly lastOffset: number | null;
  /** Whether kafkajs's own filter of aborted transactions gets it right. */
  readonly isEasy: boolean;
}

interface Piece {
  readonly bytes: Buffer;
  readonly lastOffset: number;
  readonly records: readonly WireRecord[];
  transaction: Transaction | null;
}

interface Transaction {
  readonly producerId: number;
  readonly firstOffset: number;
  fate: 'open' | 'committed' | 'aborted';
  markerOffset: number; // Infinity: behind the answer.
}

/**
 * A log of batches of three producers, with transactions one after the other or overlapping, gaps that compaction has
 * left, and a reader that begins anywhere in it.
 */
export class RandomLog {
  readonly #random: SeededRandom;
  readonly #isEasy: boolean;
  readonly #pieces: Piece[] = [];
  readonly #open = new Map<number, Transaction>();
  readonly #aborted: Transaction[] = []; // In the order in which they ended: so brokers list them.
  #next: number;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#isEasy = random.next() < 0.5;
    this.#next = random.pick([0, 7, 2 ** 31 - 3, 2 ** 40]);
  }

  partition(number: number): RandomPartition {
    const random = this.#random;
    for (let steps = random.between(0, 8); steps > 0; steps--) this.#step();
    for (const producerId of this.#open.keys()) this.#end(producerId, random.next() < 0.7);
    const isFiltered = random.next() < 0.9 || this.#aborted.length > 0;
    const begin = this.#isEasy ? 0 : random.between(0, Math.max(0, this.#pieces.length - 1));
    const pieces = this.#pieces.slice(begin);
    const fetchedOffset = this.#offsetIn(pieces[0]);
    const aborted = this.#aborted.filter(({ markerOffset }) => markerOffset >= fetchedOffset);
    return {
      wire: {
        partition: number, highWatermark: this.#next, aborted: isFiltered ? aborted : null,
        records: Buffer.concat([...pieces.map(({ bytes }) => bytes), this.#cutOff(pieces.length === 0)]),
      },
      fetchedOffset,
      wanted: pieces.filter(({ transaction }) => transaction?.fate !== 'aborted')
        .flatMap(({ records }) => records).filter(({ offset }) => offset >= fetchedOffset),
      lastOffset: pieces.at(-1)?.lastOffset ?? null,
      isEasy: this.#isEasy,
    };
  }

  #step(): void {
    const random = this.#random;
    const producerId = this.#isEasy && this.#open.size > 0 ? [...this.#open.keys()][0] : random.between(1, 3);
    const kind = random.next();
    if (kind < 0.3) this.#write(null);
    else if (kind < 0.75 || !this.#open.has(producerId)) {
      const known = this.#open.get(producerId);
      const transaction = known ?? { producerId, firstOffset: this.#next, fate: 'open', markerOffset: Infinity };
      this.#open.set(producerId, transaction);
      this.#write(transaction);
    } else this.#end(producerId, true);
  }

  /** Its marker may stand behind what the broker answers. */
  #end(producerId: number, isInAnswer: boolean): void {
    const transaction = this.#open.get(producerId)!;
    this.#open.delete(producerId);
    transaction.fate = this.#random.pick(['committed', 'aborted']);
    if (transaction.fate === 'aborted') this.#aborted.push(transaction);
    if (!isInAnswer) return;
    transaction.markerOffset = this.#next;
    const kind = transaction.fate === 'aborted' ? 'abort' : 'commit';
    const bytes = encodeMarker({ offset: this.#next, producerId, kind });
    this.#pieces.push({ bytes, lastOffset: this.#next, records: [], transaction: null });
    this.#next++;
  }

  #write(transaction: Transaction | null): void {
    const batch = randomBatch(this.#random, this.#next, transaction?.producerId ?? -1);
    // Records of a log append time have the batch's.
    const records = batch.logAppendTime === true
      ? batch.records.map((record) => ({ ...record, timestampMs: batch.maxTimestampMs })) : batch.records;
    this.#pieces.push({ bytes: encodeBatch(batch), lastOffset: batch.lastOffset, records, transaction });
    this.#next = batch.lastOffset + 1;
  }

  #offsetIn(piece: Piece | undefined): number {
    if (piece === undefined) return this.#next;
    const first = piece.records[0]?.offset ?? piece.lastOffset;
    return this.#random.between(first, piece.lastOffset);
  }

  #cutOff(isAlone: boolean): Buffer {
    if (this.#random.next() < 0.5) return Buffer.alloc(0);
    const bytes = encodeBatch(randomBatch(this.#random, this.#next, -1));
    // kafkajs cannot read a partition of fewer than 17 bytes.
    return bytes.subarray(0, this.#random.between(isAlone ? 17 : 0, bytes.length - 1));
  }
}

export function randomBatch(random: SeededRandom, baseOffset: number, producerId: number): WireBatch {
  const lastOffset = baseOffset + random.pick([0, 1, 5, 70, 20_000]);
  const baseTimestampMs = 1_700_000_000_000 + random.between(-1e9, 1e9);
  const records: WireRecord[] = [];
  for (let offset = baseOffset + random.pick([0, 0, 0, 1, 3]); offset <= lastOffset && records.length < 12;) {
    records.push({
      offset, timestampMs: baseTimestampMs + random.pick([0, 1, 63, 64, -1, -70_000, 5_000, 2 ** 33]),
      key: randomBytes(random), value: randomBytes(random), headers: randomHeaders(random),
    });
    offset += random.pick([1, 1, 1, 2, 64, 8_192]);
  }
  return {
    baseOffset, lastOffset, records, baseTimestampMs, maxTimestampMs: baseTimestampMs + random.between(0, 5_000),
    codec: random.pick(['none', 'none', 'gzip', 'zstd']), logAppendTime: random.next() < 0.2,
    attributes: random.next() < 0.1 ? 0x40 : 0, producerId, transactional: producerId >= 0,
  };
}

/** Never four zeros as a key: kafkajs takes those for an abort marker, wherever they stand. */
function randomBytes(random: SeededRandom): Buffer | null {
  if (random.next() < 0.15) return null;
  const bytes = Buffer.alloc(random.pick([0, 1, 4, 16, 62, 63, 64, 65, 130, 130, 9_000]));
  for (let at = 0; at < bytes.length; at += 3) bytes[at] = random.between(1, 255);
  return bytes;
}

function randomHeaders(random: SeededRandom): WireRecord['headers'] {
  const length = random.pick([0, 0, 0, 1, 3]);
  return Array.from({ length }, () => [random.pick(['a', 'b', 'käse']), randomBytes(random)] as const);
}

/** What the tap cannot know, in the place of records. */
export function strangeRecords(random: SeededRandom): Buffer {
  const batch = randomBatch(random, 100, -1);
  const bytes = encodeBatch({ ...batch, codec: 'none' });
  switch (random.between(0, 4)) {
    case 0: return Buffer.concat([1, 2].map((offset) => encodeOldMessage({ offset, key: null, value: Buffer.from('old') })));
    case 1: return encodeBatch({ ...batch, codec: 'none', attributes: 1 << random.between(7, 14) }); // An unknown flag.
    case 2: return Buffer.concat([bytes, encodeBatch({ ...batch, codec: 'none', magic: 3 })]);
    case 3: return encodeBatch({ ...batch, codec: 'none', lastOffset: 90, records: [] });
    default: return Buffer.concat([bytes, encodeOldMessage({ offset: 1, key: null, value: null })]);
  }
}
