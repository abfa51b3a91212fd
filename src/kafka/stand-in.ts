import { randomBytes } from 'node:crypto';
import { batchFlags, batchLayout, batchPrologueBytes, type BatchRun } from './record-batch.ts';

/** In front of a ticket's number. Nobody outside this process knows it, so no value of a topic begins with it. */
const mark = randomBytes(8);
const valueBytes = 16; // Mark and number.

/** The one record of a stand-in: length, attributes, deltas of time and offset, null key, value, no headers. */
const record = Buffer.from([2 * (6 + valueBytes), 0, 0, 0, 1, 2 * valueBytes, ...mark, ...Buffer.alloc(8), 0]);
const valueAt = batchLayout.records + 6;
const sizeBytes = batchLayout.records + record.length;

/**
 * A record batch of one record at the last offset of a run, whose value is the ticket of that run; null makes it a
 * control record, which kafkajs counts as read and hands to nobody. It has no CRC: kafkajs does not look.
 */
export function standIn(run: BatchRun, ticket: number | null): Buffer {
  const batch = Buffer.alloc(sizeBytes);
  batch.writeBigInt64BE(BigInt(run.lastOffset), batchLayout.baseOffset);
  batch.writeInt32BE(sizeBytes - batchPrologueBytes, batchLayout.length);
  batch[batchLayout.magic] = 2;
  batch.writeInt16BE(ticket === null ? batchFlags.control : 0, batchLayout.attributes);
  batch.writeBigInt64BE(BigInt(run.maxTimestampMs), batchLayout.baseTimestamp);
  batch.writeBigInt64BE(BigInt(run.maxTimestampMs), batchLayout.maxTimestamp);
  batch.fill(0xff, batchLayout.producerId, batchLayout.count); // No producer: -1 for its id, epoch and sequence.
  batch.writeInt32BE(1, batchLayout.count);
  record.copy(batch, batchLayout.records);
  batch.writeDoubleBE(ticket ?? -1, valueAt + mark.length);
  return batch;
}

/** The ticket in the value of a message, or null for the value of an ordinary one. */
export function ticketIn(value: Buffer | null): number | null {
  if (value === null || value.length !== valueBytes || !value.subarray(0, mark.length).equals(mark)) return null;
  return value.readDoubleBE(mark.length);
}
