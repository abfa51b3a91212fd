import type { RawMessage, RecordHeader } from '../../kafka/record-cursor.ts';
import type { RestOfBatch, RunReader } from '../../kafka/rest-of-batch.ts';
import type { Lane } from '../../model/lane.ts';
import { rejectBytesMax, rejectedBytesMax, type TickBatch } from '../../model/tick-batch.ts';
import type { Fault } from '../scan/tick-judge.ts';
import type { ColumnPool, TickColumns } from '../tick-columns.ts';
import type { MessageDecoder } from './decoders/decoder.ts';
import type { MessageTail } from './message-tail.ts';
import { originalMessage } from './original-message.ts';
import { traceParentOf } from './trace-parent.ts';

export interface TickReading {
  readonly lane: Lane;
  /** For people: `trade-data/3`. */
  readonly log: string;
  /** Holds where the last messages stand: the message itself is filled anew. */
  readonly tail: MessageTail;
  readonly decoder: MessageDecoder;
  readonly pool: ColumnPool;
  readonly batchTicks: number;
  /** A batch spans less event time than this, ms. */
  readonly batchSpanMs: number;
  /** Our clock, ms since 1970 UTC. */
  readonly nowMs: () => number;
  /** Whether messages that cannot be read are kept whole, for the topic that they go to. */
  readonly keepsOriginals?: boolean;
  /** Whether batches say what trace their first message belongs to: its headers are asked for then, once a batch. */
  readonly isTraced?: boolean;
}

/** What must be done before a message can be read: hand a batch on, or await what decoding needs. */
export type BeforeReading = TickBatch | Promise<void>;

/** The headers of the message; slow, and asked for only where somebody wants them. */
export type HeadersOf = () => readonly RecordHeader[];

const noHeaders: HeadersOf = () => [];

/** Turns messages of one partition into batches of ticks. A batch ends between two messages. */
export class FetchedTicks implements RunReader {
  readonly #reading: TickReading;
  #next: number;
  #columns: TickColumns;
  #cutMs = Infinity;
  #rejectedBytes = 0;
  #hasLast = false;
  #traceParent: string | undefined;

  constructor(reading: TickReading, next: number) {
    this.#reading = reading;
    this.#next = next;
    this.#columns = reading.pool.take();
  }

  /** Behind the message that was read last. */
  get next(): number {
    return this.#next;
  }

  /** Null when the message was read; else it must be given again after what is returned was done. */
  add(message: RawMessage, headers: HeadersOf = noHeaders): BeforeReading | null {
    const columns = this.#columns;
    const row = columns.length;
    const records = row + columns.rejects.length;
    if (records >= this.#reading.batchTicks || this.#rejectedBytes > rejectedBytesMax) return this.#cut();
    const { inexactCount } = columns;
    const decoded = this.#reading.decoder.decode(message, columns);
    if (decoded === null) {
      if (row > 0 && columns.length > row && columns.eventTimeMs[row] >= this.#cutMs) {
        columns.length = row; // It is read again for the next batch.
        columns.inexactCount = inexactCount;
        return this.#cut();
      }
      this.#accept(message, row);
    } else if (decoded instanceof Promise) return decoded;
    else if ('rowsNeeded' in decoded) return this.#makeRoom(decoded.rowsNeeded);
    else this.#reject(message, decoded, headers);
    const isFirst = records === 0 && columns.length + columns.rejects.length > 0;
    if (isFirst && this.#reading.isTraced === true) this.#traceParent = traceParentOf(headers());
    this.#next = message.offset + 1;
    this.#reading.tail.add(message);
    this.#hasLast = true;
    return null;
  }

  /** Reads on behind the message that `add` has taken last, where many can be read at once; returns how many they were. */
  readRun(rest: RestOfBatch): number {
    const { decoder, batchTicks, tail } = this.#reading;
    const columns = this.#columns;
    const rows = columns.length;
    if (rows === 0 || decoder.decodeRun === undefined || this.#rejectedBytes > rejectedBytesMax) return 0;
    const most = Math.min(batchTicks - columns.rejects.length, columns.capacity) - rows;
    const read = decoder.decodeRun(rest, columns, { most, untilMs: this.#cutMs, tail });
    if (read > 0) this.#next = columns.position[rows + read - 1] + 1;
    return read;
  }

  /** What was read and not handed on yet. `atLogEnd`: nothing more was in the log. */
  take(atLogEnd: boolean): TickBatch | null {
    const { lane, pool, nowMs, log, tail } = this.#reading;
    const batch = this.#columns.finish({
      lane, receivedTimeMs: nowMs(), nextPosition: this.#next, atLogEnd, placeOf: (offset) => `${log}:${offset}`,
      lastRecord: this.#hasLast ? recordOf(tail.last) : undefined, traceParent: this.#traceParent,
    });
    this.#traceParent = undefined;
    this.#columns = pool.take();
    this.#cutMs = Infinity;
    this.#rejectedBytes = 0;
    return batch;
  }

  /** Nothing of what was read is wanted. */
  drop(): void {
    this.#reading.pool.giveBack(this.#columns);
  }

  #cut(): TickBatch {
    return this.take(false)!;
  }

  /** For a message of more ticks than there are rows left. */
  #makeRoom(rows: number): BeforeReading {
    const batch = this.take(false);
    if (rows > this.#columns.capacity) {
      this.#reading.pool.giveBack(this.#columns);
      this.#columns = this.#reading.pool.take(rows);
    }
    return batch ?? Promise.resolve();
  }

  #accept({ offset, timestampMs }: RawMessage, from: number): void {
    const { length, position, logTimeMs, eventTimeMs } = this.#columns;
    if (from === 0 && length > 0) this.#cutMs = eventTimeMs[0] + this.#reading.batchSpanMs;
    for (let row = from; row < length; row++) {
      position[row] = offset;
      logTimeMs![row] = timestampMs;
    }
  }

  #reject(message: RawMessage, fault: Fault, headers: HeadersOf): void {
    const { bytes, valueStart, valueEnd, offset } = message;
    const end = Math.min(valueEnd, valueStart + rejectBytesMax);
    const kept = valueStart < 0 ? new Uint8Array(0) : new Uint8Array(bytes.subarray(valueStart, end));
    const original = this.#reading.keepsOriginals === true ? originalMessage(message, headers()) : null;
    this.#rejectedBytes += kept.length + (original?.value?.length ?? 0) + (original?.key?.length ?? 0);
    this.#columns.rejects.push({
      position: offset, reason: fault.reason, message: fault.message, place: `${this.#reading.log}:${offset}`, bytes: kept,
      ...(original === null ? {} : { original }),
    });
  }
}

/** By what a record is known again: its time, key and value. */
export function recordOf({ bytes, keyStart, keyEnd, valueStart, valueEnd, timestampMs }: RawMessage): Uint8Array {
  const keyBytes = keyStart < 0 ? 0 : keyEnd - keyStart;
  const valueBytes = valueStart < 0 ? 0 : valueEnd - valueStart;
  const record = Buffer.allocUnsafe(prologueBytes + keyBytes + valueBytes);
  record.writeDoubleBE(timestampMs, 0);
  record.writeInt32BE(keyStart < 0 ? -1 : keyBytes, 8);
  record.writeInt32BE(valueStart < 0 ? -1 : valueBytes, 12);
  if (keyBytes > 0) bytes.copy(record, prologueBytes, keyStart, keyEnd);
  if (valueBytes > 0) bytes.copy(record, prologueBytes + keyBytes, valueStart, valueEnd);
  return record;
}

const prologueBytes = 16;
