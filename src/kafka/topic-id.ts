import type { Kafka } from 'kafkajs';
import { clusterOf } from './cluster.ts';

interface Answer {
  readonly errorCode: number;
  /** Null: brokers that know the topic have no id for it. */
  readonly id: string | null;
}

/** Metadata: the first version that tells of topic ids (KIP-516, Kafka 2.8); kafkajs 2.2.4 asks by version 6 at most. */
const api = { apiKey: 3, apiVersion: 10, apiName: 'Metadata' } as const;
/** https://kafka.apache.org/protocol#protocol_error_codes */
const knownWithoutLeader = 5;
const idBytes = 16;

/**
 * The id that the brokers gave to a topic when it was made: one that was deleted and made anew under the same name has
 * another. Null where the brokers have no such ids. Throws what kafkajs throws, and an Error where they do not tell now.
 */
export async function topicId(kafka: Kafka, topic: string): Promise<string | null> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    const { versions, connectionPool } = await cluster.brokerPool.findConnectedBroker();
    if ((versions[api.apiKey]?.maxVersion ?? 0) < api.apiVersion) return null;
    const { errorCode, id } = await connectionPool.send({
      request: { ...api, encode: async () => encoderOf(requestFor(topic)) },
      response: { decode: async (bytes: Buffer) => readAnswer(bytes), parse: async (answer) => answer },
    });
    if (errorCode === 0 || errorCode === knownWithoutLeader) return id;
    throw new Error(`The brokers do not tell of topic "${topic}" now (error ${errorCode}).`);
  } finally {
    await cluster.disconnect().catch(() => {}); // What it was asked for it has said, or has not.
  }
}

/** As much of kafkajs's Encoder as it asks of one. */
function encoderOf(bytes: Buffer): object {
  return { buf: bytes, buffer: bytes };
}

/** Flexible versions (KIP-482) end every structure, the request's header too, with fields that others may add: none. */
const noTags = 0;

/** Of one topic; kafkajs has written the header up to the client's name. Exported for tests of its bytes. */
export function requestFor(topic: string): Buffer {
  const name = Buffer.from(topic);
  const noId = Buffer.alloc(idBytes);
  const flags = [0, 0, 0]; // Make no topic; tell nothing of what we may do with the cluster, nor with the topic.
  return Buffer.concat([
    Buffer.of(noTags, ...varint(1 + 1)), noId, Buffer.of(...varint(name.length + 1)), name, Buffer.of(noTags),
    Buffer.of(...flags, noTags),
  ]);
}

/** Of the first topic, as far as its id. Throws a RangeError where the answer ends too early. */
export function readAnswer(bytes: Buffer): Answer {
  const reader = new Reader(bytes);
  reader.skipTags();
  reader.skip(4); // For how long we are throttled: this asks rarely.
  for (let brokers = reader.length(); brokers > 0; brokers--) {
    reader.skip(4);
    reader.skipText();
    reader.skip(4);
    reader.skipText();
    reader.skipTags();
  }
  reader.skipText();
  reader.skip(4);
  if (reader.length() < 1) throw new RangeError('an answer of no topic');
  const errorCode = reader.int16();
  reader.skipText();
  const id = reader.take(idBytes);
  return { errorCode, id: id.every((byte) => byte === 0) ? null : id.toString('base64url') };
}

/** Reads compact texts and lists, whose length is a varint of one more, and 0 for none. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new RangeError('an answer that ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  skip(length: number): void {
    this.take(length);
  }

  int16(): number {
    return this.take(2).readInt16BE();
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const [byte] = this.take(1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a number of more than 32 bits');
  }

  length(): number {
    return Math.max(0, this.varint() - 1);
  }

  skipText(): void {
    this.skip(this.length());
  }

  skipTags(): void {
    for (let tags = this.varint(); tags > 0; tags--) {
      this.varint();
      this.skip(this.varint());
    }
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
