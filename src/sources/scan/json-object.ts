import { side } from '../../model/tick-batch.ts';
import { TickColumns } from '../tick-columns.ts';
import { scanDecimal } from './decimal.ts';
import { eventTimeScan, type EventTimeScan } from './event-time.ts';
import { eventTimeWordScan, timeWordsBytes, type EventTimeWordScan } from './event-time-words.ts';
import { JsonLayout, pieceField, pieceStride } from './json-layout.ts';
import {
  closeBrace, colon, endOfString, fourthBlank, hasLeadingZero, openBrace, PassedValues, skipBlanks,
} from './json-text.ts';
import { fieldBit, firstInnerBit, unknownKey, type KeyTree } from './key-tree.ts';
import { comma, quote, scanSide } from './record-scanner.ts';
import type { NameSpan } from './instrument-finder.ts';
import type { ObjectLayout } from './object-layout.ts';
import type { RecordRules } from './tick-judge.ts';
import { scanTextId, scanWholeId } from './trade-id.ts';

const zero = 0x30;

/**
 * Reads plain JSON objects, a tick each. Prices, sizes, ids and times may be numbers or texts; other keys are left alone,
 * and of a key that stands twice the last one counts, as JSON.parse has it, the judge of what is not plain (escapes, say).
 */
export class JsonObjectScanner {
  readonly #rules: RecordRules;
  readonly #layout: ObjectLayout;
  readonly #scanTime: EventTimeScan;
  readonly #scanTimeWords: EventTimeWordScan;
  readonly #keys: KeyTree;
  readonly #fourthBlank: number;
  readonly #passed: PassedValues;
  readonly #symbol: NameSpan;
  readonly #venue: NameSpan;
  /** What must stand in quotes. */
  readonly #textBits: number;
  #columns: TickColumns; // Of the record at hand.
  #seen = 0;
  readonly #last = new JsonLayout();
  #isLikeLast = false;
  #bytes: Buffer = Buffer.alloc(0); // Those at hand,
  #view: DataView = new DataView(new ArrayBuffer(0)); // and the same for words.
  readonly #out = new Float64Array(2);

  constructor(rules: RecordRules, layout: ObjectLayout) {
    this.#rules = rules;
    this.#layout = layout;
    this.#columns = new TickColumns(1, layout.ids);
    this.#scanTime = eventTimeScan(rules.unit);
    this.#scanTimeWords = eventTimeWordScan(rules.unit);
    this.#keys = layout.keys;
    this.#fourthBlank = fourthBlank(layout.lineBreaks);
    this.#passed = new PassedValues(layout.lineBreaks);
    this.#symbol = rules.finder.symbol;
    this.#venue = rules.finder.venue;
    this.#textBits = fieldBit.side | fieldBit.symbol | fieldBit.venue | (rules.unit === 'iso' ? fieldBit.event_time : 0);
  }

  /**
   * Reads the object at `at` into row `columns.length`, all columns but the position. Returns the index behind its
   * closing brace; -1 where only the judge can tell. It knows no end of the record: what lies behind may be read,
   * and then the returned index lies behind the end too.
   */
  scan(bytes: Buffer, at: number, columns: TickColumns): number {
    const { finder } = this.#rules;
    if (columns !== this.#columns) this.#columns = columns;
    if (bytes !== this.#bytes) this.#hold(bytes);
    columns.side[columns.length] = side.unknown;
    if (this.#layout.hasSymbol) finder.symbol.set(-1, -1);
    finder.venue.set(-1, -1);
    let index = this.#likeLast(bytes, at, columns);
    this.#isLikeLast = index >= 0;
    if (index < 0) index = this.#anew(bytes, at);
    if (index < 0) return -1;
    const instrument = finder.find(bytes);
    columns.instrument[columns.length] = instrument;
    return instrument < 0 ? -1 : index;
  }

  /** How the record that was read last is laid out; null where that is not known. */
  get layout(): JsonLayout | null {
    return this.#isLikeLast ? this.#last : null;
  }

  #hold(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /**
   * Reads a record that is laid out as another was before; -1 where it is not. Nearly all records come this way. It is one
   * function with all it needs at hand, because a call a value was measured to cost a fifth of the time.
   */
  #likeLast(bytes: Buffer, at: number, columns: TickColumns): number {
    const { values, pieces } = this.#last;
    const view = this.#view;
    const out = this.#out;
    const row = columns.length;
    const sizeBytes = bytes.length;
    const end = values * pieceStride;
    let index = values > 0 ? at : -1;
    for (let place = 0; index >= 0; place += pieceStride) {
      const start = index;
      const lastAt = start + pieces[place + pieceField.lastAt];
      if (lastAt + 4 > sizeBytes) return -1;
      let word = place + pieceField.words;
      for (; index < lastAt; index += 4) if (view.getInt32(index, true) !== pieces[word++]) return -1;
      if ((view.getInt32(lastAt, true) & pieces[place + pieceField.mask]) !== pieces[place + pieceField.last]) return -1;
      index = start + pieces[place + pieceField.length];
      if (place === end) return index;
      switch (pieces[place]) {
        case fieldBit.price:
          index = bytes[index] === zero ? this.#fromZero(bytes, index) : scanDecimal(bytes, index, out);
          columns.price[row] = out[0];
          break;
        case fieldBit.size:
          index = bytes[index] === zero ? this.#fromZero(bytes, index) : scanDecimal(bytes, index, out);
          columns.size[row] = out[0];
          break;
        case fieldBit.event_time:
          index = this.#time(bytes, index);
          columns.eventTimeMs[row] = out[0];
          break;
        case fieldBit.symbol: {
          const from = index;
          index = endOfString(bytes, from);
          this.#symbol.set(from, index);
          break;
        }
        case fieldBit.side: index = scanSide(bytes, index, columns); break;
        default: index = this.#otherValue(bytes, index, pieces[place]);
      }
    }
    return -1;
  }

  /** A number that begins with a zero: without quotes JSON has no 007. */
  #fromZero(bytes: Buffer, at: number): number {
    return bytes[at - 1] !== quote && hasLeadingZero(bytes, at) ? -1 : scanDecimal(bytes, at, this.#out);
  }

  #time(bytes: Buffer, at: number): number {
    const end = at + timeWordsBytes <= bytes.length ? this.#scanTimeWords(this.#view, at, this.#out) : -1;
    return end < 0 ? this.#otherValue(bytes, at, fieldBit.event_time) : end;
  }

  #otherValue(bytes: Buffer, at: number, bit: number): number {
    const isText = bytes[at - 1] === quote;
    if (bit === unknownKey) return isText ? endOfString(bytes, at) : this.#passed.endOf(bytes, at);
    return isText || this.#isNumberLike(bytes, at, bit) ? this.#content(bytes, at, bit) : -1;
  }

