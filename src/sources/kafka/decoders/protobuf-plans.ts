import protobuf from 'protobufjs';
import { readMessage, type FieldPlan, type MessagePlan } from './protobuf-messages.ts';
import { knownReadings, passedBy, scalars, type Reading } from './protobuf-values.ts';
import { wireType } from './wire-reader.ts';

/** Where something stands that is asked for, from the message on that is looked at. */
export type Paths = readonly (readonly string[])[];

/**
 * How messages of a type are read: no deeper than the longest of the paths leads. Throws where something that is asked for
 * is of a type that no schema declares. Plans are closures over what a schema says; of protobufjs, whose own readers are
 * code made from schemas, only the parser of schemas is used.
 */
export function planOf(type: protobuf.Type, paths: Paths): MessagePlan {
  const fields = new Map<number, FieldPlan>();
  const defaults: [string, unknown][] = [];
  for (const [name, group] of Map.groupBy(paths, ([key]) => key)) {
    if (name === undefined || !Object.hasOwn(type.fields, name)) continue;
    const field = type.fields[name];
    const siblings = (field.partOf?.oneof ?? []).filter((other) => other !== name);
    fields.set(field.id, { name, instead: siblings, ...readingOf(field, group.map((path) => path.slice(1))) });
    for (const other of siblings) {
      const { id } = type.fields[other]; // Asked for or not, it takes the place of this one.
      if (!fields.has(id)) fields.set(id, { name: other, instead: field.partOf!.oneof, ...passedBy });
    }
    const value = defaultOf(field);
    if (value !== undefined) defaults.push([name, value]);
  }
  return { fields, defaults };
}

/** The field of the only kind that a list of messages has: there is no other, and it is a repeated message. Else null. */
export function listField(type: protobuf.Type): { readonly number: number; readonly item: protobuf.Type } | null {
  const [field, more] = type.fieldsArray;
  if (field === undefined || more !== undefined || !field.repeated || Object.hasOwn(scalars, field.type)) return null;
  const item = declared(field);
  return item instanceof protobuf.Type && mapOf(field) === null ? { number: field.id, item } : null;
}

function readingOf(field: protobuf.Field, rest: Paths): Reading {
  const map = mapOf(field);
  if (map !== null) return mapReading(map, rest);
  return field.repeated ? passedBy : valueReading(field, rest);
}

interface MapFields {
  readonly keyType: string;
  readonly value: protobuf.FieldBase;
}

/**
 * A map may also be declared as the list of entries that it is on the wire; Confluent's serializers for Java register them
 * so. Null for any other field.
 */
function mapOf(field: protobuf.Field): MapFields | null {
  if (field instanceof protobuf.MapField) return { keyType: field.keyType, value: field };
  if (!field.repeated || Object.hasOwn(scalars, field.type)) return null;
  const type = typeOf(field);
  if (!(type instanceof protobuf.Type) || type.getOption('map_entry') !== true) return null;
  const { key, value } = type.fields;
  return key === undefined || value === undefined || !Object.hasOwn(scalars, key.type) ? null : { keyType: key.type, value };
}

function mapReading(map: MapFields, rest: Paths): Reading {
  if (rest.some((path) => path.length === 0)) return passedBy;
  const keys = new Set(rest.map(([key]) => key));
  const { zero, ...value } = valueReading(map.value, rest.map((path) => path.slice(1)));
  const { zero: zeroKey, ...key } = scalars[map.keyType];
  const entry: MessagePlan = {
    fields: new Map([[1, { name: 'key', instead: [], ...key }], [2, { name: 'value', instead: [], ...value }]]),
    defaults: [['key', zeroKey], ['value', zero]],
  };
  return {
    wireType: wireType.bytes,
    read: (reader, before) => {
      const values = before instanceof Map ? before : new Map<string, unknown>();
      const read = reader.within(() => readMessage(reader, entry));
      const name = String(read.get('key'));
      if (keys.has(name)) values.set(name, read.get('value'));
      return values;
    },
  };
}

