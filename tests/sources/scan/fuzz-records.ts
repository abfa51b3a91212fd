import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { InstrumentTable } from '../../../src/model/instruments.ts';
import { CsvScanner } from '../../../src/sources/scan/csv.ts';
import { InstrumentFinder } from '../../../src/sources/scan/instrument-finder.ts';
import { JsonScanner } from '../../../src/sources/scan/json.ts';
import type { RecordScanner } from '../../../src/sources/scan/record-scanner.ts';
import { fieldNames, type TickField } from '../../../src/sources/scan/tick-fields.ts';
import type { RecordRules } from '../../../src/sources/scan/tick-judge.ts';
import { TickColumns, type IdKind } from '../../../src/sources/tick-columns.ts';
import { oracleTick, type OracleTick } from './record-oracle.ts';
import { TestRandom } from './test-random.ts';

const allColumns: readonly TickField[] = ['trade_id', 'event_time', 'side', 'price', 'size', 'symbol', 'venue'];
const venue = 'home';

/** What a scanner makes of one line: by its fast way alone, by its judge alone, and together as the source does it. */
export class ScannedLine {
  readonly instruments = new InstrumentTable();
  readonly #scanner: RecordScanner;
  readonly #ids: IdKind;

  constructor(format: 'csv' | 'ndjson', of: { ids: IdKind; defaultSymbol: string | null; columns?: readonly (TickField | null)[] }) {
    const finder = new InstrumentFinder(this.instruments, { venue, symbol: of.defaultSymbol });
    const rules: RecordRules = {
      names: fieldNames('fuzz', {}, 'ms'), unit: 'ms', finder, hasDefaultSymbol: of.defaultSymbol !== null,
    };
    this.#ids = of.ids;
    this.#scanner = format === 'csv' ? new CsvScanner(of.columns ?? allColumns, rules) : new JsonScanner(rules, of.ids);
  }

