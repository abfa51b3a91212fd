import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gathered } from '../../src/checkpoints/column-bytes.ts';
import { decodeState, encodeState } from '../../src/checkpoints/encode.ts';
import { MdpError } from '../../src/errors.ts';
import type { LaneState } from '../../src/model/checkpoint.ts';

const limits = { lane: 'market/ticks', bytesMax: 100_000_000 };
const stateOf = (admission: unknown): LaneState => ({ admission, operators: {} });
const there = async (state: LaneState): Promise<LaneState> => decodeState(await encodeState(state, limits), limits);

/** Any UTF-16 units, halves of surrogate pairs included. */
const text = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '', '__proto__', 'constructor', 'toString', 'list', 'object', 'number', 'column', 'NaN', '\ud800', '\ufeff'),
);
const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 60)));
const rows = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 9 })).chain(([width, length]) => fc.record({
  width: fc.constant(width), values: fc.float64Array({ minLength: width * length, maxLength: width * length }),
}, { noNullPrototype: true }));
const leaf = fc.oneof(
  text, number, fc.boolean(), fc.constant(null), rows, fc.array(text, { maxLength: 5 }),
  fc.float64Array({ maxLength: 9 }), fc.int32Array({ maxLength: 9 }), fc.uint32Array({ maxLength: 9 }),
  fc.uint16Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }),
  // What looks like rows and is not.
  fc.record({ width: fc.constantFrom(0, -1, 3, 0.5, 'x'), values: fc.float64Array({ minLength: 4, maxLength: 4 }) },
    { noNullPrototype: true }),
);
const tree = fc.letrec((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('node'), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie('node')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries))),
})).node;

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return error instanceof MdpError ? error.code : String(error);
  }
}

/** With the checksum that its bytes should have: a fault of the writer, not of the disk. */
function resealed(bytes: Uint8Array): Uint8Array {
  const sealed = Uint8Array.from(bytes);
  const checksum = createHash('sha256').update(bytes.subarray(24, -32)).update(bytes.subarray(0, 24)).digest();
  sealed.set(checksum, bytes.length - 32);
  return sealed;
}

const small = stateOf({
  time: -Infinity, ids: ['a', 'b'], places: new Int32Array([1, 2, 3]), width: 2, values: new Float64Array([1, 2, 3, 4]),
});

describe('slices that are gathered', () => {
  const lengthsOf = (lengths: readonly number[]): number[] =>
    [...gathered(lengths.map((length) => new Uint8Array(length)))].map((slice) => slice.length);

  it('are as few as go into 256 KiB each, whatever comes', () => {
    expect(lengthsOf([])).toEqual([]);
    expect(lengthsOf(Array.from({ length: 40 }, () => 8))).toEqual([320]);
    expect(lengthsOf([262_144, 8, 262_136, 262_144, 1])).toEqual([262_144, 262_144, 262_144, 1]);
  });

  it('are the same bytes in the same order', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 9 }).chain((bytes) =>
      fc.constantFrom(1, 20_000).map((times) => Buffer.concat(Array.from({ length: times }, () => bytes)))),
    { maxLength: 6 }), (slices) => Buffer.concat([...gathered(slices)]).equals(Buffer.concat(slices))));
  });
});

