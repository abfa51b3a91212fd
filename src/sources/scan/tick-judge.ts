import { side, type RejectReason } from '../../model/tick-batch.ts';
import type { TickColumns } from '../tick-columns.ts';
import { parseDecimal } from './decimal.ts';
import { parseEventTime, type EventTimeUnit } from './event-time.ts';
import type { InstrumentFinder } from './instrument-finder.ts';
import { quoted } from './quoted.ts';
import { requiredFields, type FieldNames, type TickTexts } from './tick-fields.ts';

/** Why a record holds no tick. */
export interface Fault {
  readonly reason: RejectReason;
  readonly message: string;
  /** The unit in which its event time would be one of our days. */
  readonly looksLike?: EventTimeUnit;
}

/** What a scanner needs to know of the records. */
export interface RecordRules {
  readonly names: FieldNames;
  readonly unit: EventTimeUnit;
  readonly finder: InstrumentFinder;
  /** Whether a record may leave its symbol out. */
  readonly hasDefaultSymbol: boolean;
}

const sides: ReadonlyMap<string, number> = new Map([
  ['buy', side.buy], ['b', side.buy], ['sell', side.sell], ['s', side.sell],
  ['unknown', side.unknown], ['', side.unknown],
]);
const idCharactersMax = 128;
/** What invalid UTF-8 is decoded to. */
const replacement = '\ufffd';

/**
 * Reads a tick from the texts of its fields. It is the one policy for records of every format: the scanners
 * read what is plain without it and must agree with it on all that they read.
 */
export class TickJudge {
  readonly #rules: RecordRules;

  constructor(rules: RecordRules) {
    this.#rules = rules;
  }

  /**
   * Writes row `columns.length`, or says what is wrong. `isUtf8` tells whether the bytes that the texts were
   * decoded from were valid.
   */
  judge(texts: TickTexts, columns: TickColumns, isUtf8: () => boolean): Fault | null {
    const missing = this.#missing(texts);
    if (missing !== null) return missing;
    const row = columns.length;
    const price = parseDecimal(texts.price!);
    if (price === null) return fault('bad-price', `price ${quoted(texts.price!)} is no finite decimal number`);
    const size = parseDecimal(texts.size!);
    if (size === null) return fault('bad-size', `size ${quoted(texts.size!)} is no finite decimal number`);
    const aggressor = sides.get((texts.side ?? '').toLowerCase());
    if (aggressor === undefined) return fault('bad-side', `side ${quoted(texts.side!)} is not buy, sell, unknown`);
    const found = this.#time(texts.event_time!, columns) ?? this.#instrument(texts, columns, isUtf8) ??
      idFault(texts, columns, isUtf8);
    if (found !== null) return found;
    columns.price[row] = price.value;
    columns.size[row] = size.value;
    columns.side[row] = aggressor;
    columns.inexactCount += Number(price.inexact) + Number(size.inexact);
    return null;
  }

  #missing(texts: TickTexts): Fault | null {
    for (const field of requiredFields) {
      if (texts[field] === undefined) return fault('missing-field', `there is no ${this.#rules.names[field]}`);
    }
    if (texts.symbol !== undefined || this.#rules.hasDefaultSymbol) return null;
    return fault('missing-field', `there is no ${this.#rules.names.symbol}, and the source sets no symbol`);
  }

  #time(text: string, columns: TickColumns): Fault | null {
    const time = parseEventTime(text, this.#rules.unit);
    if (typeof time === 'number') {
      columns.eventTimeMs[columns.length] = time;
      return null;
    }
    const message = `event time ${quoted(text)} ${time.problem}`;
    if (time.looksLike === null) return { reason: 'bad-time', message };
    const hint = `it looks like ${time.looksLike}: set event_time_unit to ${time.looksLike}`;
    return { reason: 'bad-time', message: `${message}; ${hint}`, looksLike: time.looksLike };
  }

  #instrument(texts: TickTexts, columns: TickColumns, isUtf8: () => boolean): Fault | null {
    const names = `${texts.symbol ?? ''}${texts.venue ?? ''}`;
    if (names.includes(replacement) && !isUtf8()) {
      return { reason: 'bad-symbol', message: `symbol ${quoted(texts.symbol ?? '')} is not valid UTF-8` };
    }
    const instrument = this.#rules.finder.intern(texts.venue, texts.symbol);
    if (typeof instrument === 'string') return { reason: 'bad-symbol', message: instrument };
    columns.instrument[columns.length] = instrument;
    return null;
  }
}

const idRules = {
  monotone: 'a whole number from 0 to 2^53 - 1, as ids: monotone promises',
  unique: `a text of 1 to ${idCharactersMax} characters without control characters`,
} as const;

/** Writes the id of row `columns.length`, or says what is wrong with it. */
function idFault(texts: TickTexts, columns: TickColumns, isUtf8: () => boolean): Fault | null {
  if (columns.ids === 'absent') return null;
  const id = texts.trade_id;
  if (id === undefined) return fault('missing-field', 'there is no trade id; set ids to absent where there are none');
  const isNumber = columns.ids === 'monotone' ? /^\d{1,40}$/.test(id) : /^(?:0|[1-9]\d{0,15})$/.test(id);
  if (isNumber && Number.isSafeInteger(Number(id))) {
    columns.tradeId[columns.length] = Number(id);
    return null;
  }
  const isShort = id !== '' && id.length <= idCharactersMax;
  if (columns.ids !== 'unique' || !isShort || !isPrintable(id, isUtf8)) {
    return fault('bad-trade-id', `trade id ${quoted(id)} is not ${idRules[columns.ids]}`);
  }
  columns.setTextId(id);
  return null;
}

function fault(reason: RejectReason, message: string): Fault {
  return { reason, message };
}

function isPrintable(text: string, isUtf8: () => boolean): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text) && (!text.includes(replacement) || isUtf8());
}
