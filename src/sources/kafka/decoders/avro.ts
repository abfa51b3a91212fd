import { isUtf8 } from 'node:buffer';
import type avro from 'avsc';
import { MdpError, messageOf } from '../../../errors.ts';
import type { RejectReason } from '../../../model/tick-batch.ts';
import type { Settings, ValuesOf } from '../../../model/setting.ts';
import type { EventTimeUnit } from '../../scan/event-time.ts';
import type { TickField, TickTexts } from '../../scan/tick-fields.ts';
import { TickJudge, type Fault } from '../../scan/tick-judge.ts';
import { TickColumns } from '../../tick-columns.ts';
import { readAll } from './all-or-none.ts';
import { AvroSchemas } from './avro-schemas.ts';
import { LogicalTime, unwrapped } from './avro-values.ts';
import type { Decoded, DecoderContext, DecoderType, Message, MessageDecoder } from './decoder.ts';
import { faultOfSize, keyText, messageFields, type MessageFields } from './message-fields.ts';

export const avroSettings = {
  schema_registry_url: {
    type: 'text', default: null,
    doc: 'Address of the schema registry whose schemas Avro messages name: http://127.0.0.1:8081.',
  },
  schema_registry_username: {
    type: 'text', default: null,
    doc: 'User name for the schema registry; null where it asks for none.',
  },
  schema_registry_password: {
    type: 'text', default: null, secret: true,
    doc: 'Password for the schema registry.',
  },
} as const satisfies Settings;

/** A zero byte and the id of the schema, four bytes: the wire format of Confluent's serializers. */
const prologueBytes = 5;

const reasons = {
  trade_id: 'bad-trade-id', event_time: 'bad-time', side: 'bad-side', price: 'bad-price', size: 'bad-size',
  symbol: 'bad-symbol', venue: 'bad-symbol',
} as const satisfies Record<TickField, RejectReason>;

/**
 * A tick as Avro record, or an array of such records, behind the id of its schema. A message whose schema is not
 * known yet waits until the registry has said what it is; only a schema that the registry says it has not is a fault
 * of the message.
 */
export class AvroDecoder implements MessageDecoder {
  readonly #fields: MessageFields;
  readonly #schemas: AvroSchemas;
  readonly #spare: TickColumns;
  readonly #judges = new Map<EventTimeUnit, TickJudge>();

  /** Throws an MdpError `config-invalid` where the settings contradict each other. */
  constructor(context: DecoderContext<ValuesOf<typeof avroSettings>>) {
    const { source, values } = context;
    this.#fields = messageFields(context);
    this.#spare = new TickColumns(1, this.#fields.ids);
    const url = registryUrl(values.schema_registry_url);
    if (typeof url === 'string') throw new MdpError('config-invalid', `Source "${source}": ${url}.`);
    const { schema_registry_username: username, schema_registry_password: password } = values;
    this.#schemas = new AvroSchemas({ url, username, password }, context);
  }

  decode(message: Message, columns: TickColumns): Decoded {
    const { bytes, valueStart, valueEnd } = message;
    const fault = faultOfSize(message);
    if (fault !== null) return fault;
    if (valueEnd - valueStart < prologueBytes || bytes[valueStart] !== 0) {
      return malformed('the message does not begin with a zero byte and the id of its schema');
    }
    const id = bytes.readUInt32BE(valueStart + 1);
    const known = this.#schemas.get(id);
    if (known instanceof Promise || 'reason' in known) return known;
    const records = recordsOf(known, bytes.subarray(valueStart + prologueBytes, valueEnd));
    if (typeof records === 'string') return malformed(`the message is not what its schema ${id} says: ${records}`);
    const symbol = this.#fields.isSymbolInKey ? keyText(message) : undefined;
    const isKeyUtf8 = (): boolean => symbol !== undefined && isUtf8(bytes.subarray(message.keyStart, message.keyEnd));
    const rows = { columns, spare: this.#spare, isList: records.isList };
    return readAll(records.all, rows, (record, into) => this.#judge(record, { symbol, isKeyUtf8 }, into));
  }

  #judge(
    record: unknown, key: { readonly symbol: string | undefined; isKeyUtf8(): boolean }, columns: TickColumns,
  ): Fault | null {
    const texts: TickTexts = key.symbol === undefined ? {} : { symbol: key.symbol };
    let { unit } = this.#fields.rules;
    for (const [field, path] of this.#fields.paths) {
      const value = valueAt(record, path);
      if (value === undefined || value === null) continue;
      const text = textOf(value);
      if (text === null) return { reason: reasons[field], message: `${path.join('.')} is no number and no text` };
      texts[field] = text;
      if (field === 'event_time' && value instanceof LogicalTime) ({ unit } = value);
    }
    // avsc has decoded the texts: of those with a replacement character nobody knows any more what they were.
    return this.#judgeOf(unit).judge(texts, columns, () => key.isKeyUtf8());
  }

  #judgeOf(unit: EventTimeUnit): TickJudge {
    const judge = this.#judges.get(unit) ?? new TickJudge({ ...this.#fields.rules, unit });
    this.#judges.set(unit, judge);
    return judge;
  }
}

/** Or what is wrong with it. */
function registryUrl(text: string | null): URL | string {
  if (text === null || text === '') return 'format is avro, so schema_registry_url must be set';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return `schema_registry_url "${text}" is no http address`;
  const login = url.username + url.password;
  if (login !== '') return 'schema_registry_url holds a login; set schema_registry_username and _password';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** The records of a message, each of which should be a tick; a text says what is wrong. */
function recordsOf(type: avro.Type, bytes: Buffer): { readonly all: readonly unknown[]; readonly isList: boolean } | string {
  try {
    const value: unknown = unwrapped(type.fromBuffer(bytes));
    const isList = Array.isArray(value);
    const all: readonly unknown[] = isList ? value.map(unwrapped) : [value];
    return all.every(hasFields) ? { all, isList } : 'it is no record and no array of records';
  } catch (error) {
    return messageOf(error);
  }
}

function hasFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof LogicalTime);
}

/** Undefined where there is no such field. */
function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const key of path) {
    if (value instanceof Map) value = unwrapped(value.get(key));
    else if (hasFields(value) && Object.hasOwn(value, key)) value = unwrapped(value[key as keyof typeof value]);
    else return undefined;
  }
  return value;
}

/** Null for what is no number and no text. */
function textOf(value: unknown): string | null {
  if (value instanceof LogicalTime) return value.text;
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  return isText ? String(value) : null;
}

function malformed(message: string): Fault {
  return { reason: 'malformed', message };
}

export const avroDecoder: DecoderType<typeof avroSettings> = {
  settings: avroSettings,
  create: (context) => new AvroDecoder(context),
};
