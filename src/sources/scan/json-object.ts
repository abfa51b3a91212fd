import { side } from '../../model/tick-batch.ts';
import { TickColumns, type IdKind } from '../tick-columns.ts';
import { scanDecimal } from './decimal.ts';
import { eventTimeScan, type EventTimeScan } from './event-time.ts';
import {
  closeBrace, colon, endOfString, fourthBlank, hasLeadingZero, openBrace, PassedValues, skipBlanks, type LineBreaks,
} from './json-text.ts';
import { fieldBit, firstInnerBit, unknownKey, type KeyTree } from './key-tree.ts';
import { comma, quote, scanSide } from './record-scanner.ts';
import type { NameSpan } from './instrument-finder.ts';
import type { RecordRules } from './tick-judge.ts';
import { scanTextId, scanWholeId } from './trade-id.ts';

/** How the objects of a source are laid out. */
export interface ObjectLayout {
  readonly ids: IdKind;
  /** What is asked for. Where it leaves the symbol out, the symbol comes from elsewhere. */
  readonly keys: KeyTree;
  /** The bits of the fields that there must be. */
  readonly needed: number;
  readonly hasSymbol: boolean;
  readonly lineBreaks: LineBreaks;
}

/**
 * Reads plain JSON objects, a tick each. Prices, sizes, ids and times may be numbers or texts; other keys are left
 * alone, and of a key that stands twice the last one counts, as JSON.parse has it. What is not plain (escapes, signs,
 * many digits, deep nesting) is for JSON.parse.
 */
export class JsonObjectScanner {
  readonly #rules: RecordRules;
  readonly #layout: ObjectLayout;
  readonly #scanTime: EventTimeScan;
  readonly #keys: KeyTree;
  readonly #fourthBlank: number;
  readonly #passed: PassedValues;
  readonly #symbol: NameSpan;
  readonly #venue: NameSpan;
  /** What must stand in quotes. */
  readonly #textBits: number;
  #columns: TickColumns; // Of the record at hand.
  #seen = 0;
  readonly #out = new Float64Array(2);

  constructor(rules: RecordRules, layout: ObjectLayout) {
    this.#rules = rules;
    this.#layout = layout;
    this.#columns = new TickColumns(1, layout.ids);
    this.#scanTime = eventTimeScan(rules.unit);
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
    const { hasSymbol, needed } = this.#layout;
    this.#columns = columns;
    columns.side[columns.length] = side.unknown;
    if (hasSymbol) finder.symbol.set(-1, -1);
    finder.venue.set(-1, -1);
    this.#seen = 0;
    const index = this.#object(bytes, at, this.#keys);
    if (index < 0 || (this.#seen & needed) !== needed) return -1;
    const instrument = finder.find(bytes);
    columns.instrument[columns.length] = instrument;
    return instrument < 0 ? -1 : index;
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
      if (bit === unknownKey) index = this.#passed.endOf(bytes, index);
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

  /** Reads the value of a known key; returns the index behind it, or -1. */
  #value(bytes: Buffer, at: number, key: number): number {
    if (bytes[at] !== quote) return this.#isNumberLike(bytes, at, key) ? this.#content(bytes, at, key) : -1;
    const end = this.#content(bytes, at + 1, key);
    return end >= 0 && bytes[end] === quote ? end + 1 : -1;
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

/** The bits of the fields that a record must have. */
export function neededBits(rules: RecordRules, ids: IdKind, hasSymbol: boolean): number {
  return fieldBit.price | fieldBit.size | fieldBit.event_time | (ids === 'absent' ? 0 : fieldBit.trade_id) |
    (hasSymbol && !rules.hasDefaultSymbol ? fieldBit.symbol : 0);
}
