import protobuf from 'protobufjs';
import type { NamedSchema } from './awaited-schemas.ts';
import type { MessagePlan } from './protobuf-messages.ts';
import { listField, planOf, type Paths } from './protobuf-plans.ts';

/** What a schema may import without the registry having it: https://protobuf.dev/reference/protobuf/google.protobuf/ */
const knownFiles: Readonly<Record<string, string>> = {
  'google/protobuf/timestamp.proto': 'package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
  'google/protobuf/wrappers.proto': `package google.protobuf;
    message DoubleValue { double value = 1; } message FloatValue { float value = 1; }
    message Int64Value { int64 value = 1; } message UInt64Value { uint64 value = 1; }
    message Int32Value { int32 value = 1; } message UInt32Value { uint32 value = 1; }
    message BoolValue { bool value = 1; } message StringValue { string value = 1; }
    message BytesValue { bytes value = 1; }`,
  'google/type/decimal.proto': 'package google.type; message Decimal { string value = 1; }',
  'confluent/type/decimal.proto':
    'package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
};

export interface ListPlan {
  readonly number: number;
  readonly item: MessagePlan;
}

/** How the messages of one schema are read: any of its types, of which each message says its own. */
export class ProtobufSchema {
  readonly #types: readonly protobuf.Type[];
  readonly #paths: Paths;
  readonly #known = new Map<string, MessagePlan | ListPlan>();

  /** Throws where the last of `schemas` is none. Those before it declare types that it uses, by the names of their files. */
  constructor(schemas: readonly NamedSchema[], paths: Paths) {
    const root = new protobuf.Root();
    for (const [name, text] of Object.entries(knownFiles)) parse(`syntax = "proto3"; ${text}`, name, root);
    let types: readonly protobuf.Type[] = [];
    for (const { name, schema } of schemas) {
      if (name === null || !Object.hasOwn(knownFiles, name)) types = parse(schema, name, root);
    }
    this.#types = types;
    this.#paths = paths;
  }

  /** Of the type with these places: among those of the file, then among those that are declared in it, and so on. */
  planOf(indexes: readonly number[]): MessagePlan | ListPlan {
    const key = indexes.join('.');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const type = typeAt(indexes, this.#types);
    if (type === undefined) throw new Error(`it has no message type with the indexes [${indexes.join(', ')}]`);
    const list = listField(type);
    const plan = list === null ? planOf(type, this.#paths) : { number: list.number, item: planOf(list.item, this.#paths) };
    this.#known.set(key, plan);
    return plan;
  }
}

function typeAt(indexes: readonly number[], types: readonly protobuf.Type[]): protobuf.Type | undefined {
  const [first, ...rest] = indexes;
  const type = types[first];
  return type === undefined || rest.length === 0 ? type : typeAt(rest, type.nestedArray.filter(isMessageType));
}

/** The types that the text declares, in its order. Nothing is imported: `root` has it, or it is not needed. */
function parse(text: string, name: string | null, root: protobuf.Root): readonly protobuf.Type[] {
  Object.assign(protobuf.parse, { filename: name });
  let scope: protobuf.NamespaceBase = root;
  try {
    const { package: packageName } = protobuf.parse(withoutOptionMessages(text), root, { keepCase: true });
    for (const part of packageName?.split('.') ?? []) scope = scope.nested![part] as protobuf.NamespaceBase;
  } catch (error) {
    // protobufjs takes a text to go on.
    throw error instanceof TypeError ? new Error(`${name ?? 'its text'} is cut off, or no schema`, { cause: error }) : error;
  }
  return scope.nestedArray.filter(isMessageType).filter(({ filename }) => filename === name);
}

function isMessageType(object: protobuf.ReflectionObject): object is protobuf.Type {
  return object instanceof protobuf.Type;
}

/** What has no end goes to that of its line, or of the text: nothing is looked at twice. */
const optionTokens = /\/\/.*|\/\*[^]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|=\s*\{|[{}]/g;

/**
 * The text with a 0 in the place of options that are messages, as Kafka Connect writes them: protobufjs does not understand
 * a list in them, and they do not matter to how messages are read.
 */
function withoutOptionMessages(text: string): string {
  let [depth, from] = [0, 0];
  let kept = '';
  for (const { 0: token, index } of text.matchAll(optionTokens)) {
    const isStart = token.startsWith('=');
    if (depth === 0 && isStart) kept += `${text.slice(from, index)}= 0`;
    if (isStart || (token === '{' && depth > 0)) depth++;
    if (token !== '}' || depth === 0) continue;
    depth--;
    from = index + 1;
  }
  return depth === 0 ? kept + text.slice(from) : text;
}
