import { isUtf8 } from 'node:buffer';
import { messageOf } from '../../errors.ts';
import { side, type RejectReason } from '../../model/tick-batch.ts';
import { TickColumns, type IdKind } from '../tick-columns.ts';
import { scanDecimal } from './decimal.ts';
import { eventTimeScan, type EventTimeScan } from './event-time.ts';
import { comma, lineFeed, quote, scanSide, type RecordScanner } from './record-scanner.ts';
import { tickFields, type TickField, type TickTexts } from './tick-fields.ts';
import { TickJudge, type Fault, type RecordRules } from './tick-judge.ts';
import { scanTextId, scanWholeId } from './trade-id.ts';

const openBrace = 0x7b;
const closeBrace = 0x7d;
const colon = 0x3a;
const backslash = 0x5c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** A number of the JSON text as it was written: a double would lose digits of ids and of nanoseconds. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What the value of a key is, each a bit, so that a set of them is a number. */
const bit = {
  trade_id: 1, event_time: 2, side: 4, price: 8, size: 16, symbol: 32, venue: 64,
} as const satisfies Record<TickField, number>;
const unknownKey = 0;

const reasons = {
  trade_id: 'bad-trade-id', event_time: 'bad-time', side: 'bad-side', price: 'bad-price', size: 'bad-size',
  symbol: 'bad-symbol', venue: 'bad-symbol',
} as const satisfies Record<TickField, RejectReason>;

/**
 * Lines of JSON objects, such as `{"price":"0.0014","size":23,"event_time_ms":1570752011620}`. Prices, sizes,
 * ids and times may be numbers or texts; other keys are left alone, and of a key that stands twice the last
 * one counts, as JSON.parse has it. What is not plain (escapes, nested values, signs, exponents) goes to
 * JSON.parse.
 */
export class JsonScanner implements RecordScanner {
  readonly #rules: RecordRules;
  readonly #judge: TickJudge;
  readonly #scanTime: EventTimeScan;
  readonly #keys: readonly Uint8Array[];
  readonly #bits: Uint8Array;
  readonly #fields: readonly TickField[];
  readonly #needed: number;
  #columns: TickColumns; // Of the record at hand.
  readonly #out = new Float64Array(2);

  constructor(rules: RecordRules, ids: IdKind) {
    this.#rules = rules;
    this.#columns = new TickColumns(1, ids);
    this.#judge = new TickJudge(rules);
    this.#scanTime = eventTimeScan(rules.unit);
    this.#fields = tickFields.filter((field) => field !== 'trade_id' || ids !== 'absent');
    this.#keys = this.#fields.map((field) => Buffer.from(rules.names[field]));
    this.#bits = Uint8Array.from(this.#fields, (field) => bit[field]);
    this.#needed = bit.price | bit.size | bit.event_time | (ids === 'absent' ? 0 : bit.trade_id) |
      (rules.hasDefaultSymbol ? 0 : bit.symbol);
  }

  scan(bytes: Buffer, at: number, columns: TickColumns): number {
    const { finder } = this.#rules;
    this.#columns = columns;
    columns.side[columns.length] = side.unknown;
    finder.symbol.set(-1, -1);
    finder.venue.set(-1, -1);
    let seen = 0;
    let index = skipBlanks(bytes, at);
    if (bytes[index] !== openBrace) return -1;
    do {
      const keyStart = skipBlanks(bytes, index + 1) + 1;
      const keyEnd = bytes[keyStart - 1] === quote ? endOfString(bytes, keyStart) : -1;
      if (keyEnd < 0) return -1;
      index = skipBlanks(bytes, keyEnd + 1);
      if (bytes[index] !== colon) return -1;
      const key = this.#keyOf(bytes, keyStart, keyEnd);
      index = skipBlanks(bytes, index + 1);
      index = key === unknownKey ? endOfValue(bytes, index) : this.#value(bytes, index, key);
      if (index < 0) return -1;
      seen |= key;
      index = skipBlanks(bytes, index);
    } while (bytes[index] === comma);
    if (bytes[index] !== closeBrace || (seen & this.#needed) !== this.#needed) return -1;
    index = skipBlanks(bytes, index + 1);
    if (bytes[index] !== lineFeed) return -1;
    columns.instrument[columns.length] = finder.find(bytes);
    return columns.instrument[columns.length] < 0 ? -1 : index + 1;
  }

  judge(line: Buffer, columns: TickColumns): Fault | null {
    const members = membersOf(line.toString());
    if (typeof members === 'string') return { reason: 'malformed', message: members };
    const texts: TickTexts = {};
    for (const field of this.#fields) {
      const name = this.#rules.names[field];
      const value = members.get(name) ?? undefined;
      if (value instanceof NumberText) texts[field] = value.text;
      else if (typeof value === 'string') texts[field] = value;
      else if (value !== undefined) {
        return { reason: reasons[field], message: `${name} is no number and no text` };
      }
    }
    return this.#judge.judge(texts, columns, () => isUtf8(line));
  }

  #keyOf(bytes: Uint8Array, start: number, end: number): number {
    for (let candidate = 0; candidate < this.#keys.length; candidate++) {
      const key = this.#keys[candidate];
      if (key.length !== end - start) continue;
      let same = 0;
      while (same < key.length && key[same] === bytes[start + same]) same++;
      if (same === key.length) return this.#bits[candidate];
    }
    return unknownKey;
  }

  /** Reads the value of a known key; returns the index behind it, or -1. */
  #value(bytes: Buffer, at: number, key: number): number {
    if (bytes[at] !== quote) return this.#number(bytes, at, key);
    const end = this.#text(bytes, at + 1, key);
    return end >= 0 && bytes[end] === quote ? end + 1 : -1;
  }

