import type { BarColumns } from '../../model/bar.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane } from '../../model/lane.ts';
import { SinkError } from '../sink.ts';
import { BufferPool } from './buffer-pool.ts';

/*
 * PostgreSQL's binary COPY format (documentation of COPY, "Binary Format"): a signature, then per row the number of
 * fields and per field its length (-1 for null) and value in network order, then -1. Times are microseconds since
 * 2000-01-01 UTC.
 */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailerBytes = 2;
const fieldCount = 23;
const epochUs = 946_684_800_000_000;
const twoTo32 = 4_294_967_296;
/** A row behind its names: 19 lengths, then doubles, bigints, times, integers, smallints and a boolean. */
const rowBytesMax = 19 * 4 + 9 * 8 + 3 * 8 + 2 * 8 + 2 * 4 + 2 * 2 + 1;

/** The columns of a row, in the order in which they are encoded. `written_at` is the server's. */
export const barColumns = [
  'lane', 'venue', 'symbol', 'bar_spec', 'open_time', 'bar_index', 'close_time', 'open', 'high', 'low', 'close',
  'volume', 'notional', 'vwap', 'trades', 'buy_volume', 'sell_volume', 'quality', 'state', 'revision', 'whole',
  'generation', 'position',
] as const;

/** Encodes bars as binary COPY. Names are encoded once per lane and instrument, and copied from then on. */
export class BarEncoder {
  readonly #instruments: InstrumentTable;
  readonly #specs: readonly Uint8Array[];
  readonly #buffers: BufferPool;
  /** By lane name, then by instrument: field count, lane, venue, symbol. */
  readonly #prefixes = new Map<string, (Uint8Array | undefined)[]>();

  constructor(instruments: InstrumentTable, specNames: readonly string[], buffers = new BufferPool(0)) {
    this.#instruments = instruments;
    this.#buffers = buffers;
    this.#specs = specNames.map((name) => textField(name));
  }

  /** The rows at the indices `rows`, in that order. Throws a SinkError `bad-row` for what no column can hold. */
  encode(lane: Lane, bars: BarColumns, rows: Int32Array): Buffer {
    const prefixes = this.#prefixesOf(lane);
    let size = signature.length + trailerBytes;
    for (const row of rows) {
      const prefix = prefixes[bars.instrument[row]] ?? this.#addPrefix(lane, prefixes, { bars, row });
      size += prefix.length + this.#specs[bars.spec[row]].length + rowBytesMax;
    }
    const buffer = this.#buffers.take(size);
    const view = new DataView(buffer.buffer);
    let at = put(buffer, 0, signature);
    for (const row of rows) {
      at = put(buffer, at, prefixes[bars.instrument[row]]!);
      at = put(buffer, at, this.#specs[bars.spec[row]]);
      at = putValues(view, at, bars, row);
      at = putInteger8(view, at, lane.generation);
      at = putInteger8(view, at, bars.position[row]);
    }
    view.setInt16(at, -1);
    return buffer.subarray(0, at + trailerBytes);
  }

  /** Throws what `encode` would throw. */
  check(bars: BarColumns, rows: Int32Array): void {
    for (const row of rows) {
      refuseIllFormed(this.#instruments.symbol(bars.instrument[row]), row);
      microsecondsOf(bars.openTimeMs[row], row);
      microsecondsOf(bars.closeTimeMs[row], row);
    }
  }

  #prefixesOf(lane: Lane): (Uint8Array | undefined)[] {
    let prefixes = this.#prefixes.get(lane.name);
    if (prefixes === undefined) this.#prefixes.set(lane.name, prefixes = []);
    return prefixes;
  }

  #addPrefix(lane: Lane, prefixes: (Uint8Array | undefined)[], place: { bars: BarColumns; row: number }): Uint8Array {
    const instrument = place.bars.instrument[place.row];
    const symbol = this.#instruments.symbol(instrument);
    refuseIllFormed(symbol, place.row);
    const venue = this.#instruments.venue(instrument);
    const names = [lane.name, venue, symbol].map(textField);
    const prefix = Buffer.concat([Buffer.from([0, fieldCount]), ...names]);
    prefixes[instrument] = prefix;
    return prefix;
  }
}

function putValues(view: DataView, start: number, bars: BarColumns, row: number): number {
  let at = putTime(view, start, bars.openTimeMs[row], row);
  at = putInteger4(view, at, bars.barIndex[row]);
  at = putTime(view, at, bars.closeTimeMs[row], row);
  at = putDouble(view, at, bars.open[row]);
  at = putDouble(view, at, bars.high[row]);
  at = putDouble(view, at, bars.low[row]);
  at = putDouble(view, at, bars.close[row]);
  const [volume, notional] = [bars.volume[row], bars.notional[row]];
  at = putDouble(view, at, volume);
  at = putDouble(view, at, notional);
  if (volume === 0) {
    view.setInt32(at, -1);
    at += 4;
  } else at = putDouble(view, at, notional / volume);
  at = putInteger8(view, at, bars.trades[row]);
  at = putDouble(view, at, bars.buyVolume[row]);
  at = putDouble(view, at, bars.sellVolume[row]);
  at = putInteger2(view, at, bars.quality[row]);
  at = putInteger2(view, at, bars.state[row]);
  at = putInteger4(view, at, bars.revision[row]);
  view.setInt32(at, 1);
  view.setUint8(at + 4, bars.whole[row]);
  return at + 5;
}

function put(buffer: Uint8Array, at: number, bytes: Uint8Array): number {
  const length = bytes.length;
  for (let index = 0; index < length; index++) buffer[at + index] = bytes[index]!; // Faster than `set` below 100 bytes.
  return at + length;
}

function putDouble(view: DataView, at: number, value: number): number {
  view.setInt32(at, 8);
  view.setFloat64(at + 4, value);
  return at + 12;
}

function putInteger8(view: DataView, at: number, value: number): number {
  const high = Math.floor(value / twoTo32);
  view.setInt32(at, 8);
  view.setInt32(at + 4, high);
  view.setUint32(at + 8, value - high * twoTo32);
  return at + 12;
}

function putInteger4(view: DataView, at: number, value: number): number {
  view.setInt32(at, 4);
  view.setInt32(at + 4, value);
  return at + 8;
}

function putInteger2(view: DataView, at: number, value: number): number {
  view.setInt32(at, 2);
  view.setInt16(at + 4, value);
  return at + 6;
}

function putTime(view: DataView, at: number, timeMs: number, row: number): number {
  return putInteger8(view, at, microsecondsOf(timeMs, row) - epochUs);
}

function microsecondsOf(timeMs: number, row: number): number {
  const us = Math.round(timeMs * 1_000);
  if (!Number.isSafeInteger(us)) refuse(row, `${timeMs} is not a time in milliseconds`);
  return us;
}

/** UTF-8 has no lone surrogates: two such names would become one key. */
function refuseIllFormed(symbol: string, row: number): void {
  if (!symbol.isWellFormed()) refuse(row, `the symbol ${JSON.stringify(symbol)} is not Unicode text`);
}

function textField(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const field = Buffer.alloc(4 + bytes.length);
  field.writeInt32BE(bytes.length);
  bytes.copy(field, 4);
  return field;
}

function refuse(rowIndex: number, reason: string): never {
  throw new SinkError({ kind: 'bad-row', rowIndex }, `Row ${rowIndex} cannot be written: ${reason}.`);
}