  /** Null where the scanner leaves it to the judge. What stands behind the line must not matter. */
  scan(line: Buffer): OracleTick | null {
    const columns = new TickColumns(4, this.#ids);
    const bytes = Buffer.concat([Buffer.from('1,2\n'), line, Buffer.from('\n99,"x{')]);
    const end = this.#scanner.scan(bytes, 4, columns);
    if (end >= 0 && end !== 4 + line.length + 1) throw new Error(`the scanner stopped at ${end - 4} of ${line.length}`);
    return end < 0 ? null : this.#tickOf(columns);
  }

  judge(line: Buffer): { tick: OracleTick | null; reason: string | null } {
    const columns = new TickColumns(4, this.#ids);
    const stripped = line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    const fault = this.#scanner.judge(stripped, columns);
    return { tick: fault === null ? this.#tickOf(columns) : null, reason: fault?.reason ?? null };
  }

  #tickOf(columns: TickColumns): OracleTick {
    columns.length = 1;
    const lane = { name: '', source: '', generation: 1, pausable: true, complete: false, storedUntilMs: 0 };
    const batch = columns.finish({ lane, receivedTimeMs: 0, nextPosition: 1, atLogEnd: false })!;
    return {
      price: batch.price[0], size: batch.size[0], eventTimeMs: batch.eventTimeMs[0], side: batch.side[0],
      venue: this.instruments.venue(batch.instrument[0]), symbol: this.instruments.symbol(batch.instrument[0]),
      tradeId: batch.tradeId?.[0] ?? null,
    };
  }
}

/** Mutated lines of CSV against csv-parse and plain arithmetic. Throws with seed and line at the first difference. */
export function fuzzCsv(seed: number, cases: number): { readonly scanned: number; readonly refused: number } {
  const cellsOf = (line: Buffer): ReadonlyMap<string, string> | null => {
    const text = (line.at(-1) === 0x0d ? line.subarray(0, -1) : line).toString();
    try {
      const rows: string[][] = parse(text, { record_delimiter: '\n', relax_column_count: true });
      if (rows.length !== 1 || rows[0].length !== allColumns.length) return null;
      return new Map(allColumns.map((field, index) => [field === 'event_time' ? 'event_time_ms' : field, rows[0][index]]));
    } catch {
      return null;
    }
  };
  return fuzz({ format: 'csv', seed, cases, line: csvLine, textsOf: cellsOf });
}

/** Mutated lines of JSON against JSON.parse and plain arithmetic. */
export function fuzzJson(seed: number, cases: number): { readonly scanned: number; readonly refused: number } {
  return fuzz({ format: 'ndjson', seed, cases, line: jsonLine, textsOf: membersOf });
}

/** The members of the last line as text, numbers as they were written; null where the line is no JSON object. */
function membersOf(line: Buffer): ReadonlyMap<string, string | undefined> | null {
  const source = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' ? { number: context!.source! } : value;
  try {
    const record: unknown = JSON.parse(line.toString(), source);
    if (typeof record !== 'object' || record === null || Array.isArray(record) || isNumber(record, line)) return null;
    return new Map(Object.entries(record).map(([key, value]) => [key, textOf(value)]));
  } catch {
    return null;
  }
}

/** A line that is one bare number. */
function isNumber(record: object, line: Buffer): boolean {
  return Object.hasOwn(record, 'number') && !line.toString().trimStart().startsWith('{');
}

/** Undefined for null, which is as good as absent; what is no text and no number is no value of any field. */
function textOf(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  const isNumberText = typeof value === 'object' && Object.hasOwn(value, 'number') && Object.keys(value).length === 1;
  return isNumberText ? (value as { number: string }).number : '\u0000';
}

interface Fuzzing {
  readonly format: 'csv' | 'ndjson';
  readonly seed: number;
  readonly cases: number;
  readonly line: (random: TestRandom) => string;
  readonly textsOf: (line: Buffer) => ReadonlyMap<string, string | undefined> | null;
}

function fuzz(of: Fuzzing): { readonly scanned: number; readonly refused: number } {
  const random = new TestRandom(of.seed);
  let [scannedCount, refusedCount] = [0, 0];
  const setups = (['unique', 'monotone', 'absent'] as const).flatMap((ids) => ['DEF', null].map((defaultSymbol) => {
    return { ids, defaultSymbol, venue, lines: new ScannedLine(of.format, { ids, defaultSymbol }) };
  }));
  for (let n = 0; n < of.cases; n++) {
    const line = mutated(Buffer.from(of.line(random)), random);
    if (line.toString('latin1').trim() === '') continue;
    const setup = random.pick(setups);
    const texts = of.textsOf(line);
    const wanted = texts === null ? null : oracleTick(texts, setup, isUtf8(line));
    const scanned = setup.lines.scan(line);
    const judged = setup.lines.judge(line);
    const where = `seed ${of.seed}, case ${n}, ids ${setup.ids}, line ${JSON.stringify(line.toString('latin1'))}`;
    if (!same(judged.tick, wanted)) throw new Error(`${where}: judged ${shown(judged)}, wanted ${shown(wanted)}`);
    if (scanned !== null && !same(scanned, wanted)) throw new Error(`${where}: scanned ${shown(scanned)}, wanted ${shown(wanted)}`);
    if ((judged.reason === 'malformed') !== (texts === null)) throw new Error(`${where}: ${judged.reason}`);
    if (scanned !== null) scannedCount++;
    if (wanted === null) refusedCount++;
  }
  return { scanned: scannedCount, refused: refusedCount };
}

function same(a: OracleTick | null, b: OracleTick | null): boolean {
  if (a === null || b === null) return a === b;
  return Object.is(a.price, b.price) && Object.is(a.size, b.size) && a.eventTimeMs === b.eventTimeMs && a.side === b.side &&
    a.venue === b.venue && a.symbol === b.symbol && a.tradeId === b.tradeId;
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}

const ids = ['13519807', '0', '007', '9007199254740991', '9007199254740992', 'a1b2-c3', '3f2504e0-4f89-11d3', '', 'ü1', '12e3', 'x'.repeat(129)];
const times = ['1570752011620', '1570752011620.5', '1570752011', '1570752011620123', '1.5e12', '+1570752011620', '', 'now'];
const sides = ['buy', 'sell', 'BUY', 'b', 'S', '', 'unknown', 'bid', 'buyer'];
const decimals = ['0.00141342', '23', '23.00', '-5', '0', '.5', '5.', '1e-3', '1e400', 'NaN', '1234567890123456.7', '0.30000000000000004', '00.5', ''];
const symbols = ['XRPETH', 'BTC-USDT', 'SC/EUR', '__proto__', 'ÄÖ', '', 'A B', 'x'.repeat(64), 'x'.repeat(65), 'constructor', 'a,b', 'a""b'];

function csvLine(random: TestRandom): string {
  const cell = (values: readonly string[]): string => {
    const value = random.below(8) > 0 ? values[0] : random.pick(values);
    return random.below(6) === 0 ? `"${value}"` : value;
  };
  const cells = [ids, times, sides, decimals, decimals, symbols, symbols].map(cell);
  return cells.join(',') + random.pick(['', '', '', '\r']);
}

function jsonLine(random: TestRandom): string {
  const one = (values: readonly string[]): string => random.below(8) > 0 ? values[0] : random.pick(values);
  const blank = (): string => random.below(8) === 0 ? random.pick([' ', '\t', '  ', '\r']) : '';
  const value = (text: string): string => random.below(2) === 0 ? text : JSON.stringify(text);
  const members = [
    `"trade_id":${value(one(ids))}`, `"event_time_ms":${value(one(times))}`, `"side":${JSON.stringify(one(sides))}`,
    `"price":${blank()}${value(one(decimals))}`, `"size":${value(one(decimals))}`, `"symbol":${JSON.stringify(one(symbols))}`,
    `"venue"${blank()}:${JSON.stringify(one(symbols))}`,
    random.pick(['"x":null', '"x":true', '"y":[1,{"price":2}]', '"z":-1.5e3', '"__proto__":{"price":1}', '"price":3', '"\\u0070rice":4', '"q":"a\\"b"']),
  ].filter((_, index) => index < 7 ? random.below(40) > 0 : random.below(2) > 0);
  if (random.below(4) > 0) members.sort(() => random.uniform() - 0.5);
  return `${blank()}{${members.join(`,${blank()}`)}}${blank()}`;
}

const pieces = ['"', ',', ':', '{', '}', '\\', '\r', ' ', '\t', '0', '9', '.', '-', '+', 'e', 'E', 'null', '""', '\\u0041', '\u0001', '\u2028', 'ß'];

/** Up to three random changes of bytes; never a line feed. */
function mutated(line: Buffer, random: TestRandom): Buffer {
  let bytes = [...line];
  for (let changes = random.pick([0, 0, 1, 1, 2, 3]); changes > 0; changes--) {
    const at = random.below(bytes.length + 1);
    switch (random.below(5)) {
      case 0: bytes.splice(at, 1); break;
      case 1: bytes.splice(at, 0, ...Buffer.from(random.pick(pieces))); break;
      case 2: bytes.splice(at, 1, random.below(256)); break;
      case 3: bytes.splice(at, 0, ...bytes.slice(at, at + random.below(12))); break;
      default: bytes = bytes.slice(0, at);
    }
  }
  return Buffer.from(bytes.filter((byte) => byte !== 0x0a));
}
