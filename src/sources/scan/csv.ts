import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { messageOf } from '../../errors.ts';
import { side } from '../../model/tick-batch.ts';
import type { TickColumns } from '../tick-columns.ts';
import { scanDecimal } from './decimal.ts';
import { eventTimeScan, type EventTimeScan } from './event-time.ts';
import { carriageReturn, comma, lineFeed, quote, scanSide, type RecordScanner } from './record-scanner.ts';
import type { TickField, TickTexts } from './tick-fields.ts';
import { TickJudge, type Fault, type RecordRules } from './tick-judge.ts';
import { scanTextId, scanWholeId } from './trade-id.ts';

/** What each column of the file holds; null where nobody asks. */
export type CsvColumns = readonly (TickField | null)[];

/** Columns as small numbers: a jump instead of comparisons. */
const code = {
  price: 1, size: 2, event_time: 3, side: 4, trade_id: 5, symbol: 6, venue: 7,
} as const satisfies Record<TickField, number>;

/** The cells of a line, or what csv-parse says is wrong with it. A line without quotes needs no parser. */
export function splitCsv(line: string): readonly string[] | string {
  if (!line.includes('"')) return line.split(',');
  try {
    const rows = parse(line, { record_delimiter: '\n', relax_column_count: true });
    return rows.length === 1 ? rows[0] : 'a quoted field runs over the end of the line';
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Lines of comma-separated values. A record is a line, always: a quoted field that runs over a line break is
 * refused, so that a stray quote costs one record and not all that follow. csv-parse judges lines with quotes
 * that are not plain.
 */
export class CsvScanner implements RecordScanner {
  readonly #columns: CsvColumns;
  readonly #rules: RecordRules;
  readonly #judge: TickJudge;
  readonly #scanTime: EventTimeScan;
  readonly #codes: Uint8Array;
  readonly #hasNames: boolean;
  /** Of the last record; of all where no column names it. */
  #instrument = -1;
  readonly #out = new Float64Array(2);

  constructor(columns: CsvColumns, rules: RecordRules) {
    this.#columns = columns;
    this.#codes = Uint8Array.from(columns, (field) => (field === null ? 0 : code[field]));
    this.#hasNames = columns.includes('symbol') || columns.includes('venue');
    this.#rules = rules;
    this.#judge = new TickJudge(rules);
    this.#scanTime = eventTimeScan(rules.unit);
    rules.finder.symbol.set(-1, -1); // Another file may have had these columns.
    rules.finder.venue.set(-1, -1);
  }

  scan(bytes: Buffer, at: number, columns: TickColumns): number {
    const row = columns.length;
    const last = this.#codes.length - 1;
    const { symbol, venue } = this.#rules.finder;
    let index = at;
    columns.side[row] = side.unknown;
    for (let column = 0; column <= last; column++) {
      const isQuoted = bytes[index] === quote;
      if (isQuoted) index++;
      const start = index;
      switch (this.#codes[column]) {
        case code.price:
          index = scanDecimal(bytes, start, this.#out);
          columns.price[row] = this.#out[0];
          break;
        case code.size:
          index = scanDecimal(bytes, start, this.#out);
          columns.size[row] = this.#out[0];
          break;
        case code.event_time:
          index = this.#scanTime(bytes, start, this.#out);
          columns.eventTimeMs[row] = this.#out[0];
          break;
        case code.side: index = scanSide(bytes, start, columns); break;
        case code.trade_id: index = this.#id(bytes, start, columns); break;
        default:
          index = endOfCell(bytes, start, isQuoted);
          if (this.#codes[column] === code.symbol) symbol.set(start, index);
          else if (this.#codes[column] === code.venue) venue.set(start, index);
      }
      if (index < 0 || (isQuoted && bytes[index++] !== quote)) return -1;
      if (column < last && bytes[index++] !== comma) return -1;
    }
    if (bytes[index] === carriageReturn) index++;
    if (bytes[index] !== lineFeed) return -1;
    if (this.#hasNames || this.#instrument < 0) this.#instrument = this.#rules.finder.find(bytes);
    columns.instrument[row] = this.#instrument;
    return this.#instrument < 0 ? -1 : index + 1;
  }

  /** Reads an id, which may be a number or text. */
  #id(bytes: Buffer, at: number, columns: TickColumns): number {
    if (columns.ids === 'absent') return endOfCell(bytes, at, bytes[at - 1] === quote);
    const index = scanWholeId(bytes, at, this.#out);
    const byte = bytes[index];
    if (index < 0 || (byte !== comma && byte !== quote && byte !== lineFeed && byte !== carriageReturn)) {
      return scanTextId(bytes, at, columns);
    }
    columns.tradeId[columns.length] = this.#out[0];
    return index;
  }

  judge(line: Buffer, columns: TickColumns): Fault | null {
    const cells = splitCsv(line.toString());
    if (typeof cells === 'string') return { reason: 'malformed', message: `the line is not CSV: ${cells}` };
    if (cells.length !== this.#columns.length) {
      const message = `the line has ${cells.length} fields where the header has ${this.#columns.length}`;
      return { reason: 'malformed', message };
    }
    const texts: TickTexts = {};
    for (const [index, field] of this.#columns.entries()) {
      if (field !== null) texts[field] = cells[index];
    }
    return this.#judge.judge(texts, columns, () => isUtf8(line));
  }
}

/** The end of a cell that holds text. */
function endOfCell(bytes: Uint8Array, at: number, isQuoted: boolean): number {
  const divider = isQuoted ? quote : comma;
  let index = at;
  let byte = bytes[index];
  while (byte !== divider && byte !== quote && byte !== lineFeed && byte !== carriageReturn) {
    byte = bytes[++index];
  }
  return index;
}
