import { isUtf8 } from 'node:buffer';
import type { RestOfBatch } from '../../../kafka/rest-of-batch.ts';
import type { Settings } from '../../../model/setting.ts';
import { isObject, JsonJudge, parseJson } from '../../scan/json-judge.ts';
import { JsonObjectScanner } from '../../scan/json-object.ts';
import { closeBracket, fourthBlank, openBracket, skipBlanks } from '../../scan/json-text.ts';
import { neededBits } from '../../scan/object-layout.ts';
import { comma } from '../../scan/record-scanner.ts';
import type { Fault } from '../../scan/tick-judge.ts';
import { TickColumns } from '../../tick-columns.ts';
import { AlikeRecords } from './alike-records.ts';
import { readAll } from './all-or-none.ts';
import type { Decoded, DecoderContext, DecoderType, Message, MessageDecoder, NoRoom, RunLimits } from './decoder.ts';
import { faultOfSize, keyText, messageFields, type MessageFields } from './message-fields.ts';
import { isList, piecesOf, trimmed } from './json-pieces.ts';

const anyBlank = fourthBlank('blank');
/** Only the judge can tell. */
const unclear = -1;
/** A tick takes some hundred bytes. JSON.parse makes up to fifty times a text's size of it. */
const tickBytesMax = 1_048_576;

/**
 * A tick as JSON object, or a list of such objects.
 *
 * While a message is scanned, nobody looks where it ends: the bytes behind it belong to the next one and may look
 * like JSON. But a scan only goes forward, and what it accepts ends with a closing brace or bracket; if that one is
 * a byte of this message, so is all that was read before it. That is checked once, behind it.
 */
export class JsonDecoder implements MessageDecoder {
  readonly #fields: MessageFields;
  readonly #object: JsonObjectScanner;
  readonly #judge: JsonJudge;
  /** For the ticks of a list that the columns have no room for, one over the other: they are only counted. */
  readonly #spare: TickColumns;
  readonly #alike: AlikeRecords | null;
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
    const { venue, symbol } = context.values;
    this.#alike = AlikeRecords.create({ instruments: context.instruments, unit: rules.unit, isSymbolInKey, venue, symbol });
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

  decodeRun(rest: RestOfBatch, columns: TickColumns, limits: RunLimits): number {
    const { layout } = this.#object;
    return layout === null || this.#alike === null ? 0 : this.#alike.read(rest, columns, { layout, ...limits });
  }

  /** Reads the object at `at`; returns 1 or `unclear`. */
  #one(bytes: Buffer, at: number, columns: TickColumns): number {
    const hasRoom = columns.length < columns.capacity;
    this.#end = this.#object.scan(bytes, at, hasRoom ? columns : this.#spare);
    if (this.#end < 0 || this.#end - at > tickBytesMax) return unclear;
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
    const value = trimmed(bytes.subarray(valueStart, valueEnd));
    const symbol = this.#fields.isSymbolInKey ? keyText(message) : undefined;
    const isKeyUtf8 = (): boolean => symbol === undefined || isUtf8(bytes.subarray(keyStart, keyEnd));
    const rows = { columns, spare: this.#spare, isList: isList(value) };
    return readAll(rows.isList ? piecesOf(value) : [value], rows, (piece, into) => {
      if ('reason' in piece) return piece;
      const record = recordOf(piece);
      if ('reason' in record) return record;
      const around = { ...(symbol === undefined ? {} : { symbol }), isUtf8: () => isUtf8(piece) && isKeyUtf8() };
      return this.#judge.judge(record.value, into, around);
    });
  }
}

/** Whether only blanks stand in `bytes[at .. end)`, and `at` is not behind `end`. */
function isBlankFrom(bytes: Uint8Array, at: number, end: number): boolean {
  return at === end || (at < end && skipBlanks(bytes, at, anyBlank) >= end);
}

/** The object that a tick's bytes are. */
function recordOf(piece: Buffer): { readonly value: object } | Fault {
  if (piece.length > tickBytesMax) {
    return { reason: 'too-long', message: `the tick has ${piece.length} bytes; ${tickBytesMax} at most` };
  }
  const parsed = parseJson(piece.toString());
  if ('problem' in parsed) return malformed(`the message is not JSON: ${parsed.problem}`);
  return isObject(parsed.value) ? { value: parsed.value } : malformed('the message is JSON, but no object and no list');
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
