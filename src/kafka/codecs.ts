import { createRequire } from 'node:module';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MdpError } from '../errors.ts';
import type * as Lz4 from 'lz4-napi';
import type * as Snappy from 'snappy';
import { kafkajs } from './kafkajs.ts';
import { decompressLz4Frame } from './lz4-frame.ts';
import { decompressSnappy } from './snappy-blocks.ts';

/**
 * A native codec is loaded when the first batch needs it: most pipelines need none, and a platform without one can do the
 * rest.
 */
const native = createRequire(import.meta.url);

/**
 * A batch may be this large when it is decompressed. Brokers take 1 MiB compressed unless they are told otherwise, and
 * prices compress to a tenth: what becomes larger than 256 MiB is no market data, and would end the process.
 */
export const decompressedBytesMax = 256 * 1024 * 1024;

interface Codec {
  readonly name: string;
  readonly compress: (bytes: Buffer) => Buffer;
  readonly decompress: (bytes: Buffer, bytesMax: number) => Buffer;
}

/** By the number in the lowest bits of a batch's attributes: https://kafka.apache.org/documentation/#recordbatch */
const codecs: { readonly [codec: number]: Codec } = {
  1: {
    name: 'gzip',
    compress: (bytes) => gzipSync(bytes),
    decompress: (bytes, bytesMax) => gunzipSync(bytes, { chunkSize: chunkBytes(bytes), maxOutputLength: bytesMax }),
  },
  2: {
    name: 'snappy',
    compress: (bytes) => snappy().compressSync(bytes),
    decompress: (bytes, bytesMax) => decompressSnappy(bytes, snappyBlock, bytesMax),
  },
  3: {
    name: 'lz4',
    compress: (bytes) => lz4().compressFrameSync(bytes),
    decompress: (bytes, bytesMax) => decompressLz4Frame(bytes, lz4(), bytesMax),
  },
  4: {
    name: 'zstd',
    compress: (bytes) => zstdCompressSync(bytes),
    decompress: (bytes, bytesMax) => zstdDecompressSync(bytes, { chunkSize: chunkBytes(bytes), maxOutputLength: bytesMax }),
  },
};

/**
 * The records of a batch as they were before its producer compressed them; they may share memory with `bytes`.
 * Throws an Error that says why when the codec is not known, or the bytes are not what it makes or become larger than
 * `bytesMax`.
 */
export function decompress(codec: number, bytes: Buffer, bytesMax = decompressedBytesMax): Buffer {
  const known = codecs[codec];
  if (known === undefined) throw new Error(unknownWords(codec));
  return known.decompress(bytes, bytesMax);
}

/** Numbers that a batch may bear and no codec has yet. */
const codecsUnknown = [5, 6, 7] as const;

/**
 * Teaches kafkajs the codecs that it does not have; a batch with one of them would end its consumer. What nobody knows it
 * would take for plain records: that is an MdpError `source-malformed`.
 */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs();
  for (const type of [CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD] as const) {
    CompressionCodecs[type] = () => ({
      compress: async (encoder: { readonly buffer: Buffer }) => codecs[type].compress(encoder.buffer),
      decompress: async (bytes: Buffer) => codecs[type].decompress(bytes, decompressedBytesMax),
    });
  }
  const all: { [codec: number]: unknown } = CompressionCodecs;
  for (const codec of codecsUnknown) {
    all[codec] = () => {
      throw new MdpError('source-malformed', `A record batch is ${unknownWords(codec)}. It cannot be read with this mdp.`);
    };
  }
}

function unknownWords(codec: number): string {
  return `compressed with codec ${codec}, which is not one of ${codecWords()}`;
}

function codecWords(): string {
  return Object.entries(codecs).map(([number, { name }]) => `${number} (${name})`).join(', ');
}

/**
 * Output grows by pieces of this size. Ticks become eight times as large at most: one piece is enough, which is then the
 * output and no copy; one that is not much smaller than Node's pool (Buffer.poolSize) is no part of it and can be freed.
 */
function chunkBytes(compressed: Buffer): number {
  return Math.min(Math.max(8 * compressed.length, 40 * 1024), 8 * 1024 * 1024);
}

function snappy(): typeof Snappy {
  return native('snappy') as typeof Snappy;
}

function snappyBlock(block: Buffer): Buffer {
  // Its own buffers cost more to hand over than to copy: 270 and 1,790 MB/s at 65 KB.
  return snappy().uncompressSync(block, { asBuffer: true, copyOutputData: true }) as Buffer;
}

function lz4(): typeof Lz4 {
  return native('lz4-napi') as typeof Lz4;
}
