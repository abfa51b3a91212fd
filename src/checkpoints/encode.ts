import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdDecompress } from 'node:zlib';
import { MdpError, messageOf } from '../errors.ts';
import type { LaneState } from '../model/checkpoint.ts';
import { ColumnReader, gathered, headerOf, slicesOf, type ColumnHeader } from './column-bytes.ts';
import { grow, plant, type Column } from './state-tree.ts';

/** Whose state it is, for messages, and how many bytes it may have before compression. */
export interface StateLimits {
  readonly lane: string;
  readonly bytesMax: number;
}

/*
 * The bytes of a state, all numbers little-endian:
 *
 *   0    magic      8 bytes
 *   8    version    uint32
 *   12   header     uint32, its length
 *   16   length     float64, of the body before compression
 *   24   frame      the body in zstd: columns, each padded to 8 bytes; then the header, which is JSON: the tree of the
 *                   state with places of columns in it, and for each column its type and length
 *   end  checksum   32 bytes: SHA-256 of the frame and then of the 24 bytes before it
 */
const magic = Buffer.from('MDPSTATE');
const version = 1;
const prefixBytes = 24;
const checksumBytes = 32;
const chunkBytes = 262_144;
/** Higher ones save a tenth of the bytes and cost twice the time: most of a state is the digits of prices and sums. */
const level = 1;

interface Measures {
  body: number;
  header: number;
}

interface Header {
  readonly tree: unknown;
  readonly columns: readonly ColumnHeader[];
}

/**
 * A lane's state as bytes that can be stored; `decodeState` makes an equal tree of them. The state must not be changed until
 * the promise settles. The loop is never held for more than some milliseconds; compression runs on the thread pool.
 * Throws an MdpError `checkpoint-too-large`.
 */
export async function encodeState(state: LaneState, limits: StateLimits): Promise<Uint8Array> {
  const measures: Measures = { body: 0, header: 0 };
  const prefix = Buffer.alloc(prefixBytes);
  const parts: Uint8Array[] = [prefix];
  const hash = createHash('sha256');
  const compressor = createZstdCompress({ chunkSize: chunkBytes, params: { [constants.ZSTD_c_compressionLevel]: level } });
  await pipeline(gathered(bodyOf(state, limits, measures)), compressor, async (compressed: AsyncIterable<Uint8Array>) => {
    for await (const part of compressed) {
      hash.update(part);
      parts.push(part);
    }
  });
  prefix.set(magic);
  prefix.writeUInt32LE(version, 8);
  prefix.writeUInt32LE(measures.header, 12);
  prefix.writeDoubleLE(measures.body, 16);
  return Buffer.concat([...parts, hash.update(prefix).digest()]);
}

/** Slices of the body. */
function* bodyOf(state: LaneState, limits: StateLimits, measures: Measures): Generator<Uint8Array> {
  const columns: Column[] = [];
  const tree = plant(state, columns);
  for (const column of columns) {
    for (const slice of slicesOf(column)) {
      measures.body += slice.length;
      if (measures.body > limits.bytesMax) refuseLarge(limits);
      yield slice;
    }
  }
  const header = Buffer.from(JSON.stringify({ tree, columns: columns.map(headerOf) } satisfies Header));
  measures.header = header.length;
  measures.body += header.length;
  if (measures.body > limits.bytesMax) refuseLarge(limits);
  yield header;
}

/** Throws an MdpError `checkpoint-unreadable` for whatever `encodeState` has not written like this, to the last bit. */
export async function decodeState(bytes: Uint8Array, limits: StateLimits): Promise<LaneState> {
  const { headerBytes, bodyBytes, packed } = openContainer(bytes, limits);
  try {
    const inflated = await promisify(zstdDecompress)(packed, { maxOutputLength: bodyBytes + 1 });
    if (inflated.length !== bodyBytes || headerBytes > bodyBytes) throw new RangeError('the lengths do not agree');
    // Columns are read as views, and those begin at multiples of 8.
    const body = inflated.byteOffset % 8 === 0 ? inflated : Uint8Array.from(inflated);
    return readBody(body, body.length - headerBytes);
  } catch (error) {
    throw unreadable(limits, messageOf(error), error);
  }
}

interface Container {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly packed: Uint8Array;
}

function openContainer(bytes: Uint8Array, limits: StateLimits): Container {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksumAt = view.length - checksumBytes;
  if (checksumAt < prefixBytes || !view.subarray(0, magic.length).equals(magic)) {
    throw unreadable(limits, 'they do not begin as a checkpoint does');
  }
  const packed = view.subarray(prefixBytes, checksumAt);
  const checksum = createHash('sha256').update(packed).update(view.subarray(0, prefixBytes)).digest();
  if (!checksum.equals(view.subarray(checksumAt))) throw unreadable(limits, 'their checksum is wrong');
  const written = view.readUInt32LE(8);
  if (written !== version) {
    throw unreadable(limits, `they have format ${written}, and this version of mdp reads format ${version}`);
  }
  const bodyBytes = view.readDoubleLE(16);
  if (!(bodyBytes <= limits.bytesMax)) refuseLarge(limits);
  return { headerBytes: view.readUInt32LE(12), bodyBytes, packed };
}

function readBody(body: Uint8Array, headerAt: number): LaneState {
  const header = JSON.parse(new TextDecoder().decode(body.subarray(headerAt))) as Header;
  const reader = new ColumnReader(body.subarray(0, headerAt));
  const columns = header.columns.map((column) => reader.read(column));
  if (reader.bytesRead !== headerAt) throw new RangeError('bytes are left over');
  return grow(header.tree, columns) as LaneState;
}

function unreadable({ lane }: StateLimits, why: string, cause?: unknown): MdpError {
  return new MdpError('checkpoint-unreadable', `The bytes of the checkpoint of lane ${lane} cannot be read: ${why}. ` +
    `Run \`mdp run --rebuild ${lane}\` to fold its log again from the beginning.`, cause);
}

function refuseLarge({ lane, bytesMax }: StateLimits): never {
  throw new MdpError('checkpoint-too-large', `The state of lane ${lane} has more than checkpoint.bytes_max ` +
    `(${bytesMax}) bytes. Raise it, or keep less: fewer symbols on the lane, a shorter bars.allowed_lateness_ms, fewer ` +
    'bar specs.');
}
