import { MdpError, messageOf } from '../errors.ts';
import { InflatedMemory } from './inflated-memory.ts';
import { batchFlags, batchLayout, batchPrologueBytes, readInt64, staleBatch, type RawBatch } from './record-batch.ts';
import { RestOfBatch, type RunReader } from './rest-of-batch.ts';

/** One record, filled anew by each `next`. `bytes` hold key and value; starts and ends are -1 for one that is null. */
export class RawMessage {
  bytes: Buffer = Buffer.alloc(0);
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  timestampMs = 0;
  offset = 0;
}

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/**
 * Codec numbers are those of the batch's attributes: 1 gzip, 2 snappy, 3 lz4, 4 zstd. What comes is its caller's, or shares
 * memory with `bytes`. Throws on damaged bytes.
 */
export type Decompress = (codec: number, bytes: Buffer) => Buffer;

/**
 * Reads the records of a raw batch one after the other and allocates nothing for each; a compressed batch is
 * decompressed as a whole when its first record is asked for, so one at a time is in memory.
 *
 * Every length is checked before it is used, offsets must ascend within what the batch claims, and the last record must
 * end where the batch ends: anything else throws `source-malformed`, and no later record of it is read. There is no
 * check of the CRC, as in kafkajs: TCP and TLS have their own.
 * Format: https://kafka.apache.org/documentation/#record
 */
export class RecordCursor {
  /** Batches that were compressed, as they were before. */
  readonly inflated: InflatedMemory;
  readonly #decompress: Decompress;
  #batch: RawBatch | null = null;
  #nextBatchAt = 0;
  // The batch that is being read.
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #left = 0;
  #read = 0;
  #baseOffset = 0;
  #lastOffset = 0;
  #previousOffset = 0;
  #baseTimestampMs = 0;
  #isOfLog = false; // Whether one time, that of appending, stands for all its records.
  #logAppendTimeMs = 0;
  readonly #rest = new RestOfBatch();
  // The record that was read last.
  #headersAt = 0;
  #recordEnd = 0;

  /** `readAgainMax`: so many records may be looked at again when the next one is asked for. */
  constructor(decompress: Decompress, readAgainMax = 0) {
    this.#decompress = decompress;
    this.inflated = new InflatedMemory(readAgainMax);
  }

  open(batch: RawBatch): void {
    this.#batch = batch;
    this.#nextBatchAt = batch.start;
    this.#left = 0;
    this.#at = 0;
    this.#end = 0;
    this.#headersAt = 0;
    this.#recordEnd = 0;
  }

