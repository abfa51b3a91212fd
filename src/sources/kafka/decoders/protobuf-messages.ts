import { wireType, type WireReader, type WireType } from './wire-reader.ts';

/** A message by the names of its fields: of those that are asked for, and that it has. */
export type ProtobufRecord = Map<string, unknown>;

/** What is read of the messages of one type. All else is passed by, as are fields that its schema does not know. */
export interface MessagePlan {
  /** By their numbers. */
  readonly fields: ReadonlyMap<number, FieldPlan>;
  /** What stands for fields that a message does not have. */
  readonly defaults: readonly (readonly [name: string, value: unknown])[];
}

export interface FieldPlan {
  readonly name: string;
  /** How its values are written down; null for those that are passed by. */
  readonly wireType: WireType | null;
  /** Fields that this one takes the place of: the last field of a `oneof` counts. */
  readonly instead: readonly string[];
  /** Reads a value behind its tag. `before` is what an earlier one of the same field has given. */
  readonly read: (reader: WireReader, before: unknown, tag: number) => unknown;
}

/** In the place of a value that is no number and no text. */
export const noText = Symbol('neither number nor text');

/** Reads to the end of the message, or of the part that is read. A field that stands in it twice is what it was last. */
export function readMessage(
  reader: WireReader, plan: MessagePlan, into: ProtobufRecord = new Map(plan.defaults),
): ProtobufRecord {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = plan.fields.get(tag >>> 3);
    if (field === undefined) {
      reader.skip(tag);
      continue;
    }
    if (field.wireType !== null && field.wireType !== (tag & 7)) {
      throw reader.wrong(`${field.name} has wire type ${tag & 7}, where its type has ${field.wireType}`);
    }
    for (const other of field.instead) into.delete(other);
    into.set(field.name, field.read(reader, into.get(field.name), tag));
  }
  return into;
}

/** The messages that are field `number` of a message, one after the other; at last an Error where one cannot be read. */
export function* readList(reader: WireReader, number: number, plan: MessagePlan): Generator<ProtobufRecord | Error> {
  try {
    const tagOfItem = number * 8 + wireType.bytes;
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag === tagOfItem) yield reader.within(() => readMessage(reader, plan));
      else if (tag >>> 3 !== number) reader.skip(tag);
      else throw reader.wrong(`a tick has wire type ${tag & 7}, where a message has ${wireType.bytes}`);
    }
  } catch (error) {
    yield error as Error;
  }
}
