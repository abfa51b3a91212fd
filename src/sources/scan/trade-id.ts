import type { TickColumns } from '../tick-columns.ts';
import { scanDigits } from './digits.ts';

/** So many digits are always a safe integer. */
const digitsMax = 15;
const textMax = 128;
const zero = 0x30;

/**
 * Reads a whole number in its one spelling (no leading zeros) into `out[0]`. Returns the index behind it; -1
 * where there is none, or a long one that only the judge may round.
 */
export function scanWholeId(bytes: Uint8Array, at: number, out: Float64Array): number {
  const index = scanDigits(bytes, at, out);
  const digits = index - at;
  return digits === 0 || digits > digitsMax || (bytes[at] === zero && digits > 1) ? -1 : index;
}

/**
 * Reads an id of printable ASCII into row `length`, up to a comma, quote, backslash, blank or the end; -1
 * where there is another one.
 */
export function scanTextId(bytes: Buffer, at: number, columns: TickColumns): number {
  if (columns.ids !== 'unique') return -1;
  let index = at;
  let byte = bytes[index];
  let isNumber = true;
  while (byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x2c && byte !== 0x5c) {
    if (byte < zero || byte > zero + 9) isNumber = false;
    byte = bytes[++index];
  }
  // A number here is one that scanWholeId left alone.
  if (index === at || index - at > textMax || isNumber) return -1;
  columns.setTextId(bytes.toString('latin1', at, index));
  return index;
}
