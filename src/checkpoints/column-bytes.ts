import type { Column, TypedColumn } from './state-tree.ts';

/** Bytes that go on at a time: what is done with them in one go must not hold the loop. */
const sliceBytes = 262_144;
/** Strings that are put into bytes at a time. */
const sliceStrings = 4_096;
const alignment = 8;

const columnTypes: Readonly<Record<string, ColumnConstructor>> = {
  float64: Float64Array, int32: Int32Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array,
};

/** How a column is found again: its type, its length, and for text the number of its UTF-16 units. */
export type ColumnHeader = readonly [type: string, length: number, units?: number];

export function headerOf(column: Column): ColumnHeader {
  if (!isTyped(column)) return ['text', column.length, column.reduce((sum, text) => sum + text.length, 0)];
  const [type] = Object.entries(columnTypes).find(([, constructor]) => column instanceof constructor) ?? [];
  return [type!, column.length];
}

/** The bytes of a column, in slices, padded to 8. Typed arrays are not copied. Text is its lengths, then its UTF-16. */
export function* slicesOf(column: Column): Generator<Uint8Array> {
  if (isTyped(column)) {
    yield* paddedSlices(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    return;
  }
  yield* paddedSlices(new Uint8Array(Int32Array.from(column, (text) => text.length).buffer));
  let bytes = 0;
  for (let from = 0; from < column.length; from += sliceStrings) {
    const slice = Buffer.from(column.slice(from, from + sliceStrings).join(''), 'utf16le');
    bytes += slice.length;
    if (slice.length > 0) yield slice;
  }
  if (bytes % alignment !== 0) yield new Uint8Array(alignment - (bytes % alignment));
}

function* paddedSlices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes);
  if (bytes.length % alignment !== 0) yield new Uint8Array(alignment - (bytes.length % alignment));
}

/** Reads columns one after the other, as views where that is possible. Throws a RangeError beyond the end. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** Bytes that begin at a multiple of 8 in their buffer. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get bytesRead(): number {
    return this.#at;
  }

  read([type, length, units]: ColumnHeader): Column {
    if (type === 'text') return this.#readText(length, units);
    if (!Object.hasOwn(columnTypes, type)) throw new RangeError('an unknown type of column');
    return this.#take(length, columnTypes[type]);
  }

  #readText(length: number, units: number | undefined): string[] {
    const lengths = this.#take(length, Int32Array);
    const { buffer, byteOffset, byteLength } = this.#take(units ?? -1, Uint16Array);
    const all = Buffer.from(buffer, byteOffset, byteLength);
    let from = 0;
    const texts = Array.from(lengths, (count) => {
      if (count < 0) throw new RangeError('text of negative length');
      return all.toString('utf16le', from, from += 2 * count);
    });
    if (from !== byteLength) throw new RangeError('lengths of text that do not add up');
    return texts;
  }

  #take(length: number, constructor: ColumnConstructor): TypedColumn {
    const bytes = length * constructor.BYTES_PER_ELEMENT;
    if (!Number.isSafeInteger(length) || length < 0 || this.#at + bytes > this.#bytes.length) {
      throw new RangeError('a column beyond the end');
    }
    const taken = new constructor(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length);
    this.#at = Math.ceil((this.#at + bytes) / alignment) * alignment;
    return taken;
  }
}

interface ColumnConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedColumn;
}

function isTyped(column: Column): column is TypedColumn {
  return ArrayBuffer.isView(column);
}
