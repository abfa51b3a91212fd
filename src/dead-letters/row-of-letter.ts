import type { BarColumns } from '../model/bar.ts';
import type { StoredLetter } from '../model/dead-letter.ts';
import type { Gap, GapReason } from '../model/gap.ts';
import type { IndicatorColumns, IndicatorLine } from '../model/indicator.ts';
import { InstrumentTable } from '../model/instruments.ts';
import type { Lane } from '../model/lane.ts';
import { createRowBatch, type LateTick, type RowBatch } from '../model/rows.ts';

/** One row that can be written again, with the names of what it carries as indices. */
export interface LetterRow {
  readonly batch: RowBatch;
  readonly names: {
    readonly instruments: InstrumentTable;
    readonly specNames: readonly string[];
    readonly indicatorLines: readonly IndicatorLine[];
  };
}

/** The bytes of a letter are not a row that this version can read. The message says what was found. */
export class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow';
}

/**
 * The row that a letter of origin `row` kept, with its own stamp: generation and position of the letter's key. Reads what
 * sinks/set-aside.ts writes. Throws an UnreadableRow.
 */
export function rowOfLetter(letter: StoredLetter): LetterRow {
  const fields = new Fields(letter.bytes);
  const kind = fields.text('kind');
  const row = { batch: createRowBatch(laneOf(letter), 0, letter.lastAtMs, 1), instruments: new InstrumentTable(), fields };
  const specNames = kind === 'bar' ? [fields.text('barSpec')] : [];
  const indicatorLines = kind === 'indicator'
    ? [{ indicator: fields.text('indicator'), barSpec: fields.text('barSpec') }] : [];
  if (kind === 'bar') addBar(row);
  else if (kind === 'indicator') addValue(row);
  else if (kind === 'late-tick') row.batch.lateTicks.push(lateTickOf(row));
  else if (kind === 'gap') row.batch.gaps.push(gapOf(row));
  else throw new UnreadableRow(`its kind is "${kind}", which is none of bar, indicator, late-tick, gap`);
  return { batch: row.batch, names: { instruments: row.instruments, specNames, indicatorLines } };
}

interface OpenRow {
  readonly batch: RowBatch;
  readonly instruments: InstrumentTable;
  readonly fields: Fields;
}

/** As far as a write looks at it. */
function laneOf({ lane, generation }: StoredLetter): Lane {
  return { name: lane, source: '', generation, pausable: true, complete: false, fromPosition: 0, storedUntilMs: Infinity };
}

const barNumbers = [
  'openTimeMs', 'closeTimeMs', 'barIndex', 'open', 'high', 'low', 'close', 'volume', 'notional', 'trades', 'buyVolume',
  'sellVolume', 'quality', 'state', 'revision', 'position',
] as const satisfies readonly (keyof BarColumns)[];

function addBar({ batch: { bars }, instruments, fields }: OpenRow): void {
  const row = bars.add();
  bars.spec[row] = 0;
  bars.instrument[row] = instruments.intern(fields.text('venue'), fields.text('symbol'));
  for (const column of barNumbers) bars[column][row] = fields.number(column);
  bars.whole[row] = fields.flag('whole') ? 1 : 0;
  bars.again[row] = 1;
}

const valueNumbers = [
  'openTimeMs', 'closeTimeMs', 'barIndex', 'quality', 'state', 'revision', 'position',
] as const satisfies readonly (keyof IndicatorColumns)[];

function addValue({ batch: { indicators }, instruments, fields }: OpenRow): void {
  const row = indicators.add();
  indicators.line[row] = 0;
  indicators.instrument[row] = instruments.intern(fields.text('venue'), fields.text('symbol'));
  for (const column of valueNumbers) indicators[column][row] = fields.number(column);
  indicators.value[row] = fields.numberOrNull('value') ?? NaN;
  indicators.whole[row] = fields.flag('whole') ? 1 : 0;
  indicators.again[row] = 1;
}

function lateTickOf({ instruments, fields }: OpenRow): LateTick {
  return {
    instrument: instruments.intern(fields.text('venue'), fields.text('symbol')),
    eventTimeMs: fields.number('eventTimeMs'), price: fields.number('price'), size: fields.number('size'),
    side: fields.number('side'), tradeId: fields.id('tradeId'), watermarkMs: fields.number('watermarkMs'),
    position: fields.number('position'), counter: fields.number('counter'),
  };
}

function gapOf({ batch, instruments, fields }: OpenRow): Gap {
  const [venue, symbol, barSpec] = [fields.text('venue'), fields.text('symbol'), fields.text('barSpec')];
  // A gap of several instruments has all their symbols in one text, and those of several venues no venue at all.
  if (symbol !== '' && (venue === '' || symbol.includes(' '))) {
    throw new UnreadableRow('it is a gap of several instruments, which cannot be told apart');
  }
  return {
    kind: 'gap', lane: batch.lane, position: fields.number('position'),
    instruments: symbol === '' ? 'all' : Int32Array.of(instruments.intern(venue, symbol)),
    venue: venue === '' ? 'all' : instruments.venueIndex(venue),
    fromMs: fields.number('fromMs'), untilMs: fields.number('untilMs'), reason: fields.text('reason') as GapReason,
    ticksLost: fields.number('ticksLost'), ...(barSpec === '' ? {} : { barSpec }),
  };
}

/** The fields of a JSON object, each read as what it must be. */
class Fields {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(bytes: Uint8Array) {
    this.#values = new Map(Object.entries(parseObject(Buffer.from(bytes).toString('utf8'))));
  }

  text(name: string): string {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : this.#fail(name, 'a text');
  }

  /** What JSON has no number for (NaN, the infinities, negative zero) is written as text. */
  number(name: string): number {
    const value = this.#values.get(name);
    if (typeof value === 'number') return value;
    return value === '-0' || value === 'NaN' || value === 'Infinity' || value === '-Infinity'
      ? Number(value) : this.#fail(name, 'a number');
  }

  numberOrNull(name: string): number | null {
    return this.#values.get(name) === null ? null : this.number(name);
  }

  flag(name: string): boolean {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : this.#fail(name, 'true or false');
  }

  id(name: string): string | number | null {
    const value = this.#values.get(name) ?? null;
    return value === null || typeof value === 'string' || typeof value === 'number' ? value : this.#fail(name, 'an id');
  }

  #fail(name: string, wanted: string): never {
    throw new UnreadableRow(`its ${name} is ${JSON.stringify(this.#values.get(name)) ?? 'missing'}, not ${wanted}`);
  }
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new UnreadableRow('its bytes are not JSON', { cause: error });
  }
  throw new UnreadableRow('its bytes are not a JSON object');
}