  #number(bytes: Buffer, at: number, key: number): number {
    if (bytes[at] === zero && isDigit(bytes[at + 1])) return -1; // JSON has no leading zeros.
    if (key === bit.trade_id) return this.#wholeId(bytes, at);
    const isName = (key & (bit.side | bit.symbol | bit.venue)) !== 0;
    const isTextTime = key === bit.event_time && this.#rules.unit === 'iso';
    return isName || isTextTime ? -1 : this.#measure(bytes, at, key);
  }

  #text(bytes: Buffer, at: number, key: number): number {
    if (key === bit.side) return scanSide(bytes, at, this.#columns);
    if (key === bit.trade_id) {
      const end = this.#wholeId(bytes, at);
      return bytes[end] === quote ? end : scanTextId(bytes, at, this.#columns);
    }
    if (key !== bit.symbol && key !== bit.venue) return this.#measure(bytes, at, key);
    const end = endOfString(bytes, at);
    (key === bit.symbol ? this.#rules.finder.symbol : this.#rules.finder.venue).set(at, end);
    return end;
  }

  #wholeId(bytes: Buffer, at: number): number {
    const end = scanWholeId(bytes, at, this.#out);
    this.#columns.tradeId[this.#columns.length] = this.#out[0];
    return end;
  }

  /** A price, size or time, whether it stands in quotes or not. */
  #measure(bytes: Buffer, at: number, key: number): number {
    const columns = this.#columns;
    const scanNumber = key === bit.event_time ? this.#scanTime : scanDecimal;
    const end = scanNumber(bytes, at, this.#out);
    const column = key === bit.price ? columns.price : key === bit.size ? columns.size : columns.eventTimeMs;
    column[columns.length] = this.#out[0];
    return end;
  }
}

/** The members of a JSON object, or what is wrong. A map: `record.price` could be inherited. */
function membersOf(text: string): ReadonlyMap<string, unknown> | string {
  try {
    const record: unknown = JSON.parse(text, keepNumberText);
    const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
    if (!isObject || record instanceof NumberText) return 'the line is JSON, but no object';
    return new Map(Object.entries(record));
  } catch (error) {
    return `the line is not JSON: ${messageOf(error)}`;
  }
}

interface NumberSource {
  readonly source?: string;
}

/** For JSON.parse: numbers keep the text that they were written in. */
function keepNumberText(this: unknown, _key: string, value: unknown, context?: NumberSource): unknown {
  return typeof value === 'number' && context?.source !== undefined ? new NumberText(context.source) : value;
}

/** Blanks within a record; a line feed would be its end. */
function skipBlanks(bytes: Uint8Array, at: number): number {
  let index = at;
  while (bytes[index] === 0x20 || bytes[index] === 0x09 || bytes[index] === 0x0d) index++;
  return index;
}

/** The closing quote of a plain string; -1 where it has escapes or does not end in this line. */
function endOfString(bytes: Uint8Array, at: number): number {
  let index = at;
  let byte = bytes[index];
  while (byte !== quote && byte !== backslash && byte >= 0x20) byte = bytes[++index];
  return byte === quote ? index : -1;
}

/** The end of a value that nobody asks for; -1 where it is nested or not plain. */
function endOfValue(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === quote) {
    const end = endOfString(bytes, at + 1);
    return end < 0 ? -1 : end + 1;
  }
  if (isDigit(byte) || byte === minus) return endOfNumber(bytes, at);
  for (const word of words) {
    let same = 0;
    while (same < word.length && word[same] === bytes[at + same]) same++;
    if (same === word.length) return at + same;
  }
  return -1;
}

/** A JSON number without an exponent. */
function endOfNumber(bytes: Uint8Array, at: number): number {
  const start = bytes[at] === minus ? at + 1 : at;
  let index = endOfDigits(bytes, start);
  if (index === start || (bytes[start] === zero && index > start + 1)) return -1;
  if (bytes[index] !== point) return index;
  index = endOfDigits(bytes, index + 1);
  return isDigit(bytes[index - 1]) ? index : -1;
}

function endOfDigits(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isDigit(bytes[index])) index++;
  return index;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}
