import type { EventTimeUnit } from '../../scan/event-time.ts';

/** A double has some 309 digits before the point; many more take long to write down. */
const decimalBytesMax = 256;
const decimalScaleMax = 400;

/** A time whose schema says in which unit it counts from 1970 UTC. */
export class LogicalTime {
  readonly text: string;
  readonly unit: EventTimeUnit;

  constructor(text: string, unit: EventTimeUnit) {
    this.text = text;
    this.unit = unit;
  }
}

/** What stands in the branch of a union; other values as they are. */
export function unwrapped(value: unknown): unknown {
  const isBranch = typeof value === 'object' && value !== null && 'unwrap' in value && typeof value.unwrap === 'function';
  return isBranch ? (value as { unwrap(): unknown }).unwrap() : value;
}

export function hasFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof LogicalTime);
}

/** Of a record, which may be an object or a Map. Undefined where there is no such field. */
export function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const key of path) {
    if (value instanceof Map) value = unwrapped(value.get(key));
    else if (hasFields(value) && Object.hasOwn(value, key)) value = unwrapped(value[key as keyof typeof value]);
    else return undefined;
  }
  return value;
}

/** Null for what is no number and no text. */
export function textOf(value: unknown): string | null {
  if (value instanceof LogicalTime) return value.text;
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  return isText ? String(value) : null;
}

export function isDecimalScale(scale: unknown): scale is number {
  return typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 && scale <= decimalScaleMax;
}

/** A number without its decimal point as decimal text: two's complement, highest byte first. Throws where it is too long. */
export function decimalText(bytes: Buffer, scale: number): string {
  if (bytes.length > decimalBytesMax) throw new Error(`a decimal has ${bytes.length} bytes`);
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x0${bytes.toString('hex')}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(whole.length)}`}`;
}

/** The double that people mean by a number of 32 bits: of those that round to it the one with the fewest digits. */
export function meantBy32Bits(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