function valueReading(field: protobuf.FieldBase, rest: Paths): Reading {
  if (Object.hasOwn(scalars, field.type)) return scalars[field.type];
  const type = declared(field);
  if (type instanceof protobuf.Enum) return enumReading(type);
  const isWhole = rest.some((path) => path.length === 0);
  if (isWhole) return knownReadings[type.fullName] ?? { ...passedBy, wireType: isGroup(type) ? null : wireType.bytes };
  if (isGroup(type)) throw new Error(`${field.name} is a group, and fields of groups are not read`);
  const plan = planOf(type, rest);
  return {
    wireType: wireType.bytes,
    read: (reader, before) => reader.within(() => readMessage(reader, plan, before instanceof Map ? before : undefined)),
  };
}

function isGroup(type: protobuf.Type): boolean {
  return 'group' in type && type.group === true;
}

function enumReading(type: protobuf.Enum): Reading {
  const texts = new Map<number, string | undefined>();
  for (const [name, value] of Object.entries(type.values)) if (!texts.has(value)) texts.set(value, enumText(type, name));
  const read = (value: number): unknown => texts.has(value) ? texts.get(value) : value;
  return { wireType: wireType.varint, read: (reader) => read(reader.int32()), zero: read(0) };
}

/**
 * What a name of an enum says: SIDE_BUY of an enum Side is BUY, and SIDE_UNSPECIFIED says nothing, where it is 0:
 * https://protobuf.dev/programming-guides/style/#enums
 */
function enumText(type: protobuf.Enum, name: string): string | undefined {
  const prefix = `${type.name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_`;
  const text = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return text === 'UNSPECIFIED' && type.values[name] === 0 ? undefined : text;
}

/**
 * What stands for the field in a message without it: the default that its schema declares. Where messages do not have
 * fields that are 0, it is also the name that an enum has for 0, which may be a side; but of a number that nobody wrote
 * down nobody knows whether it is 0.
 */
function defaultOf(field: protobuf.Field): unknown {
  if (field.repeated || field.map || field.partOf !== null) return undefined;
  const value = field.options?.['default'] as unknown;
  if (Object.hasOwn(scalars, field.type)) return typeof value === 'boolean' || field.type === 'bytes' ? undefined : value;
  const type = declared(field);
  if (!(type instanceof protobuf.Enum)) return undefined;
  if (typeof value === 'string') return enumText(type, value);
  return hasImplicitPresence(field) ? enumReading(type).zero : undefined;
}

/** Whether messages that do not have the field mean its zero: https://protobuf.dev/programming-guides/field_presence/ */
function hasImplicitPresence(field: protobuf.Field): boolean {
  if (field.required) return false;
  for (let at: protobuf.ReflectionObject | null = field; at !== null; at = at.parent) {
    const features = at.getOption('features') as { readonly field_presence?: unknown } | undefined;
    if (features?.field_presence !== undefined) return features.field_presence === 'IMPLICIT';
    const isTop = at instanceof protobuf.Type && !(at.parent instanceof protobuf.Type);
    if (isTop) return at.toJSON()['edition'] === undefined; // That of proto3, which it leaves out.
  }
  return false;
}

type NestedObjects = Readonly<Record<string, protobuf.ReflectionObject>>;

/** The type of a field: the first that its name leads to, from its message outwards. protobufjs looks elsewhere first. */
function typeOf(field: protobuf.FieldBase): protobuf.Type | protobuf.Enum | null {
  const isAbsolute = field.type.startsWith('.');
  const names = (isAbsolute ? field.type.slice(1) : field.type).split('.');
  let scope: protobuf.ReflectionObject | null = isAbsolute ? field.root : field.parent;
  for (; scope !== null; scope = scope.parent) {
    let at: protobuf.ReflectionObject | undefined = scope;
    for (const name of names) {
      const nested: NestedObjects = at instanceof protobuf.Namespace ? at.nested ?? {} : {};
      at = Object.hasOwn(nested, name) ? nested[name] : undefined;
    }
    if (at instanceof protobuf.Type || at instanceof protobuf.Enum) return at;
  }
  return null;
}

function declared(field: protobuf.FieldBase): protobuf.Type | protobuf.Enum {
  const type = typeOf(field);
  if (type === null) throw new Error(`${field.name} is a ${field.type}, which no schema declares`);
  return type;
}
