import type { RestOfBatch } from '../../../kafka/rest-of-batch.ts';
import type { InstrumentTable } from '../../../model/instruments.ts';
import type { EventTimeUnit } from '../../scan/event-time.ts';
import type { JsonLayout } from '../../scan/json-layout.ts';
import type { TickColumns } from '../../tick-columns.ts';
import type { RunLimits } from './decoder.ts';
import { RecordReader } from './record-reader.ts';

export interface AlikeOptions {
  readonly instruments: InstrumentTable;
  readonly unit: EventTimeUnit;
  readonly isSymbolInKey: boolean;
  /** Of records that do not say their own; null where each must. */
  readonly symbol: string | null;
  readonly venue: string;
}

interface AlikeLimits extends RunLimits {
  readonly layout: JsonLayout;
}

const eventTimeDigits: Readonly<Partial<Record<EventTimeUnit, number>>> = { ms: 13, us: 16, ns: 19 };
/** Longer names stay unknown to the reader. */
const nameBytesMax = 32;
const venueScope = -1;
const usualVenue = 0;
/** With less than this at hand more is brought, if there is more: a record may be cut. */
const enoughBytes = 16_384;
const endBytes = 16;

/** A call costs as much as reading so many records one by one. */
const rowsOfCall = 8;
const creditMax = 256;
/** So many calls are left out when they did not pay. */
const restCalls = 1_024;

/**
 * Reads the records behind one that the JSON scanner has read, as long as they are laid out like it: many in one call,
 * outside of JavaScript (docs/decisions/024-alike-records.md). It stops at whatever is unusual, which is then read as ever.
 */
export class AlikeRecords {
  readonly #reader: RecordReader;
  readonly #instruments: InstrumentTable;
  readonly #venues = new Map<string, number>();
  /** Instruments below this number are known to the reader, by their names. */
  #known = 0;
  #layout: JsonLayout | null = null;
  #layoutVersion = 0;
  // Which bytes of which batch stand in the reader's input.
  #batch: RestOfBatch | null = null;
  #serial = 0;
  #from = 0;
  #until = 0;
  #credit = creditMax;
  #resting = 0;

  /** Null where it would be of no use. */
  static create(options: AlikeOptions): AlikeRecords | null {
    const reader = eventTimeDigits[options.unit] === undefined ? null : RecordReader.load();
    return reader === null ? null : new AlikeRecords(reader, options);
  }

  private constructor(reader: RecordReader, { instruments, unit, isSymbolInKey, symbol, venue }: AlikeOptions) {
    const { exports, bytes, at } = reader;
    const usual = Buffer.from(symbol ?? '');
    this.#reader = reader;
    this.#instruments = instruments;
    exports.eventTimeDigits.value = eventTimeDigits[unit]!;
    exports.isSymbolInKey.value = isSymbolInKey ? 1 : 0;
    exports.usualSymbolBytes.value = symbol === null || usual.length > nameBytesMax ? -1 : usual.length;
    bytes.set(usual.subarray(0, nameBytesMax), at.usualSymbolAt);
    this.#venues.set(venue, usualVenue);
    this.#name(venue, venueScope, usualVenue);
  }

  /**
   * Reads the records of `rest` that are laid out as `layout` says into rows from `columns.length` on, and raises it; moves
   * `rest` behind them. Returns how many they were.
   */
  read(rest: RestOfBatch, columns: TickColumns, { layout, most, untilMs, tail }: AlikeLimits): number {
    const { request, result, exports, at } = this.#reader;
    const wanted = Math.min(most, rest.count, at.rowsMax);
    if (wanted <= 0 || this.#rests()) return 0;
    this.#expect(layout);
    while (this.#known < this.#instruments.size) this.#know(this.#known++);
    this.#bring(rest);
    const shift = at.inputAt - this.#from;
    request[0] = rest.at + shift;
    request[1] = this.#until + shift;
    request[2] = wanted;
    request[3] = rest.previousOffset - rest.baseOffset;
    request[4] = rest.lastOffset - rest.baseOffset;
    request[5] = rest.baseOffset;
    request[6] = rest.timeMs;
    request[7] = rest.hasOwnTimes ? 1 : 0;
    request[8] = untilMs;
    const rows = exports.readRecords();
    this.#credit = Math.min(creditMax, this.#credit + rows - rowsOfCall);
    if (rows === 0) return 0;
    this.#reader.copyTo(columns, rows);
    tail.addRun({
      bytes: rest.bytes, places: this.#reader.places, shift, rows, offsets: columns.position, timesMs: columns.logTimeMs!,
      from: columns.length - rows,
    });
    rest.at = result[0] - shift;
    rest.previousOffset = rest.baseOffset + result[1];
    return rows;
  }

  /** Whether calls have not paid of late: hardly two records in a row are alike, or plain. */
  #rests(): boolean {
    if (this.#resting > 0) this.#resting--;
    else if (this.#credit <= 0) {
      this.#resting = restCalls;
      this.#credit = 4 * rowsOfCall;
    }
    return this.#resting > 0;
  }

  #expect(layout: JsonLayout): void {
    if (layout === this.#layout && layout.version === this.#layoutVersion) return;
    const { exports, bytes, words, at } = this.#reader;
    this.#layout = layout;
    this.#layoutVersion = layout.version;
    exports.values.value = layout.values;
    bytes.fill(0, at.piecesAt, at.piecesAt + (layout.values + 1) * at.pieceBytes);
    for (let piece = 0; piece <= layout.values; piece++) {
      const place = at.piecesAt + piece * at.pieceBytes;
      const { bit, text } = layout.piece(piece);
      words.setInt32(place, bit, true);
      words.setInt32(place + 4, text.length, true);
      bytes.set(text, place + at.pieceText);
      bytes.fill(0xff, place + at.pieceMask, place + at.pieceMask + text.length);
    }
  }

  /** The reader gets to know an instrument's names. */
  #know(instrument: number): void {
    const venue = this.#instruments.venue(instrument);
    let scope = this.#venues.get(venue);
    if (scope === undefined) {
      scope = this.#venues.size;
      this.#venues.set(venue, scope);
      this.#name(venue, venueScope, scope);
    }
    this.#name(this.#instruments.symbol(instrument), scope, instrument);
  }

  #name(name: string, scope: number, value: number): void {
    const { exports, bytes, at } = this.#reader;
    const text = Buffer.from(name);
    if (text.length > nameBytesMax) return;
    bytes.set(text, at.inputAt);
    exports.addName(at.inputAt, text.length, scope, value);
    this.#batch = null; // The input is another one.
  }

  /** Sees to it that the next records stand in the input. */
  #bring(rest: RestOfBatch): void {
    const isThere = rest === this.#batch && rest.serial === this.#serial && rest.at >= this.#from && rest.at < this.#until;
    if (isThere && (this.#until === rest.end || this.#until - rest.at >= enoughBytes)) return;
    const { bytes, at } = this.#reader;
    this.#batch = rest;
    this.#serial = rest.serial;
    this.#from = rest.at;
    this.#until = Math.min(rest.end, rest.at + at.inputBytesMax);
    const length = this.#until - this.#from;
    bytes.set(rest.bytes.subarray(this.#from, this.#until), at.inputAt);
    bytes.fill(0, at.inputAt + length, at.inputAt + length + endBytes); // Every scan ends there.
  }
}