describe('a state as bytes', () => {
  it('comes back as it was, whatever it holds', async () => {
    await fc.assert(fc.asyncProperty(tree, async (admission) => {
      const back = await there(stateOf(admission));
      if (!isDeepStrictEqual(back, stateOf(admission))) expect(back).toStrictEqual(stateOf(admission));
    }), { numRuns: 500 });
  });

  it('comes back where columns are longer than what is worked on at a time', async () => {
    const values = Float64Array.from({ length: 3 * 5_000 }, (_, n) => n / 7);
    const state = stateOf({
      rows: { width: 3, values }, numbers: Float64Array.from({ length: 100_003 }, (_, n) => -n),
      bytes: new Uint8Array(300_001).fill(7), texts: Array.from({ length: 10_001 }, (_, n) => `T${n}\ud83d`),
    });
    expect(isDeepStrictEqual(await there(state), state)).toBe(true);
  });

  it('is the same bytes for the same state', async () => {
    expect(await encodeState(small, limits)).toEqual(await encodeState(structuredClone(small), limits));
  });

  it('shares no memory with the state', async () => {
    const numbers = new Float64Array([1, 2, 3]);
    const bytes = await encodeState(stateOf({ numbers }), limits);
    numbers.fill(9);
    expect(await decodeState(bytes, limits)).toEqual(stateOf({ numbers: new Float64Array([1, 2, 3]) }));
  });

  it('gives the loop its turn between slices', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    count();
    await encodeState(stateOf({ numbers: new Float64Array(2_000_000) }), limits); // 61 slices of 256 KiB.
    isOver = true;
    expect(turns).toBeGreaterThan(30);
  });

  it('refuses what no state may hold, and circles', async () => {
    const circle: unknown[] = [1];
    circle.push(circle);
    for (const admission of [undefined, 1n, () => {}, Symbol('x'), new Map(), new Date(0), circle]) {
      await expect(encodeState(stateOf({ admission }), limits)).rejects.toThrow(/state/i);
    }
  });
});

describe('the bound of a state', () => {
  const large = stateOf({ numbers: new Float64Array(10_000) });

  it('holds when it is written, and says what to do', async () => {
    const failed = encodeState(large, { lane: 'market/ticks', bytesMax: 80_000 });
    await expect(failed).rejects.toMatchObject({ code: 'checkpoint-too-large' });
    await expect(failed).rejects.toThrow(/market\/ticks .*checkpoint\.bytes_max \(80000\).*Raise it/);
  });

  it('holds when it is read, before anything is inflated', async () => {
    const bytes = await encodeState(large, limits);
    expect(bytes.length).toBeLessThan(2_000);
    expect(await codeOf(decodeState(bytes, { lane: 'x', bytesMax: 80_000 }))).toBe('checkpoint-too-large');
  });

  it('holds for text too', async () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `id ${n}`);
    expect(await codeOf(encodeState(stateOf({ ids }), { lane: 'x', bytesMax: 60_000 }))).toBe('checkpoint-too-large');
  });
});

describe('bytes that are damaged', () => {
  it('are refused, whichever bit it is', async () => {
    const bytes = await encodeState(small, limits);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(await codeOf(decodeState(damaged, limits)), `bit ${bit}`).toBe('checkpoint-unreadable');
    }
  });

  it('are refused when they are cut off, or go on', async () => {
    const bytes = await encodeState(small, limits);
    for (let length = 0; length < bytes.length; length++) {
      expect(await codeOf(decodeState(bytes.subarray(0, length), limits)), `length ${length}`).toBe('checkpoint-unreadable');
    }
    expect(await codeOf(decodeState(Buffer.concat([bytes, Buffer.from([0])]), limits))).toBe('checkpoint-unreadable');
    expect(await codeOf(decodeState(Buffer.concat([bytes, bytes]), limits))).toBe('checkpoint-unreadable');
  });

  it('are refused in words where the checksum agrees and the content does not', async () => {
    const bytes = await encodeState(small, limits);
    const codes = new Set<string>();
    for (let at = 8; at < bytes.length - 32; at++) {
      const wrong = Uint8Array.from(bytes);
      wrong[at] ^= 0x55;
      codes.add(await codeOf(decodeState(resealed(wrong), limits)));
    }
    codes.delete('none'); // A number that is another number.
    codes.delete('checkpoint-too-large'); // A length that says so.
    expect([...codes]).toEqual(['checkpoint-unreadable']);
  });

  it('name the lane, the reason and what to run', async () => {
    await expect(decodeState(Buffer.from('hello'), limits)).rejects.toThrow(
      /lane market\/ticks .*do not begin as a checkpoint does.*`mdp run --rebuild market\/ticks`/);
  });

  it('and another format is told apart from damage', async () => {
    const other = Uint8Array.from(await encodeState(small, limits));
    other[8] = 2;
    await expect(decodeState(resealed(other), limits)).rejects.toThrow(/format 2, and this version of mdp reads format 1/);
  });
});
