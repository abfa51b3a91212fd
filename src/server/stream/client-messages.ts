import type { TSchema } from 'typebox';
import type { Channel, ClientMessage, ServerMessage } from '../../model/stream.ts';
import { answerOf } from '../errors.ts';
import { Type } from '../json-schema.ts';

type Refused = Extract<ServerMessage, { type: 'refused' }>;

/** Whether a value keeps a schema; after one that does not, `errors` says why, as ajv puts it. */
export interface Check {
  (value: unknown): boolean;
  errors?: readonly SchemaFault[] | null;
}

interface SchemaFault {
  readonly instancePath: string;
}

/** The longest name of a topic in Kafka has 249 letters; no venue, symbol or spec comes near. */
const name = Type.String({ minLength: 1, maxLength: 250 });
const strict = { additionalProperties: false } as const;
const channelSchemas: { readonly [C in Channel['channel']]: TSchema } = {
  bars: Type.Object({ channel: Type.Literal('bars'), venue: name, symbol: name, spec: name }, strict),
  indicators: Type.Object(
    { channel: Type.Literal('indicators'), venue: name, symbol: name, spec: name, indicator: name }, strict),
  trades: Type.Object({ channel: Type.Literal('trades'), venue: name, symbol: name }, strict),
  quotes: Type.Object(
    { channel: Type.Literal('quotes'), venue: Type.Optional(name), symbol: Type.Optional(name) }, strict),
  gaps: Type.Object({ channel: Type.Literal('gaps') }, strict),
  alerts: Type.Object({ channel: Type.Literal('alerts') }, strict),
  health: Type.Object({ channel: Type.Literal('health') }, strict),
};

const id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A message has 64 KiB, and the shortest channel 18 bytes: more cannot be in one. */
const channels = Type.Array(Type.Unknown(), { minItems: 1, maxItems: 4_096 });
const messageSchemas: { readonly [T in ClientMessage['type']]: TSchema } = {
  subscribe: Type.Object({ type: Type.Literal('subscribe'), id, channels }, strict),
  unsubscribe: Type.Object({ type: Type.Literal('unsubscribe'), id, channels }, strict),
  conflate: Type.Object({ type: Type.Literal('conflate'), id, ms: Type.Integer({ minimum: 0 }) }, strict),
  resync: Type.Object({ type: Type.Literal('resync'), id }, strict),
};

/** Reads what clients of the socket send. */
export class ClientMessages {
  readonly #messages: ReadonlyMap<unknown, Check>;
  readonly #channels: ReadonlyMap<unknown, Check>;

  /** `compile` makes the check of a schema, one that converts nothing. */
  constructor(compile: (schema: TSchema) => Check) {
    const checks = (schemas: Readonly<Record<string, TSchema>>): ReadonlyMap<unknown, Check> =>
      new Map(Object.entries(schemas).map(([kind, schema]) => [kind, compile(schema)]));
    this.#messages = checks(messageSchemas);
    this.#channels = checks(channelSchemas);
  }

  /** The message, or why it is refused: which field, and what is allowed there. Never throws. */
  read(text: string): ClientMessage | Refused {
    const sent = parsed(text);
    if (!isObject(sent)) return refused(null, { message: 'A message is one JSON object, sent as text.' });
    const fault = faultOf(sent, { key: 'type', checks: this.#messages, place: '' }) ??
      this.#faultOfChannels(sent['channels']);
    return fault === null ? sent as unknown as ClientMessage : refused(sent['id'], fault);
  }

  #faultOfChannels(sent: unknown): Fault | null {
    for (const [index, channel] of (Array.isArray(sent) ? sent : []).entries()) {
      const place = `/channels/${index}`;
      const fault = isObject(channel) ? faultOf(channel, { key: 'channel', checks: this.#channels, place })
        : faultAt({ keyword: 'type', instancePath: place, params: { type: 'object' } });
      if (fault !== null) return fault;
    }
    return null;
  }
}

interface Fault {
  readonly field?: string;
  readonly message: string;
}

interface Kinds {
  /** The field that says which schema the object must keep. */
  readonly key: 'type' | 'channel';
  readonly checks: ReadonlyMap<unknown, Check>;
  /** JSON pointer of the object in the message. */
  readonly place: string;
}

function faultOf(sent: Record<string, unknown>, { key, checks, place }: Kinds): Fault | null {
  const check = checks.get(sent[key]);
  if (check === undefined) {
    return faultAt({ keyword: 'enum', instancePath: `${place}/${key}`, params: { allowedValues: [...checks.keys()] } });
  }
  if (check(sent)) return null;
  const [first] = check.errors ?? [];
  return faultAt({ ...first, instancePath: `${place}${first.instancePath}` });
}

/** In the words that a request gets. */
function faultAt(fault: SchemaFault & Readonly<Record<string, unknown>>): Fault {
  return answerOf({ validation: [fault], validationContext: 'body' }).error;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldLengthMax = 100;

function refused(id: unknown, { field, message }: Fault): Refused {
  return {
    type: 'refused', id: Number.isSafeInteger(id) ? id as number : null, code: 'bad-message',
    // A client writes what it likes where a name should be.
    field: field?.slice(0, fieldLengthMax) ?? null, message: message.slice(0, 2 * fieldLengthMax + 60),
  };
}
