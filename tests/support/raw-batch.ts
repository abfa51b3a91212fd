import { RawBatch, ResponseBuffer } from '../../src/kafka/record-batch.ts';
import { encodeBatch, type WireBatch } from './kafka-bytes.ts';

export type Damage = (bytes: Buffer) => void;

/** What a tap would give for these batches, side by side in a larger buffer. */
export function rawBatch(batches: readonly WireBatch[], damage: Damage = () => {}): { raw: RawBatch; buffer: ResponseBuffer } {
  const bytes = Buffer.concat(batches.map(encodeBatch));
  damage(bytes);
  const buffer = new ResponseBuffer(bytes.length + 50);
  buffer.bytes.fill(0);
  bytes.copy(buffer.bytes, 20);
  const last = batches.at(-1)!;
  const raw = new RawBatch(buffer, {
    start: 20, end: 20 + bytes.length, baseOffset: batches[0].baseOffset, lastOffset: last.lastOffset,
    count: batches.reduce((sum, { records }) => sum + records.length, 0), batches: batches.length,
    maxTimestampMs: last.maxTimestampMs,
  });
  return { raw, buffer };
}
