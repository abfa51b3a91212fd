import { isUtf8 } from 'node:buffer';
import { messageOf } from '../../../errors.ts';
import type { RejectReason } from '../../../model/tick-batch.ts';
import type { EventTimeUnit } from '../../scan/event-time.ts';
import type { TickField, TickTexts } from '../../scan/tick-fields.ts';
import { TickJudge, type Fault } from '../../scan/tick-judge.ts';
import { TickColumns } from '../../tick-columns.ts';
import { readAll } from './all-or-none.ts';
import { AwaitedSchemas, type SchemaReader } from './awaited-schemas.ts';
import type { Decoded, DecoderContext, Message, MessageDecoder } from './decoder.ts';
import { faultOfSize, keyText, messageFields, type MessageFields } from './message-fields.ts';
import { LogicalTime, textOf, valueAt } from './record-values.ts';
import { registryAddress, type SchemaRegistryValues } from './schema-registry-settings.ts';

/** A format whose messages name the schema that they are read with. */
export interface SchemaFormat<Schema> extends SchemaReader<Schema> {
  /** The records of a message from its bytes behind the id. Throws an error that says what is wrong with them. */
  records(schema: Schema, bytes: Buffer): Records;
}

export interface Records {
  /** Each should be a tick, with fields for `valueAt`; an Error in the place of one that cannot be read, at the end. */
  readonly all: Iterable<unknown>;
  readonly isList: boolean;
}

/** A zero byte and the id of the schema, four bytes: the wire format of Confluent's serializers. */
const prologueBytes = 5;

const reasons = {
  trade_id: 'bad-trade-id', event_time: 'bad-time', side: 'bad-side', price: 'bad-price', size: 'bad-size',
  symbol: 'bad-symbol', venue: 'bad-symbol',
} as const satisfies Record<TickField, RejectReason>;

/** The key as it is, where the symbol stands in it. */
interface SymbolKey {
  readonly symbol: string | undefined;
  isUtf8(): boolean;
}

/**
 * Ticks behind the id of their schema. A message whose schema is not known yet waits until the registry has said what it
 * is; only a schema that the registry says it has not is a fault of the message.
 */
export class SchemaDecoder<Schema> implements MessageDecoder {
  readonly #format: SchemaFormat<Schema>;
  readonly #fields: MessageFields;
  readonly #schemas: AwaitedSchemas<Schema>;
  readonly #spare: TickColumns;
  readonly #judges = new Map<EventTimeUnit, TickJudge>();

  /** Throws an MdpError `config-invalid` where the settings contradict each other. */
  constructor(format: SchemaFormat<Schema>, context: DecoderContext<SchemaRegistryValues>) {
    this.#format = format;
    this.#fields = messageFields(context);
    this.#spare = new TickColumns(1, this.#fields.ids);
    const address = registryAddress(context.source, context.values);
    this.#schemas = new AwaitedSchemas(format, { ...context, address, paths: [...this.#fields.paths.values()] });
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
    const damaged = (error: unknown): Fault =>
      malformed(`the message is not what its schema ${id} says: ${messageOf(error)}`);
    let records: Records;
    try {
      records = this.#format.records(known.schema, bytes.subarray(valueStart + prologueBytes, valueEnd));
    } catch (error) {
      return damaged(error);
    }
    const key = this.#keyOf(message);
    return readAll(records.all, { columns, spare: this.#spare, isList: records.isList }, (record, into) =>
      record instanceof Error ? damaged(record) : this.#judge(record, key, into));
  }

  #keyOf(message: Message): SymbolKey {
    const symbol = this.#fields.isSymbolInKey ? keyText(message) : undefined;
    const { bytes, keyStart, keyEnd } = message;
    return { symbol, isUtf8: () => symbol !== undefined && isUtf8(bytes.subarray(keyStart, keyEnd)) };
  }

  #judge(record: unknown, key: SymbolKey, columns: TickColumns): Fault | null {
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
    // The texts are decoded: of those with a replacement character nobody knows any more what they were.
    return this.#judgeOf(unit).judge(texts, columns, () => key.isUtf8());
  }

  #judgeOf(unit: EventTimeUnit): TickJudge {
    const judge = this.#judges.get(unit) ?? new TickJudge({ ...this.#fields.rules, unit });
    this.#judges.set(unit, judge);
    return judge;
  }
}

function malformed(message: string): Fault {
  return { reason: 'malformed', message };
}
