import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../src/kafka/codecs.ts';
import { InflatedMemory } from '../../src/kafka/inflated-memory.ts';

const compressors: readonly (readonly [name: string, codec: number, compress: (bytes: Buffer) => Buffer])[] = [
  ['gzip', 1, gzipSync], ['snappy', 2, compressSync], ['lz4', 3, compressFrameSync], ['zstd', 4, zstdCompressSync],
];

describe.each(compressors)('memory of what was compressed with %s', (_, codec, compress) => {
  it.each([9, 200, 20_000])('is there for the last few messages, and free at once for batches before them, of %i ticks', (count) => {
    const ticks = Buffer.from(JSON.stringify({ symbol: 'BTC-USD', price: '63120.5', size: '0.01' }).repeat(count));
    const compressed = compress(ticks);
    const memory = new InflatedMemory(5);
    const batches = [3, 1, 3, 2, 9].map((messages) => memory.keep(decompress(codec, compressed), { compressed, messages }));
    // The last five are in the third and the fourth; the fifth is not read yet.
    expect(batches.map((bytes) => bytes.equals(ticks))).toEqual([false, false, true, true, true]);
    expect(batches.slice(0, 2).map((bytes) => bytes.length)).toEqual([0, 0]);
    memory.free();
    expect(batches.map((bytes) => bytes.buffer.byteLength)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('memory of what was compressed', () => {
  it('is never that of the answer itself, nor of what Node shares out to others', () => {
    const memory = new InflatedMemory(1);
    const answer = Buffer.allocUnsafeSlow(100).fill('x');
    const shared = Buffer.from('a few bytes');
    memory.keep(answer.subarray(10, 20), { compressed: answer, messages: 1 });
    memory.keep(shared, { compressed: answer, messages: 1 });
    memory.free();
    expect(answer.length).toBe(100);
    expect(shared.toString()).toBe('a few bytes');
  });
});
