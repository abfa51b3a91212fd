import { readInt64, type BatchRun } from './record-batch.ts';
import { readRuns, type AbortedTransaction, type Run } from './record-set.ts';
import { standIn } from './stand-in.ts';

/** Versions of Fetch whose answers are understood: those with record batches, up to the last that kafkajs knows. */
export const fetchVersionMin = 4;
export const fetchVersionMax = 11;

export interface Rewriting {
  /** Takes a run of record batches into keeping; its number stands in the record that stands in for it. */
  readonly keep: (run: BatchRun) => number;
  /** The records of a partition were not understood, and go on as they are. */
  readonly leave: () => void;
}

/**
 * The answer to a Fetch, from its size word on, with one small record in the place of each run of record batches, so
 * that kafkajs's own bookkeeping (offsets, pauses, leaders, errors) goes on as ever. Batches of aborted transactions
 * become a control record, which kafkajs passes over; the list of those transactions, which then has no more to say, is
 * emptied. Control batches stay. The records of a partition that hold anything unknown stay as they are, with their
 * list. Null when the frame itself is not understood; it must then go on as it is.
 * Format: https://kafka.apache.org/protocol#The_Messages_Fetch
 */
export function rewriteFetchResponse(frame: Buffer, version: number, rewriting: Rewriting): Buffer | null {
  const partitions = findPartitions(frame, version);
  if (partitions === null) return null;
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const partition of partitions) {
    if (partition.end === partition.recordsAt) continue;
    const runs = readRuns(frame, { start: partition.recordsAt, end: partition.end }, abortedOf(frame, partition));
    if (runs === null) {
      rewriting.leave();
      continue;
    }
    const records = runs.map((run) => recordsOf(frame, run, rewriting));
    pieces.push(frame.subarray(copied, partition.abortedAt), int32(0)); // No list, or none any more.
    pieces.push(frame.subarray(partition.abortedEnd, partition.recordsAt - int32Bytes), int32(totalOf(records)));
    for (const piece of records) pieces.push(piece);
    copied = partition.end;
  }
  pieces.push(frame.subarray(copied));
  const body = Buffer.concat(pieces);
  body.writeInt32BE(body.length - int32Bytes, 0);
  return body;
}

function recordsOf(frame: Buffer, run: Run, rewriting: Rewriting): Buffer {
  switch (run.kind) {
    case 'records': return standIn(run, rewriting.keep(run));
    case 'aborted': return standIn(run, null);
    case 'control': return frame.subarray(run.start, run.end);
  }
}

const int32Bytes = 4;

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(int32Bytes);
  bytes.writeInt32BE(value);
  return bytes;
}

function totalOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((total, piece) => total + piece.length, 0);
}

/** A partition, and where its parts stand. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly abortedAt: number; // The number of aborted transactions, then these.
  readonly abortedEnd: number;
  readonly recordsAt: number; // After their size; it is the end where there are none.
  readonly end: number;
}

const abortedBytes = 16; // Producer id and first offset.

function abortedOf(frame: Buffer, partition: Partition): AbortedTransaction[] {
  const aborted: AbortedTransaction[] = [];
  for (let at = partition.abortedAt + int32Bytes; at < partition.abortedEnd; at += abortedBytes) {
    aborted.push({ producerId: frame.readBigInt64BE(at), firstOffset: readInt64(frame, at + 8) });
  }
  return aborted;
}

/** Null when the frame ends before what it says that it holds, or when it is of a version that is not known. */
export function findPartitions(frame: Buffer, version: number): Partition[] | null {
  if (version < fetchVersionMin || version > fetchVersionMax) return null;
  const reader = new FrameReader(frame);
  reader.skip(8 + 4); // Size and correlation id; throttle time.
  if (version >= 7) reader.skip(2 + 4); // Error code, session id.
  const found: Partition[] = [];
  for (let topics = reader.int32(); topics > 0 && !reader.isTorn; topics--) {
    const topic = reader.text(Math.max(0, reader.int16()));
    for (let partitions = reader.int32(); partitions > 0 && !reader.isTorn; partitions--) {
      found.push(readPartition(reader, version, topic));
    }
  }
  return reader.isTorn ? null : found;
}

function readPartition(reader: FrameReader, version: number, topic: string): Partition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.skip(8 + 8); // High watermark, last stable offset.
  if (version >= 5) reader.skip(8); // Log start offset.
  const abortedAt = reader.at;
  reader.skip(Math.max(0, reader.int32()) * abortedBytes);
  const abortedEnd = reader.at;
  if (version >= 11) reader.skip(4); // Preferred read replica.
  const bytes = Math.max(0, reader.int32());
  const recordsAt = reader.at;
  reader.skip(bytes);
  return { topic, partition, errorCode, abortedAt, abortedEnd, recordsAt, end: reader.at };
}

/** Walks through a frame; past its end it is torn, and gives zeros. */
class FrameReader {
  at = 0;
  readonly #frame: Buffer;

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  get isTorn(): boolean {
    return this.at > this.#frame.length;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  text(bytes: number): string {
    this.at += bytes;
    return this.isTorn ? '' : this.#frame.toString('utf8', this.at - bytes, this.at);
  }

  int16(): number {
    this.at += 2;
    return this.isTorn ? 0 : this.#frame.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += int32Bytes;
    return this.isTorn ? 0 : this.#frame.readInt32BE(this.at - int32Bytes);
  }
}
