import { isTexts, isTyped, type Column, type GrownColumn, type Rows, type TypedColumn } from './state-tree.ts';

/** At a time into the compressor, which works on a thread of the pool and meanwhile gives the loop its turn. */
const sliceBytes = 262_144;
/** Strings, or rows, that are put into bytes at a time: some 0.2 ms. */
const sliceRows = 2_048;
const alignment = 8;

interface ColumnConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedColumn;
}

const columnTypes: Readonly<Record<string, ColumnConstructor>> = {
  float64: Float64Array, int32: Int32Array, uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array,
};

/**
 * How a column is found again: its type, its length, and beside it for `text` the number of all UTF-16 units, for `rows` the
 * width of a row.
 */
export type ColumnHeader = readonly [type: string, length: number, beside?: number];

export function headerOf(column: Column): ColumnHeader {
  if (isTexts(column)) return ['text', column.length, column.reduce((sum, text) => sum + text.length, 0)];
  if (!isTyped(column)) return ['rows', column.values.length, column.width];
  const [type] = Object.entries(columnTypes).find(([, constructor]) => column instanceof constructor)!;
  return [type, column.length];
}

/** The bytes of a column, in slices, padded to 8 in all. Typed arrays are not copied. */
export function slicesOf(column: Column): Generator<Uint8Array> {
  if (isTexts(column)) return textSlices(column);
  return isTyped(column) ? typedSlices(column) : rowsSlices(column);
}

function* typedSlices({ buffer, byteOffset, byteLength }: TypedColumn): Generator<Uint8Array> {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (let from = 0; from < byteLength; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes);
  yield* padding(byteLength);
}

/**
 * The same bytes in fewer slices: each goes to a thread and back, and the forty small columns of a quiet lane took most of
 * its checkpoint's time for that.
 */
export function* gathered(slices: Iterable<Uint8Array>): Generator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for (const slice of slices) {
    if (bytes + slice.length > sliceBytes) {
      yield* joined(held);
      held = [];
      bytes = 0;
    }
    held.push(slice);
    bytes += slice.length;
  }
  yield* joined(held);
}

function* joined(slices: readonly Uint8Array[]): Generator<Uint8Array> {
  if (slices.length > 0) yield slices.length === 1 ? slices[0] : Buffer.concat(slices);
}

/** All lengths, then the UTF-16 units of all: nothing is lost, half pairs of surrogates included. */
function* textSlices(texts: readonly string[]): Generator<Uint8Array> {
  yield* typedSlices(Int32Array.from(texts, (text) => text.length));
  let bytes = 0;
  for (let from = 0; from < texts.length; from += sliceRows) {
    const slice = Buffer.from(texts.slice(from, from + sliceRows).join(''), 'utf16le');
    bytes += slice.length;
    yield slice;
  }
  yield* padding(bytes);
}

/** Blocks of rows, each column by column. */
function* rowsSlices({ width, values }: Rows): Generator<Uint8Array> {
  for (let from = 0; from < values.length; from += sliceRows * width) {
    const block = values.subarray(from, from + sliceRows * width);
    yield new Uint8Array(transposed(block, block.length / width).buffer);
  }
}

function* padding(bytes: number): Generator<Uint8Array> {
  if (bytes % alignment !== 0) yield new Uint8Array(alignment - (bytes % alignment));
}

/** `rows` rows of numbers turned into as many columns. */
function transposed(values: Float64Array, rows: number): Float64Array<ArrayBuffer> {
  const turned = new Float64Array(values.length);
  let from = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = row; at < values.length; at += rows) turned[at] = values[from++]!;
  }
  return turned;
}

/** Reads columns one after the other. Throws a RangeError where there is none as its header says. */
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

  /** Typed arrays are views of the bytes. */
  read([type, length, beside]: ColumnHeader): GrownColumn {
    if (type === 'text') return this.#readText(length, beside);
    if (type === 'rows') return this.#readRows(length, beside);
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

  #readRows(length: number, width: number | undefined): Float64Array {
    if (width === undefined || !(width > 0) || length % width !== 0) throw new RangeError('rows of no width');
    if (this.#at + length * 8 > this.#bytes.length) throw new RangeError('rows beyond the end');
    const values = new Float64Array(length);
    for (let at = 0; at < length; at += sliceRows * width) {
      const block = this.#take(Math.min(sliceRows * width, length - at), Float64Array) as Float64Array;
      values.set(transposed(block, width), at);
    }
    return values;
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
