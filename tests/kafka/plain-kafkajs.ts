import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** What stands in a message, in words that compare. */
export interface PlainMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: string | null; // In hex, or its hash where that is long.
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, unknown>>; // Not in messages of the format before record batches.
}

export interface KafkajsMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>>; // Not in messages of the format before record batches.
}

/** kafkajs's own, as `eachBatch` gets it. */
export interface KafkajsBatch {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: string;
  readonly rawMessages: readonly KafkajsMessage[];
  readonly messages: readonly KafkajsMessage[];
  lastOffset(): string;
  isEmpty(): boolean;
}

interface Decoded {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number }[];
  }[];
}

type BatchClass = new (topic: string, fetchedOffset: string, data: unknown) => KafkajsBatch;

interface ResponseDecoder {
  decode(payload: Buffer): Promise<Decoded>;
  parse(decoded: Decoded): Promise<Decoded>;
}

const load = createRequire(import.meta.url);
const Batch = load('kafkajs/src/consumer/batch.js') as BatchClass;
const codecs = (load('kafkajs') as { CompressionCodecs: Record<number, () => unknown> }).CompressionCodecs;

/** Decodes with kafkajs 2.2.4 the answer to a Fetch of version `version`, size and correlation id included. */
export async function batchesOf(
  frame: Buffer, version: number, fetchedOffset: (topic: string, partition: number) => number,
): Promise<{ readonly batches: readonly KafkajsBatch[]; readonly error: string | null }> {
  codecs[4] = () => ({ decompress: (bytes: Buffer) => Promise.resolve(zstdDecompressSync(bytes)) });
  const response = load(`kafkajs/src/protocol/requests/fetch/v${version}/response.js`) as ResponseDecoder;
  const decoded = await response.decode(frame.subarray(8));
  const error = await response.parse(decoded).then(() => null, (thrown: { type?: string }) => thrown.type ?? 'unknown');
  return {
    batches: decoded.responses.flatMap(({ topicName, partitions }) => partitions.map((data) =>
      new Batch(topicName, String(fetchedOffset(topicName, data.partition)), data))),
    error,
  };
}

export function plain(message: KafkajsMessage): PlainMessage {
  const { offset, timestamp, key, value, headers } = message;
  return {
    offset, timestamp, key: hexed(key), value: hexed(value),
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, content]) => [name, headerHexed(content)])),
  };
}

/** In hex; long ones as a hash, so that a difference can be read. */
export function hexed(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const hex = Buffer.from(bytes).toString('hex');
  return hex.length <= 64 ? hex : createHash('md5').update(bytes).digest('hex');
}

/** kafkajs gives the values of a name that comes more than once as a list. */
function headerHexed(content: unknown): unknown {
  if (Array.isArray(content)) return content.map(headerHexed);
  return Buffer.isBuffer(content) ? hexed(content) : content;
}

/** For the cursor of the program, of what `kafka-bytes.ts` compresses. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  return codec === 1 ? gunzipSync(bytes) : zstdDecompressSync(bytes);
}
