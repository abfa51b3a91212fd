import type { KafkaMessage } from '../../kafka/client.ts';
import type { RawMessage, RecordHeader } from '../../kafka/record-cursor.ts';
import type { OriginalMessage } from '../../model/dead-letter.ts';

/** Brokers take 1 MiB as one message unless told otherwise: so much of a value leaves room for all the rest. */
const valueBytesMax = 524_288;
/** Longer ones are left out, all of them or the key: they are not what anybody looks for in a message that is broken. */
const headerBytesMax = 131_072;
const keyBytesMax = 131_072;

/** A copy of a message that others outlive its Fetch with. */
export function originalMessage(message: RawMessage, headers: readonly RecordHeader[]): OriginalMessage {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd, timestampMs } = message;
  const headerBytes = headers.reduce((sum, { key, value }) => sum + Buffer.byteLength(key) + (value?.length ?? 0), 0);
  return {
    key: keyStart < 0 || keyEnd - keyStart > keyBytesMax ? null : Buffer.from(bytes.subarray(keyStart, keyEnd)),
    value: valueStart < 0 ? null : Buffer.from(bytes.subarray(valueStart, Math.min(valueEnd, valueStart + valueBytesMax))),
    valueBytes: valueStart < 0 ? 0 : valueEnd - valueStart,
    headers: headerBytes > headerBytesMax ? [] : headers,
    timestampMs,
  };
}

/** Headers as kafkajs gives them, one by one. */
export function headersOf({ headers = {} }: Pick<KafkaMessage, 'headers'>): RecordHeader[] {
  return Object.entries(headers).flatMap(([key, values]) =>
    (Array.isArray(values) ? values : [values]).map((value) =>
      ({ key, value: value === undefined ? null : Buffer.from(value as string) })));
}
