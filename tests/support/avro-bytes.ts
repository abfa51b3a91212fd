/**
 * Avro's binary encoding, written down from its specification and sharing nothing with the program's library:
 * https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */

/** Zigzag, seven bits a byte, the lowest first. */
export function long(value: bigint | number): Buffer {
  const bytes: number[] = [];
  const signed = BigInt(value);
  let left = signed >= 0n ? signed * 2n : -signed * 2n - 1n;
  while (left >= 128n) {
    bytes.push(Number(left % 128n) + 128);
    left /= 128n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

export function bytes(value: Buffer): Buffer {
  return Buffer.concat([long(value.length), value]);
}

export function text(value: string): Buffer {
  return bytes(Buffer.from(value));
}

/** A value of branch number `branch`. */
export function branch(index: number, value: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([long(index), value]);
}

/** A list in one block. */
export function list(...items: readonly Buffer[]): Buffer {
  return items.length === 0 ? long(0) : Buffer.concat([long(items.length), ...items, long(0)]);
}

/** An unscaled decimal: two's complement, the highest byte first, as short as it can be. */
export function unscaled(value: bigint, size: number): Buffer {
  const hex = BigInt.asUintN(size * 8, value).toString(16).padStart(size * 2, '0');
  return Buffer.from(hex, 'hex');
}

/** A message of Confluent's serializers. */
export function framed(schema: number, ...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(schema, 1);
  return Buffer.concat([head, ...parts]);
}
