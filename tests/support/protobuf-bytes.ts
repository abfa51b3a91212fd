/**
 * Protobuf's wire format, written down from its description and sharing nothing with the program:
 * https://protobuf.dev/programming-guides/encoding/
 */
import { framed as framedAsAvro } from './avro-bytes.ts';

/** Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement. */
export function varint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left >= 128n) {
    bytes.push(Number(left % 128n) + 128);
    left /= 128n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

/** 0, -1, 1, -2, … as 0, 1, 2, 3, … */
export function zigzag(value: bigint | number): Buffer {
  const signed = BigInt(value);
  return varint(signed >= 0n ? signed * 2n : -signed * 2n - 1n);
}

function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** A field of type int32, int64, uint32, uint64, bool or enum. */
export function int(field: number, value: bigint | number): Buffer {
  return Buffer.concat([tag(field, 0), varint(value)]);
}

/** Of type sint32 or sint64. */
export function sint(field: number, value: bigint | number): Buffer {
  return Buffer.concat([tag(field, 0), zigzag(value)]);
}

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, 1), bytes]);
}

export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

/** Of type fixed64 or sfixed64. */
export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([tag(field, 1), bytes]);
}

/** Of type fixed32 or sfixed32. */
export function fixed32(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return Buffer.concat([tag(field, 5), bytes]);
}

/** Of type string, bytes, a message, a map's entry or a packed list. */
export function part(field: number, value: string | Buffer | readonly Buffer[]): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : Buffer.concat(value);
  return Buffer.concat([tag(field, 2), varint(bytes.length), bytes]);
}

export function group(field: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([tag(field, 3), ...parts, tag(field, 4)]);
}

/** A field of any wire type, with these bytes. */
export function raw(field: number, wireType: number, value: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([tag(field, wireType), value]);
}

/** A message of Confluent's serializers: the schema's id, and the indexes that lead to its type in the schema. */
export function framed(schema: number, indexes: readonly number[], ...parts: readonly Buffer[]): Buffer {
  const isFirst = indexes.length === 1 && indexes[0] === 0;
  const path = isFirst ? [Buffer.of(0)] : [zigzag(indexes.length), ...indexes.map((index) => zigzag(index))];
  return framedAsAvro(schema, ...path, ...parts);
}
