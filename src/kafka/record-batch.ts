import { MdpError } from '../errors.ts';

/**
 * Where things stand in a record batch of magic 2, counted in bytes from its beginning; numbers are big-endian.
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */
export const batchLayout = {
  baseOffset: 0,
  length: 8, // Of what follows it.
  magic: 16,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const;

/** Bytes before the length, and the length itself: a batch is this much longer than its length says. */
export const batchPrologueBytes = 12;

export const batchFlags = {
  codec: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  /** The cleaner put the moment of a tombstone's removal into the base timestamp; deltas are relative to it as ever. */
  deleteHorizon: 0x40,
} as const;

/** A signed number of eight bytes, exact up to 2^53; what is larger is no offset and no time that anybody has. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

/** The memory of one Fetch response. It is written over by a later one: then its generation is another. */
export class ResponseBuffer {
  readonly bytes: Buffer;
  generation = 0;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }
}

/** One or more record batches of one partition that stand side by side, understood as far as their headers go. */
export interface BatchRun {
  readonly start: number; // In the response: of the first byte of the first batch,
  readonly end: number; // and after the last byte of the last one.
  readonly baseOffset: number;
  /** Of the last batch, also where compaction has removed its last records: reading goes on at `lastOffset + 1`. */
  readonly lastOffset: number;
  readonly count: number; // Of records.
  readonly batches: number;
  readonly maxTimestampMs: number; // Of the last batch.
}

/**
 * Records as the broker sent them, behind one message that kafkajs hands to `eachBatch`.
 *
 * May be read until the promise of that `eachBatch` is settled. After that kafkajs asks the broker for more, and the
 * same memory takes the answer: `bytes`, and a cursor that stands on it, then throw `source-failed`.
 */
export class RawBatch implements BatchRun {
  readonly start: number;
  readonly end: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly count: number;
  readonly batches: number;
  readonly maxTimestampMs: number;
  readonly #buffer: ResponseBuffer;
  readonly #generation: number;

  constructor(buffer: ResponseBuffer, run: BatchRun) {
    this.start = run.start;
    this.end = run.end;
    this.baseOffset = run.baseOffset;
    this.lastOffset = run.lastOffset;
    this.count = run.count;
    this.batches = run.batches;
    this.maxTimestampMs = run.maxTimestampMs;
    this.#buffer = buffer;
    this.#generation = buffer.generation;
  }

  /** The whole response; these batches are its bytes from `start` to `end`. */
  get bytes(): Buffer {
    if (!this.isReadable) throw staleBatch(this.baseOffset);
    return this.#buffer.bytes;
  }

  get isReadable(): boolean {
    return this.#buffer.generation === this.#generation;
  }
}

export function staleBatch(baseOffset: number): MdpError {
  return new MdpError('source-failed', `The record batch at offset ${baseOffset} was read after its eachBatch had ended: ` +
    'its memory belongs to a later answer of the broker. This is a fault of mdp; please report it.');
}
