import type { KafkaMessage } from '../../kafka/client.ts';
import type { RawMessage } from '../../kafka/record-cursor.ts';

export type PlainMessage = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset'>;

/** An ordinary message of kafkajs as one that stands among others. */
export function fillMessage(message: RawMessage, { key, value, timestamp, offset }: PlainMessage): void {
  message.bytes = Buffer.concat([key ?? nothing, value ?? nothing]);
  const keyBytes = key?.length ?? 0;
  [message.keyStart, message.keyEnd] = key === null ? [-1, -1] : [0, keyBytes];
  [message.valueStart, message.valueEnd] = value === null ? [-1, -1] : [keyBytes, message.bytes.length];
  message.timestampMs = Number(timestamp);
  message.offset = Number(offset);
}

const nothing = Buffer.alloc(0);
