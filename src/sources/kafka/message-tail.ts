import { RawMessage } from '../../kafka/record-cursor.ts';
import type { RecentMessage } from '../../model/message.ts';

/** So many messages can be looked at again. A power of two: the place of a message is its number's last bits. */
export const placesMax = 64;
const nothing = Buffer.alloc(0);

/**
 * Where the last messages of one partition stand, as they are read: six numbers a message and no copy. The bytes are those
 * of the Fetch, so `copies` are made before the next one.
 */
export class MessageTail {
  readonly #places = Array.from({ length: placesMax }, () => new RawMessage());
  #read = 0;
  #copied = 0;

  /** Messages that were read up to now. */
  get count(): number {
    return this.#read;
  }

  /** The message that was read last; `add` fills it anew some 64 messages later. */
  get last(): RawMessage {
    return this.#places[(this.#read - 1) & (placesMax - 1)];
  }

  add(from: RawMessage): void {
    const to = this.#places[this.#read++ & (placesMax - 1)];
    if (to.bytes !== from.bytes) to.bytes = from.bytes; // Writing a reference costs more than looking at it.
    to.keyStart = from.keyStart;
    to.keyEnd = from.keyEnd;
    to.valueStart = from.valueStart;
    to.valueEnd = from.valueEnd;
    to.timestampMs = from.timestampMs;
    to.offset = from.offset;
  }

  /** As `add` for each of them. */
  addRun({ bytes, places, shift, rows, offsets, timesMs, from }: MessageRun): void {
    const unkept = Math.max(0, rows - placesMax);
    this.#read += unkept;
    for (let row = unkept; row < rows; row++) {
      const to = this.#places[this.#read++ & (placesMax - 1)];
      const isKeyNull = places[row * 4] < 0;
      if (to.bytes !== bytes) to.bytes = bytes;
      to.keyStart = isKeyNull ? -1 : places[row * 4] - shift;
      to.keyEnd = isKeyNull ? -1 : places[row * 4 + 1] - shift;
      to.valueStart = places[row * 4 + 2] - shift;
      to.valueEnd = places[row * 4 + 3] - shift;
      to.timestampMs = timesMs[from + row];
      to.offset = offsets[from + row];
    }
  }

  /**
   * The last messages since the last call, at most `messagesMax` (64 at the most), in memory of their own: one piece for
   * all, which their number bounds. Keys and values are cut at `bytesMax`.
   */
  copies(partition: number, { messagesMax, bytesMax }: TailLimits): RecentMessage[] {
    const from = Math.max(this.#copied, this.#read - Math.min(messagesMax, placesMax));
    const places: RawMessage[] = [];
    for (let index = from; index < this.#read; index++) places.push(this.#places[index & (placesMax - 1)]);
    this.#copied = this.#read;
    const memory = new Copies(places.reduce((total, place) => total + keptBytes(place, bytesMax), 0));
    return places.map((place) => ({
      partition, offset: place.offset, timestampMs: place.timestampMs,
      key: memory.take(place.bytes, place.keyStart, Math.min(place.keyEnd, place.keyStart + bytesMax)),
      value: memory.take(place.bytes, place.valueStart, Math.min(place.valueEnd, place.valueStart + bytesMax)),
      keyBytes: place.keyEnd - place.keyStart, valueBytes: place.valueEnd - place.valueStart,
    }));
  }

  /** The memory of the Fetch is not to be looked at any more, nor kept. */
  letGo(): void {
    this.#copied = this.#read;
    for (const place of this.#places) place.bytes = nothing;
  }
}

/** Messages that were read in one go, none of them without a value. */
export interface MessageRun {
  readonly bytes: Buffer;
  /** Four a message: where key and value begin and end, `shift` too high; the key's are -1 where it is null. */
  readonly places: Int32Array;
  readonly shift: number;
  readonly rows: number;
  /** Columns of which the rows from `from` on are these messages'. */
  readonly offsets: Float64Array;
  readonly timesMs: Float64Array;
  readonly from: number;
}

export interface TailLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

function keptBytes({ keyStart, keyEnd, valueStart, valueEnd }: RawMessage, bytesMax: number): number {
  return Math.min(keyEnd - keyStart, bytesMax) + Math.min(valueEnd - valueStart, bytesMax);
}

/** One piece of memory that is handed out from its beginning to its end. */
class Copies {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** A copy; null for what is null in the log. */
  take(from: Buffer, start: number, end: number): Buffer | null {
    if (start < 0) return null;
    const copy = this.#bytes.subarray(this.#at, this.#at + end - start);
    from.copy(copy, 0, start, end);
    this.#at += end - start;
    return copy;
  }
}
