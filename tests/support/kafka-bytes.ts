import { gzipSync, zstdCompressSync } from 'node:zlib';

/**
 * Kafka's wire format, written from its description (https://kafka.apache.org/documentation/#recordbatch,
 * https://kafka.apache.org/protocol) for tests that need bytes without a broker. CRCs are left at 0.
 */
export interface WireRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

export interface WireBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly records: readonly WireRecord[];
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly codec?: 'none' | 'gzip' | 'zstd';
  readonly logAppendTime?: boolean;
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** Further bits of the attributes. */
  readonly attributes?: number;
  readonly producerId?: number;
  readonly magic?: number;
}

const codecNumbers = { none: 0, gzip: 1, zstd: 4 } as const;

export function encodeBatch(batch: WireBatch): Buffer {
  const codec = batch.codec ?? 'none';
  const plain = Buffer.concat(batch.records.map((record) => encodeRecord(record, batch)));
  const records = codec === 'none' ? plain : codec === 'gzip' ? gzipSync(plain, { level: 1 }) : zstdCompressSync(plain);
  const attributes = codecNumbers[codec] | (batch.logAppendTime === true ? 8 : 0) | (batch.transactional === true ? 16 : 0)
    | (batch.control === true ? 32 : 0) | (batch.attributes ?? 0);
  const body = Buffer.concat([
    int(4, 7), int(1, batch.magic ?? 2), int(4, 0), int(2, attributes), int(4, batch.lastOffset - batch.baseOffset),
    int(8, batch.baseTimestampMs), int(8, batch.maxTimestampMs), int(8, batch.producerId ?? -1), int(2, 0), int(4, 0),
    int(4, batch.records.length), records,
  ]);
  return Buffer.concat([int(8, batch.baseOffset), int(4, body.length), body]);
}

function encodeRecord(record: WireRecord, batch: WireBatch): Buffer {
  const body = Buffer.concat([
    int(1, 0), varint(record.timestampMs - batch.baseTimestampMs), varint(record.offset - batch.baseOffset),
    varintBytes(record.key), varintBytes(record.value), varint(record.headers.length),
    ...record.headers.flatMap(([key, value]) => [varintBytes(Buffer.from(key)), varintBytes(value)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

export interface WireMarker {
  readonly offset: number;
  readonly producerId: number;
  readonly kind: 'commit' | 'abort';
}

/** The marker with which a transaction ends. */
export function encodeMarker(marker: WireMarker): Buffer {
  const key = Buffer.concat([int(2, 0), int(2, marker.kind === 'abort' ? 0 : 1)]);
  const value = Buffer.concat([int(2, 0), int(4, 3)]);
  return encodeBatch({
    baseOffset: marker.offset, lastOffset: marker.offset, baseTimestampMs: 5, maxTimestampMs: 5,
    producerId: marker.producerId, transactional: true, control: true,
    records: [{ offset: marker.offset, timestampMs: 5, key, value, headers: [] }],
  });
}

/** A message of the format before record batches (magic 1). */
export function encodeOldMessage(message: Pick<WireRecord, 'offset' | 'key' | 'value'>): Buffer {
  const body = Buffer.concat([int(4, 0), int(1, 1), int(1, 0), int(8, 123), bytes(message.key), bytes(message.value)]);
  return Buffer.concat([int(8, message.offset), int(4, body.length), body]);
}

export interface WirePartition {
  readonly partition: number;
  readonly errorCode?: number;
  readonly highWatermark: number;
  readonly aborted?: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  readonly records: Buffer | null;
}

export interface WireFetchResponse {
  readonly version: number; // 4 to 11.
  readonly correlationId: number;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly WirePartition[] }[];
}

export function encodeFetchResponse(response: WireFetchResponse): Buffer {
  const { version } = response;
  return frame(response.correlationId, Buffer.concat([
    int(4, 0), version >= 7 ? Buffer.concat([int(2, 0), int(4, 0)]) : nothing, int(4, response.topics.length),
    ...response.topics.map(({ name, partitions }) => Buffer.concat([
      int(2, Buffer.byteLength(name)), Buffer.from(name), int(4, partitions.length),
      ...partitions.map((partition) => encodePartition(partition, version)),
    ])),
  ]));
}

function encodePartition(partition: WirePartition, version: number): Buffer {
  const { aborted } = partition;
  return Buffer.concat([
    int(4, partition.partition), int(2, partition.errorCode ?? 0),
    int(8, partition.highWatermark), int(8, partition.highWatermark), // The last stable offset too.
    version >= 5 ? int(8, 0) : nothing,
    aborted === null || aborted === undefined ? int(4, -1) : Buffer.concat([int(4, aborted.length),
      ...aborted.map(({ producerId, firstOffset }) => Buffer.concat([int(8, producerId), int(8, firstOffset)]))]),
    version >= 11 ? int(4, -1) : nothing,
    bytes(partition.records),
  ]);
}

/** Any answer: size, correlation id, body. */
export function frame(correlationId: number, body: Buffer): Buffer {
  return Buffer.concat([int(4, 4 + body.length), int(4, correlationId), body]);
}

const fetchApiKey = 1;

export interface WireRequest {
  readonly version: number;
  readonly correlationId: number;
  readonly apiKey?: number; // Of Fetch when not given.
}

/** The head of a request; what it asks for is left out. */
export function encodeFetchRequest(request: WireRequest): Buffer {
  const body = Buffer.concat([
    int(2, request.apiKey ?? fetchApiKey), int(2, request.version), int(4, request.correlationId),
    int(2, 5), Buffer.from('tests'), // Client id.
  ]);
  return Buffer.concat([int(4, body.length), body]);
}

const nothing = Buffer.alloc(0);

function int(sizeBytes: 1 | 2 | 4 | 8, value: number): Buffer {
  const result = Buffer.alloc(sizeBytes);
  if (sizeBytes === 8) result.writeBigInt64BE(BigInt(value));
  else result.writeIntBE(value, 0, sizeBytes);
  return result;
}

function bytes(value: Buffer | null): Buffer {
  return value === null ? int(4, -1) : Buffer.concat([int(4, value.length), value]);
}

function varintBytes(value: Buffer | null): Buffer {
  return value === null ? varint(-1) : Buffer.concat([varint(value.length), value]);
}

/** Zigzag, seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const signed = BigInt(value);
  const result: number[] = [];
  let left = signed >= 0n ? signed * 2n : -signed * 2n - 1n;
  for (; left >= 128n; left /= 128n) result.push(Number(left % 128n) + 128);
  result.push(Number(left));
  return Buffer.from(result);
}
