import type { Lane } from '../model/lane.ts';
import type { DeadLetter } from '../model/rows.ts';

export type HeaderValues = Readonly<Record<string, Buffer | Buffer[]>>;

/** Where a message stood. */
export interface MessagePlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Of a letter whose source is a topic: `trade-data/3:4711`. */
export function placeOf({ place, position }: DeadLetter): MessagePlace {
  const [, topic, partition] = /^(.+)\/(\d+):\d+$/.exec(place) ?? ['', place, '-1'];
  return { topic, partition: Number(partition), offset: position };
}

/**
 * What a message of a dead letter topic says of itself: its own headers; those that tools for Kafka Connect read (texts:
 * `__connect.errors.…`, KIP-298) and those for Spring (`kafka_dlt-…`, numbers big-endian); and in `mdp.…` the reason and the
 * key of the letter, by which one that was written twice is known.
 */
export function headersOf(letter: DeadLetter, { name, generation }: Lane, group: string): HeaderValues {
  const { topic, partition, offset } = placeOf(letter);
  const { original } = letter;
  const own = Map.groupBy(original?.headers ?? [], ({ key }) => key);
  return {
    ...Object.fromEntries([...own].map(([key, headers]) =>
      [key, headers.map(({ value }) => Buffer.from(value ?? nothing))])),
    ...texts('__connect.errors.', {
      'topic': topic, 'partition': partition, 'offset': offset, 'connector.name': name, 'stage': 'VALUE_CONVERTER',
      'exception.class.name': letter.reason, 'exception.message': letter.message,
    }),
    ...texts('kafka_dlt-', {
      'original-topic': topic, 'original-consumer-group': group, 'exception-fqcn': letter.reason,
      'exception-message': letter.message,
    }),
    'kafka_dlt-original-partition': int32(partition),
    'kafka_dlt-original-offset': int64(offset),
    ...(original === undefined ? {} : { 'kafka_dlt-original-timestamp': int64(original.timestampMs) }),
    ...texts('mdp.', {
      lane: name, generation, position: letter.position, counter: letter.counter, reason: letter.reason,
      message: letter.message, value: kindOfValue(letter),
    }),
  };
}

/** `message`: as it was; `beginning`: it is longer; `tick`: the values that were read from it, and then refused. */
function kindOfValue({ original }: DeadLetter): 'message' | 'beginning' | 'tick' {
  if (original === undefined) return 'tick';
  return (original.value?.length ?? 0) < original.valueBytes ? 'beginning' : 'message';
}

function texts(prefix: string, values: Readonly<Record<string, string | number>>): HeaderValues {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, Buffer.from(String(value))]));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.trunc(value)));
  return bytes;
}

const nothing = Buffer.alloc(0);