  #anew(bytes: Buffer, at: number): number {
    const { needed } = this.#layout;
    this.#seen = 0;
    this.#last.begin();
    const index = this.#object(bytes, at, this.#keys);
    if (index < 0 || (this.#seen & needed) !== needed) return -1;
    this.#isLikeLast = this.#last.learn(this.#view, at, index);
    return index;
  }

  #object(bytes: Buffer, at: number, keys: KeyTree): number {
    const fourth = this.#fourthBlank;
    let index = at;
    let seen = 0;
    if (bytes[index] !== openBrace) return -1;
    for (let member = 0; member === 0 || bytes[index] === comma; member++) {
      const start = skipBlanks(bytes, index + 1, fourth) + 1;
      if (bytes[start - 1] !== quote) return -1;
      index = keys.expect(bytes, start, member);
      if (index < 0) index = this.#key(bytes, start, keys, member);
      if (index < 0) return -1;
      index = skipBlanks(bytes, index, fourth);
      const bit = keys.bit;
      if (bit === unknownKey) index = this.#pass(bytes, index);
      else if (bit < firstInnerBit) index = this.#value(bytes, index, bit);
      else index = (seen & bit) === 0 ? this.#object(bytes, index, keys.innerOf(bit)) : -1; // The last counts.
      if (index < 0) return -1;
      seen |= bit;
      index = skipBlanks(bytes, index, fourth);
    }
    this.#seen |= seen;
    return bytes[index] === closeBrace ? index + 1 : -1;
  }

  /** The index behind the colon of the key at `start`, wherever it stands and whatever it is. */
  #key(bytes: Buffer, start: number, keys: KeyTree, member: number): number {
    const end = keys.search(bytes, start, member);
    if (end < 0) return -1;
    const index = skipBlanks(bytes, end + 1, this.#fourthBlank);
    return bytes[index] === colon ? index + 1 : -1;
  }

  /** The index behind a value that nobody asks for. */
  #pass(bytes: Buffer, at: number): number {
    const end = this.#passed.endOf(bytes, at);
    const quotes = bytes[at] === quote ? 1 : 0;
    this.#last.note(unknownKey, at + quotes, end - quotes);
    return end;
  }

  /** Reads the value of a known key; returns the index behind it, or -1. */
  #value(bytes: Buffer, at: number, key: number): number {
    const isText = bytes[at] === quote;
    if (!isText && !this.#isNumberLike(bytes, at, key)) return -1;
    const start = isText ? at + 1 : at;
    const end = this.#content(bytes, start, key);
    this.#last.note(key, start, end);
    if (!isText || end < 0) return end;
    return bytes[end] === quote ? end + 1 : -1;
  }

  /** Whether what stands here without quotes may be read as if it had some. */
  #isNumberLike(bytes: Buffer, at: number, key: number): boolean {
    return (key & this.#textBits) === 0 && !hasLeadingZero(bytes, at);
  }

  #content(bytes: Buffer, at: number, key: number): number {
    const columns = this.#columns;
    const out = this.#out;
    let end = at;
    switch (key) {
      case fieldBit.price:
        end = scanDecimal(bytes, at, out);
        columns.price[columns.length] = out[0];
        return end;
      case fieldBit.size:
        end = scanDecimal(bytes, at, out);
        columns.size[columns.length] = out[0];
        return end;
      case fieldBit.event_time:
        end = this.#scanTime(bytes, at, out);
        columns.eventTimeMs[columns.length] = out[0];
        return end;
      case fieldBit.side: return scanSide(bytes, at, columns);
      case fieldBit.trade_id: return this.#id(bytes, at);
      default:
        end = endOfString(bytes, at);
        (key === fieldBit.symbol ? this.#symbol : this.#venue).set(at, end);
        return end;
    }
  }

  #id(bytes: Buffer, at: number): number {
    const columns = this.#columns;
    const end = scanWholeId(bytes, at, this.#out);
    columns.tradeId[columns.length] = this.#out[0];
    const isText = bytes[at - 1] === quote && bytes[end] !== quote;
    return isText ? scanTextId(bytes, at, columns) : end;
  }
}
