import avro from 'avsc';
import type { EventTimeUnit } from '../../scan/event-time.ts';
import { decimalText, isDecimalScale, LogicalTime, meantBy32Bits } from './record-values.ts';

const timeUnits: Readonly<Record<string, EventTimeUnit>> = {
  'timestamp-millis': 'ms', 'timestamp-micros': 'us', 'timestamp-nanos': 'ns',
};

/** Damaged bytes may say that a list has billions of items, each without a byte. */
const itemsMax = 1_000_000;

/** What avsc reads from; not in its types. */
interface Tap {
  readLong(): number;
  readFloat(): number;
  readString(): string;
  skipLong(): void;
  isValid(): boolean;
}

interface TapReader {
  _read(tap: Tap): unknown;
}

/** As avsc's, but not fooled by damaged counts: avsc goes on reading far behind the end, for hours. */
class BoundedArray extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown[] = [];
    const reader = this.itemsType as unknown as TapReader;
    readBlocks(tap, () => { items.push(reader._read(tap)); });
    return items;
  }
}

class BoundedMap extends avro.types.MapType {
  _read(tap: Tap): ReadonlyMap<string, unknown> {
    const values = new Map<string, unknown>();
    const reader = this.valuesType as TapReader;
    readBlocks(tap, () => { values.set(tap.readString(), reader._read(tap)); });
    return values;
  }
}

function readBlocks(tap: Tap, readItem: () => void): void {
  let items = 0;
  for (let count = tap.readLong(); count !== 0 && tap.isValid(); count = tap.readLong()) {
    if (count < 0) tap.skipLong(); // The size of the block, in bytes.
    for (let left = Math.abs(count); left > 0; left--) {
      readItem();
      if (!tap.isValid()) throw new Error('truncated');
      if (++items > itemsMax) throw new Error(`a list has more than ${itemsMax} items`);
    }
  }
}

/** Numbers of any size, as decimal text: Avro's unscaled value and the scale of the schema. */
class DecimalType extends avro.types.LogicalType {
  readonly #scale: number;

  constructor(schema: { readonly scale?: unknown }, options: unknown) {
    super(schema as never, options);
    const scale = schema.scale ?? 0;
    if (!isDecimalScale(scale)) throw new Error(`the scale of a decimal is ${JSON.stringify(scale)}`);
    this.#scale = scale;
  }

  override _fromValue(bytes: Buffer): string {
    return decimalText(bytes, this.#scale);
  }

  /** Nothing is written. */
  override _toValue(): undefined {
    return undefined;
  }
}

class MeantFloat extends avro.types.FloatType {
  _read(tap: Tap): number {
    return meantBy32Bits(tap.readFloat());
  }
}

/** Longs as a double would lose the digits of ids and of nanoseconds. */
function longType(read: (value: bigint) => unknown): avro.Type {
  const never = (): never => { throw new Error('nothing is written'); };
  return avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => read(bytes.readBigInt64LE()),
    toBuffer: never, fromJSON: never, toJSON: never, isValid: () => true, compare: () => 0,
  });
}

const plainLong = longType((value) => value);
const timeLongs: ReadonlyMap<string, avro.Type> = new Map(Object.entries(timeUnits).map(([name, unit]) =>
  [name, longType((value) => new LogicalTime(String(value), unit))]));

interface SchemaNode {
  readonly type?: unknown;
  readonly logicalType?: unknown;
}

/**
 * A type that reads: longs as bigint or `LogicalTime`, decimals as text, floats as people mean them, a branch of a union as
 * an object with `unwrap()`, maps as Map. `named` holds the types that other schemas have declared, and takes up those of
 * this one. Throws where the schema is none.
 */
export function readingType(schema: string, named: Record<string, avro.Type>): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema) as never, {
    registry: named,
    wrapUnions: 'always',
    omitRecordMethods: true,
    logicalTypes: { decimal: DecimalType as never },
    typeHook: (node, options) => {
      const { type, logicalType } = (typeof node === 'string' ? { type: node } : node) as SchemaNode;
      if (type === 'long') return timeLongs.get(String(logicalType)) ?? plainLong;
      if (type === 'float') return new MeantFloat();
      if (type === 'array') return new BoundedArray(node, options);
      return type === 'map' ? new BoundedMap(node, options) : undefined;
    },
  });
}
