import { isUtf8 } from 'node:buffer';
import type { Settings } from '../../../model/setting.ts';
import { isObject, JsonJudge, parseJson, type RecordAround } from '../../scan/json-judge.ts';
import { JsonObjectScanner, neededBits } from '../../scan/json-object.ts';
import { closeBracket, fourthBlank, openBracket, skipBlanks } from '../../scan/json-text.ts';
import { comma } from '../../scan/record-scanner.ts';
import type { Fault } from '../../scan/tick-judge.ts';
import { TickColumns } from '../../tick-columns.ts';
import { readAll } from './all-or-none.ts';
import type { Decoded, DecoderContext, DecoderType, Message, MessageDecoder, NoRoom } from './decoder.ts';
import { faultOfSize, keyText, messageFields, type MessageFields } from './message-fields.ts';

const anyBlank = fourthBlank('blank');
/** Only the judge can tell. */
const unclear = -1;
/** What some writers put before their text; RFC 8259 lets readers pass it. */
const byteOrderMark = '\ufeff';

/**
 * A tick as JSON object, or an array of such objects.
 *
 * While a message is scanned, nobody looks where it ends: the bytes behind it belong to the next one and may look
 * like JSON. But a scan only goes forward, and what it accepts ends with a closing brace or bracket; if that one is
 * a byte of this message, so is all that was read before it. That is checked once, behind it.
 */
export class JsonDecoder implements MessageDecoder {
  readonly #fields: MessageFields;
  readonly #object: JsonObjectScanner;
  readonly #judge: JsonJudge;
  /** Takes the ticks of an array that the columns have no room for, one over the other: they are only counted. */
  readonly #spare: TickColumns;
  /** Behind what was scanned last. */
  #end = 0;

  /** Throws an MdpError `config-invalid` where the settings contradict each other. */
  constructor(context: DecoderContext) {
    const fields = messageFields(context);
    const { rules, paths, keys, ids, isSymbolInKey } = fields;
    const needed = neededBits(rules, ids, !isSymbolInKey);
    const layout = { ids, keys, needed, hasSymbol: !isSymbolInKey, lineBreaks: 'blank' } as const;
    this.#fields = fields;
    this.#object = new JsonObjectScanner(rules, layout);
    this.#judge = new JsonJudge(rules, paths);
    this.#spare = new TickColumns(1, ids);
  }

  decode(message: Message, columns: TickColumns): Decoded {
    const { bytes, valueStart, valueEnd } = message;
    const fault = faultOfSize(message);
    if (fault !== null) return fault;
    if (this.#fields.isSymbolInKey) this.#fields.rules.finder.symbol.set(message.keyStart, message.keyEnd);
    const rowsBefore = columns.length;
    const at = skipBlanks(bytes, valueStart, anyBlank);
    const ticks = bytes[at] === openBracket ? this.#array(bytes, at, columns) : this.#one(bytes, at, columns);
    if (ticks < 0 || !isBlankFrom(bytes, this.#end, valueEnd)) {
      columns.length = rowsBefore;
      return this.#ask(message, columns);
    }
    if (rowsBefore + ticks <= columns.capacity) return null;
    columns.length = rowsBefore;
    return { rowsNeeded: ticks };
  }

  /** Reads the object at `at`; returns 1 or `unclear`. */
  #one(bytes: Buffer, at: number, columns: TickColumns): number {
    const hasRoom = columns.length < columns.capacity;
    this.#end = this.#object.scan(bytes, at, hasRoom ? columns : this.#spare);
    if (this.#end < 0) return unclear;
    if (hasRoom) columns.length++;
    return 1;
  }

  /** Reads the array at `at`; returns how many ticks it has, of which the columns hold as many as fit, or `unclear`. */
  #array(bytes: Buffer, at: number, columns: TickColumns): number {
    let ticks = 0;
    let index = skipBlanks(bytes, at + 1, anyBlank);
    if (bytes[index] !== closeBracket) {
      index = at;
      do {
        if (this.#one(bytes, skipBlanks(bytes, index + 1, anyBlank), columns) < 0) return unclear;
        ticks++;
        index = skipBlanks(bytes, this.#end, anyBlank);
      } while (bytes[index] === comma);
      if (bytes[index] !== closeBracket) return unclear;
    }
    this.#end = index + 1;
    return ticks;
  }

  /** The slow way, which knows everything. */
  #ask(message: Message, columns: TickColumns): Fault | NoRoom | null {
    const { bytes, valueStart, valueEnd, keyStart, keyEnd } = message;
    const value = bytes.subarray(valueStart, valueEnd);
    const records = recordsOf(value);
    if ('reason' in records) return records;
    const symbol = this.#fields.isSymbolInKey ? keyText(message) : undefined;
    const around: RecordAround = {
      ...(symbol === undefined ? {} : { symbol }),
      isUtf8: () => isUtf8(value) && (symbol === undefined || isUtf8(bytes.subarray(keyStart, keyEnd))),
    };
    return readAll(records, columns, (record) => this.#judge.judge(record, columns, around));
  }
}

/** Whether only blanks stand in `bytes[at .. end)`, and `at` is not behind `end`. */
function isBlankFrom(bytes: Uint8Array, at: number, end: number): boolean {
  return at === end || (at < end && skipBlanks(bytes, at, anyBlank) >= end);
}

/** The objects of a value, each of which should be a tick. */
function recordsOf(value: Buffer): readonly unknown[] | Fault {
  const text = value.toString();
  const parsed = parseJson(text.startsWith(byteOrderMark) ? text.slice(1) : text);
  if ('problem' in parsed) return malformed(`the message is not JSON: ${parsed.problem}`);
  const records: readonly unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (records.every(isObject)) return records;
  return malformed('the message is JSON, but no object and no array of objects');
}

function malformed(message: string): Fault {
  return { reason: 'malformed', message };
}

/** None of its own. */
export const jsonSettings = {} as const satisfies Settings;

export const jsonDecoder: DecoderType<typeof jsonSettings> = {
  settings: jsonSettings,
  create: (context) => new JsonDecoder(context),
};
