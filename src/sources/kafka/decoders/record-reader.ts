import { readFileSync } from 'node:fs';
import type { TickColumns } from '../../tick-columns.ts';

const placeNames = [
  'requestAt', 'resultAt', 'inputAt', 'inputBytesMax', 'piecesAt', 'pieceBytes', 'pieceText', 'pieceMask', 'usualSymbolAt',
  'priceAt', 'sizeAt', 'eventTimeAt', 'tradeIdAt', 'positionAt', 'logTimeAt', 'instrumentAt', 'sideAt', 'placesAt',
  'rowsMax',
] as const;
/** In its memory, in bytes: src/assembly/memory.ts says what stands there. */
export type ReaderPlaces = Readonly<Record<(typeof placeNames)[number], number>>;

/** What src/assembly/records.ts exports. */
interface Exports extends Readonly<Record<(typeof placeNames)[number], WebAssembly.Global>> {
  readonly memory: WebAssembly.Memory;
  /** Returns the number of rows. */
  readonly readRecords: () => number;
  /** Adds the name that stands in the input at `at`; 0 where it has no room for it. */
  readonly addName: (at: number, length: number, scope: number, value: number) => number;
  readonly values: WebAssembly.Global;
  readonly eventTimeDigits: WebAssembly.Global;
  readonly isSymbolInKey: WebAssembly.Global;
  readonly usualSymbolBytes: WebAssembly.Global;
}

let compiled: WebAssembly.Module | null | undefined;

/** Null where this machine has no SIMD: then every record is read one by one. */
function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(readFileSync(new URL('../../../assembly/records.wasm', import.meta.url)));
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

/** The compiled reader of records, with a memory of its own, seen from here. */
export class RecordReader {
  readonly exports: Exports;
  readonly at: ReaderPlaces;
  readonly bytes: Uint8Array;
  readonly words: DataView;
  readonly request: Float64Array;
  readonly result: Float64Array;
  readonly places: Int32Array;
  readonly #doubles: readonly [price: Float64Array, size: Float64Array, time: Float64Array, id: Float64Array,
    position: Float64Array, logTime: Float64Array];
  readonly #instrument: Int32Array;
  readonly #side: Uint8Array;

  static load(): RecordReader | null {
    compiled ??= compile();
    return compiled === null ? null : new RecordReader(compiled);
  }

  private constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as Exports;
    const at = Object.fromEntries(placeNames.map((name) => [name, this.exports[name].value])) as ReaderPlaces;
    const { buffer } = this.exports.memory;
    const doubles = (start: number, length = at.rowsMax): Float64Array => new Float64Array(buffer, start, length);
    this.at = at;
    this.bytes = new Uint8Array(buffer);
    this.words = new DataView(buffer);
    this.request = doubles(at.requestAt, 9);
    this.result = doubles(at.resultAt, 2);
    this.places = new Int32Array(buffer, at.placesAt, at.rowsMax * 4);
    this.#doubles = [
      doubles(at.priceAt), doubles(at.sizeAt), doubles(at.eventTimeAt), doubles(at.tradeIdAt), doubles(at.positionAt),
      doubles(at.logTimeAt),
    ];
    this.#instrument = new Int32Array(buffer, at.instrumentAt, at.rowsMax);
    this.#side = new Uint8Array(buffer, at.sideAt, at.rowsMax);
  }

  /** Appends the rows that were read last. */
  copyTo(columns: TickColumns, rows: number): void {
    const from = columns.length;
    const [price, size, time, id, position, logTime] = this.#doubles;
    columns.price.set(price.subarray(0, rows), from);
    columns.size.set(size.subarray(0, rows), from);
    columns.eventTimeMs.set(time.subarray(0, rows), from);
    columns.position.set(position.subarray(0, rows), from);
    columns.logTimeMs?.set(logTime.subarray(0, rows), from);
    if (columns.ids !== 'absent') columns.tradeId.set(id.subarray(0, rows), from);
    columns.instrument.set(this.#instrument.subarray(0, rows), from);
    columns.side.set(this.#side.subarray(0, rows), from);
    columns.length += rows;
  }
}