  /** The next record, or false when there is none. */
  next(message: RawMessage): boolean {
    const batch = this.#batch;
    if (batch === null) return false;
    if (!batch.isReadable) throw staleBatch(batch.baseOffset);
    while (this.#left === 0) if (!this.#openNext(batch)) return false;
    this.#left--;
    this.#readRecord(message);
    if (this.#left === 0 && this.#at !== this.#end) {
      throw this.#malformed(`is its last, and ${this.#end - this.#at} bytes follow`);
    }
    this.#read++;
    return true;
  }

  /** Lets `reader` read on behind the record of the last `next`. The last one is left to `next`: a batch's end is judged. */
  readRun(reader: RunReader): void {
    if (this.#left < 2) return;
    const rest = this.#rest;
    if (rest.bytes !== this.#bytes) rest.bytes = this.#bytes;
    rest.at = this.#at;
    rest.end = this.#end;
    rest.count = this.#left - 1;
    rest.baseOffset = this.#baseOffset;
    rest.previousOffset = this.#previousOffset;
    rest.lastOffset = this.#lastOffset;
    rest.timeMs = this.#isOfLog ? this.#logAppendTimeMs : this.#baseTimestampMs;
    rest.hasOwnTimes = !this.#isOfLog;
    const count = reader.readRun(rest);
    this.#left -= count;
    this.#read += count;
    this.#at = rest.at;
    this.#previousOffset = rest.previousOffset;
  }

  /** Headers of the record that `next` gave last, while no other is read. Slow, for the few. Their values are copies. */
  headers(): readonly RecordHeader[] {
    if (this.#batch === null || this.#recordEnd === 0) return [];
    if (!this.#batch.isReadable) throw staleBatch(this.#batch.baseOffset);
    const resumeAt = this.#at;
    this.#at = this.#headersAt;
    try {
      return Array.from({ length: this.#headerCount() }, () => this.#readHeader());
    } finally {
      this.#at = resumeAt;
    }
  }

  /** False when there is no further batch; a batch that compaction has emptied leaves `#left` at 0. */
  #openNext(batch: RawBatch): boolean {
    const at = this.#nextBatchAt;
    if (at >= batch.end) return false;
    const bytes = batch.bytes;
    const attributes = bytes.readInt16BE(at + batchLayout.attributes);
    this.#nextBatchAt = at + batchPrologueBytes + bytes.readInt32BE(at + batchLayout.length);
    this.#baseOffset = readInt64(bytes, at + batchLayout.baseOffset);
    this.#lastOffset = this.#baseOffset + bytes.readInt32BE(at + batchLayout.lastOffsetDelta);
    this.#previousOffset = this.#baseOffset - 1;
    this.#baseTimestampMs = readInt64(bytes, at + batchLayout.baseTimestamp);
    this.#isOfLog = (attributes & batchFlags.logAppendTime) !== 0;
    this.#logAppendTimeMs = readInt64(bytes, at + batchLayout.maxTimestamp);
    this.#read = 0;
    this.#rest.serial++;
    this.#left = bytes.readInt32BE(at + batchLayout.count);
    this.#bytes = bytes;
    this.#at = at + batchLayout.records;
    this.#end = this.#nextBatchAt;
    if ((attributes & batchFlags.codec) !== 0 && this.#left > 0) this.#decompressRecords(attributes & batchFlags.codec);
    return true;
  }

  #decompressRecords(codec: number): void {
    try {
      const records = this.#decompress(codec, this.#bytes.subarray(this.#at, this.#end));
      this.#bytes = this.inflated.keep(records, { compressed: this.#bytes, messages: this.#left });
    } catch (error) {
      throw this.#malformed(`cannot be decompressed with codec ${codec} (${messageOf(error)})`, error);
    }
    this.#at = 0;
    this.#end = this.#bytes.length;
  }

  #readRecord(message: RawMessage): void {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#end) throw this.#malformed(`says ${length} bytes where ${this.#end - this.#at} are left`);
    this.#at++; // Attributes of a record: no bit of them has a meaning.
    const timestampDeltaMs = this.#varlong();
    const offset = this.#baseOffset + this.#varint();
    const keyBytes = this.#varint();
    message.keyStart = keyBytes < 0 ? -1 : this.#at;
    if (keyBytes > 0) this.#at += keyBytes;
    message.keyEnd = keyBytes < 0 ? -1 : this.#at;
    const valueBytes = this.#varint();
    message.valueStart = valueBytes < 0 ? -1 : this.#at;
    if (valueBytes > 0) this.#at += valueBytes;
    message.valueEnd = valueBytes < 0 ? -1 : this.#at;
    // One byte at least follows: the number of headers. What was read past the end has no meaning, and no use yet.
    if (this.#at >= end || keyBytes < -1 || valueBytes < -1) {
      throw this.#malformed(`has a key of ${keyBytes} and a value of ${valueBytes} bytes in a record of ${length}`);
    }
    if (offset <= this.#previousOffset || offset > this.#lastOffset) {
      throw this.#malformed(`has offset ${offset} after ${this.#previousOffset} in a batch up to ${this.#lastOffset}`);
    }
    this.#previousOffset = offset;
    if (message.bytes !== this.#bytes) message.bytes = this.#bytes; // Writing a reference costs more than looking at it.
    message.offset = offset;
    message.timestampMs = this.#isOfLog ? this.#logAppendTimeMs : this.#baseTimestampMs + timestampDeltaMs;
    this.#headersAt = this.#at;
    this.#recordEnd = end;
    this.#at = end;
  }

  /** Signed, of at most 32 bits, in 7 bits a byte: 0, -1, 1, -2 … are 0, 1, 2, 3. */
  #varint(): number {
    let byte = this.#bytes[this.#at++];
    let raw = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = this.#bytes[this.#at++];
      if (shift === 28 && byte > 0x0f) throw this.#malformed('has a number of more than 32 bits');
      raw |= (byte & 0x7f) << shift;
    }
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** As a varint, of as many bits as a number can be exact with. */
  #varlong(): number {
    let byte = this.#bytes[this.#at++];
    let raw = byte & 0x7f;
    for (let place = 2 ** 7; byte > 0x7f; place *= 2 ** 7) {
      byte = this.#bytes[this.#at++];
      raw += (byte & 0x7f) * place;
      if (raw > Number.MAX_SAFE_INTEGER) throw this.#malformed('has a time that is no time');
    }
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  #headerCount(): number {
    const count = this.#varint();
    // A header is two bytes at least: a larger number would only allocate.
    if (count < 0 || count > (this.#recordEnd - this.#at) / 2) throw this.#malformed(`says ${count} headers`);
    return count;
  }

  #readHeader(): RecordHeader {
    const key = this.#headerBytes();
    if (key === null) throw this.#malformed('has a header without a key');
    return { key: key.toString('utf8'), value: this.#headerBytes() };
  }

  #headerBytes(): Buffer | null {
    const length = this.#varint();
    const end = this.#at + Math.max(0, length);
    if (length < -1 || end > this.#recordEnd) throw this.#malformed(`has ${length} bytes in a header`);
    const bytes = length < 0 ? null : Buffer.from(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }

  #malformed(what: string, cause?: unknown): MdpError {
    return new MdpError('source-malformed', `Record ${this.#read} (counted from 0) of the record batch at offset ` +
      `${this.#baseOffset} ${what}: the batch is damaged, or is of a kind that mdp does not know.`, cause);
  }
}
