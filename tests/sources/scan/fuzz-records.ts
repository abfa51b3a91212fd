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
import { jsonObjects, textAt } from './json-oracle.ts';
import { oracleTick, type OracleTick } from './record-oracle.ts';
import { csvLine, jsonLine, mutated } from './random-lines.ts';
import { TestRandom } from './test-random.ts';

const allColumns: readonly TickField[] = [
  'trade_id',
  'event_time',
  'side',
  'price',
  'size',
  'symbol',
  'venue',
];
const venue = 'home';

/**
 * What a scanner makes of one line: by its fast way alone, by its judge alone, and together as the source
 * does it.
 */
export class ScannedLine {
  readonly instruments = new InstrumentTable();
  readonly #scanner: RecordScanner;
  readonly #ids: IdKind;

  constructor(
    format: 'csv' | 'ndjson',
    of: { ids: IdKind; defaultSymbol: string | null; columns?: readonly (TickField | null)[] },
  ) {
    const finder = new InstrumentFinder(this.instruments, { venue, symbol: of.defaultSymbol });
    const rules: RecordRules = {
      names: fieldNames('fuzz', {}, 'ms'),
      unit: 'ms',
      finder,
      hasDefaultSymbol: of.defaultSymbol !== null,
    };
    this.#ids = of.ids;
    this.#scanner =
      format === 'csv' ? new CsvScanner(of.columns ?? allColumns, rules) : new JsonScanner(rules, of.ids);
  }

  /** Null where the scanner leaves it to the judge. What stands behind the line must not matter. */
  scan(line: Buffer): OracleTick | null {
    const columns = new TickColumns(4, this.#ids);
    const bytes = Buffer.concat([Buffer.from('1,2\n'), line, Buffer.from('\n99,"x{')]);
    const end = this.#scanner.scan(bytes, 4, columns);
    if (end >= 0 && end !== 4 + line.length + 1)
      throw new Error(`the scanner stopped at ${end - 4} of ${line.length}`);
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
    const lane = { name: '', source: '', generation: 1, pausable: true, complete: false, fromPosition: 0, storedUntilMs: 0 };
    const batch = columns.finish({ lane, receivedTimeMs: 0, nextPosition: 1, atLogEnd: false })!;
    return {
      price: batch.price[0],
      size: batch.size[0],
      eventTimeMs: batch.eventTimeMs[0],
      side: batch.side[0],
      venue: this.instruments.venue(batch.instrument[0]),
      symbol: this.instruments.symbol(batch.instrument[0]),
      tradeId: batch.tradeId?.[0] ?? null,
    };
  }
}

/**
 * Mutated lines of CSV against csv-parse and plain arithmetic. Throws with seed and line at the first
 * difference.
 */
export function fuzzCsv(seed: number, cases: number): { readonly scanned: number; readonly refused: number } {
  const cellsOf = (line: Buffer): ReadonlyMap<string, string> | null => {
    const text = (line.at(-1) === 0x0d ? line.subarray(0, -1) : line).toString();
    try {
      const rows: string[][] = parse(text, { record_delimiter: '\n', relax_column_count: true });
      if (rows.length !== 1 || rows[0].length !== allColumns.length) return null;
      return new Map(
        allColumns.map((field, index) => [field === 'event_time' ? 'event_time_ms' : field, rows[0][index]]),
      );
    } catch {
      return null;
    }
  };
  return fuzz({ format: 'csv', seed, cases, line: csvLine, textsOf: cellsOf });
}

/** Mutated lines of JSON against JSON.parse and plain arithmetic. */
export function fuzzJson(
  seed: number,
  cases: number,
): { readonly scanned: number; readonly refused: number } {
  return fuzz({ format: 'ndjson', seed, cases, line: jsonLine, textsOf: membersOf });
}

/** The same, but so many lines in a row are one line with a change each: what was learnt of it is used for the others. */
export function fuzzLikeLines(seed: number, cases: number): { readonly scanned: number; readonly refused: number } {
  return fuzz({ format: 'ndjson', seed, cases, line: jsonLine, textsOf: membersOf, alike: 40 });
}

/** The members of the line as text, numbers as they were written; null where the line is no JSON object. */
function membersOf(line: Buffer): ReadonlyMap<string, string | undefined> | null {
  const text = line.toString();
  const objects = text.trimStart().startsWith('[') ? null : jsonObjects(text);
  if (objects === null) return null;
  return new Map([...objects[0].keys()].map((key) => [key, textAt(objects[0], [key])]));
}

interface Fuzzing {
  readonly format: 'csv' | 'ndjson';
  readonly seed: number;
  readonly cases: number;
  readonly line: (random: TestRandom) => string;
  readonly textsOf: (line: Buffer) => ReadonlyMap<string, string | undefined> | null;
  /** Lines in a row that are one line, first as it is and then with a change each, for a scanner that knew none before. */
  readonly alike?: number;
}

type SetUp = Parameters<typeof oracleTick>[1] & { readonly lines: ScannedLine };

function setupsOf(format: 'csv' | 'ndjson'): readonly SetUp[] {
  return (['unique', 'monotone', 'absent'] as const).flatMap((ids) =>
    ['DEF', null].map((defaultSymbol) => {
      return { ids, defaultSymbol, venue, lines: new ScannedLine(format, { ids, defaultSymbol }) };
    }),
  );
}

function fuzz(of: Fuzzing): { readonly scanned: number; readonly refused: number } {
  const random = new TestRandom(of.seed);
  let [scannedCount, refusedCount] = [0, 0];
  const { alike = 1 } = of;
  let setups = setupsOf(of.format);
  let base = '';
  for (let n = 0; n < of.cases; n++) {
    const isFirst = alike > 1 && n % alike === 0;
    if (isFirst) setups = [random.pick(setupsOf(of.format))];
    if (n % alike === 0) base = of.line(random);
    const line = isFirst ? Buffer.from(base) : mutated(Buffer.from(base), random);
    if (line.toString('latin1').trim() === '') continue;
    const setup = random.pick(setups);
    const texts = of.textsOf(line);
    const wanted = texts === null ? null : oracleTick(texts, setup, isUtf8(line));
    const scanned = setup.lines.scan(line);
    const judged = setup.lines.judge(line);
    const where = `seed ${of.seed}, case ${n}, ids ${setup.ids}, line ${JSON.stringify(line.toString('latin1'))}`;
    if (!same(judged.tick, wanted))
      throw new Error(`${where}: judged ${shown(judged)}, wanted ${shown(wanted)}`);
    if (scanned !== null && !same(scanned, wanted))
      throw new Error(`${where}: scanned ${shown(scanned)}, wanted ${shown(wanted)}`);
    if ((judged.reason === 'malformed') !== (texts === null)) throw new Error(`${where}: ${judged.reason}`);
    if (scanned !== null) scannedCount++;
    if (wanted === null) refusedCount++;
  }
  return { scanned: scannedCount, refused: refusedCount };
}

export function same(a: OracleTick | null, b: OracleTick | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    Object.is(a.price, b.price) &&
    Object.is(a.size, b.size) &&
    a.eventTimeMs === b.eventTimeMs &&
    a.side === b.side &&
    a.venue === b.venue &&
    a.symbol === b.symbol &&
    a.tradeId === b.tradeId
  );
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
