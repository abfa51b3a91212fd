import { noText, readMessage, type FieldPlan, type ProtobufRecord } from './protobuf-messages.ts';
import { decimalText, isDecimalScale, LogicalTime, meantBy32Bits } from './record-values.ts';
import { wireType, type WireReader, type WireType } from './wire-reader.ts';

/** How the values of one type are read. */
export interface Reading extends Pick<FieldPlan, 'wireType' | 'read'> {
  /** The value of a map's entry, or of a message around it, that does not say any. */
  readonly zero?: unknown;
}

function scalar(type: WireType, read: (reader: WireReader) => unknown, zero: unknown = 0): Reading {
  return { wireType: type, read, zero };
}

/** What nobody can ask for: passed by, but there. */
export const passedBy: Reading = {
  wireType: null, zero: noText,
  read: (reader, _before, tag) => {
    reader.skip(tag);
    return noText;
  },
};

const { varint, bits32, bits64, bytes } = wireType;

/** By their names in schemas: https://protobuf.dev/programming-guides/proto3/#scalar */
export const scalars: Readonly<Record<string, Reading>> = {
  double: scalar(bits64, (reader) => reader.double()),
  float: scalar(bits32, (reader) => meantBy32Bits(reader.float())),
  int32: scalar(varint, (reader) => reader.int32()),
  int64: scalar(varint, (reader) => reader.int64()),
  uint32: scalar(varint, (reader) => reader.uint32()),
  uint64: scalar(varint, (reader) => reader.uint64()),
  sint32: scalar(varint, (reader) => reader.sint32()),
  sint64: scalar(varint, (reader) => reader.sint64()),
  fixed32: scalar(bits32, (reader) => reader.fixed32()),
  fixed64: scalar(bits64, (reader) => reader.fixed64()),
  sfixed32: scalar(bits32, (reader) => reader.sfixed32()),
  sfixed64: scalar(bits64, (reader) => reader.sfixed64()),
  bool: scalar(varint, (reader) => reader.uint64() !== 0, false),
  string: scalar(bytes, (reader) => reader.text(), ''),
  bytes: { ...passedBy, wireType: bytes },
};

type KnownField = readonly [name: string, reading: Reading];

/** A message of well-known fields, numbered from 1 on, as one value. */
function known(
  fields: readonly KnownField[], valueOf: (fields: ProtobufRecord, reader: WireReader) => unknown,
): Reading {
  const plan = {
    fields: new Map(fields.map(([name, reading], index) => [index + 1, { name, instead: [], ...reading }])),
    defaults: fields.map(([name, { zero }]) => [name, zero] as const),
  };
  return { wireType: bytes, read: (reader) => reader.within(() => valueOf(readMessage(reader, plan), reader)) };
}

function wrapper(type: string): Reading {
  return known([['value', scalars[type]]], (fields) => fields.get('value'));
}

/**
 * Types of messages that are one value where nobody asks for a field of theirs, by their full names:
 * https://protobuf.dev/reference/protobuf/google.protobuf/
 */
export const knownReadings: Readonly<Record<string, Reading>> = {
  '.google.protobuf.Timestamp': known([['seconds', scalars['int64']], ['nanos', scalars['int32']]], (fields, reader) =>
    timeOf(fields.get('seconds') as number | bigint, fields.get('nanos') as number, reader)),
  '.google.protobuf.DoubleValue': wrapper('double'),
  '.google.protobuf.FloatValue': wrapper('float'),
  '.google.protobuf.Int64Value': wrapper('int64'),
  '.google.protobuf.UInt64Value': wrapper('uint64'),
  '.google.protobuf.Int32Value': wrapper('int32'),
  '.google.protobuf.UInt32Value': wrapper('uint32'),
  '.google.protobuf.BoolValue': wrapper('bool'),
  '.google.protobuf.StringValue': wrapper('string'),
  '.google.type.Decimal': wrapper('string'),
  '.confluent.type.Decimal': known([
    ['value', scalar(bytes, (reader) => reader.part(), Buffer.alloc(0))], ['precision', scalars['uint32']],
    ['scale', scalars['int32']],
  ], (fields, reader) => {
    const scale = fields.get('scale');
    if (!isDecimalScale(scale)) throw reader.wrong(`the scale of a decimal is ${String(scale)}`);
    return decimalText(fields.get('value') as Buffer, scale);
  }),
};

/** The digits themselves: a double would round nanoseconds. */
function timeOf(seconds: number | bigint, nanos: number, reader: WireReader): LogicalTime {
  if (nanos < 0 || nanos > 999_999_999) throw reader.wrong(`a time has ${nanos} nanoseconds`);
  const isPlain = typeof seconds === 'number' && seconds > 0;
  if (isPlain) return new LogicalTime(`${seconds}${String(nanos).padStart(9, '0')}`, 'ns');
  return new LogicalTime(String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)), 'ns');
}
