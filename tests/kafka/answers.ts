import type { RawBatch } from '../../src/kafka/record-batch.ts';
import { RawMessage, RecordCursor } from '../../src/kafka/record-cursor.ts';
import { encodeBatch, encodeFetchRequest, encodeFetchResponse, type WirePartition } from '../support/kafka-bytes.ts';
import { batchesOf, decompress, type KafkajsMessage } from './plain-kafkajs.ts';

export const version = 11;

/** A record batch of as many records as values, from `baseOffset` on. */
export function batch(
  baseOffset: number, values: readonly string[], more: { readonly producerId?: number; readonly attributes?: number } = {},
): Buffer {
  return encodeBatch({
    baseOffset, lastOffset: baseOffset + values.length - 1, baseTimestampMs: 1_000, maxTimestampMs: 2_000,
    transactional: more.producerId !== undefined, ...more,
    records: values.map((value, index) => (
      { offset: baseOffset + index, timestampMs: 1_000, key: null, value: Buffer.from(value), headers: [] })),
  });
}

export function answer(correlationId: number, records: Buffer | null, more: Partial<WirePartition> = {}): Buffer {
  const partition = { partition: 0, highWatermark: 1_000, records, ...more };
  return encodeFetchResponse({ version, correlationId, topics: [{ name: 'ticks', partitions: [partition] }] });
}

export function fetchRequest(correlationId: number): Buffer {
  return encodeFetchRequest({ version, correlationId });
}

export async function messagesIn(answered: Buffer, fetchedOffset = 0): Promise<readonly KafkajsMessage[]> {
  return (await batchesOf(answered, version, () => fetchedOffset)).batches.flatMap(({ messages }) => messages);
}

export function valuesOf(raw: RawBatch): string[] {
  const cursor = new RecordCursor(decompress);
  const message = new RawMessage();
  const values: string[] = [];
  for (cursor.open(raw); cursor.next(message);) {
    values.push(message.bytes.toString('utf8', message.valueStart, message.valueEnd));
  }
  return values;
}
