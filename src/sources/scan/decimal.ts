import { scanDigits } from './digits.ts';

/** Every one of them is exact in a double. */
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** So many digits always fit a double's 53 bits: 10^15 < 2^53. */
const exactDigitsMax = 15;

/** Doubles below this have fewer bits. */
const normalMin = 2 ** -1022;
/** So many digits fit 31 bits: nearly all numbers of a feed have no more on either side of the point. */
const shortDigits = 9;
const zero = 0x30;
const decimalPoint = 0x2e;
const plus = 0x2b;
const minus = 0x2d;
const letterE = 0x65;
const lowerCase = 0x20;
const exponentDigitsMax = 3;

/**
 * Reads `digits` or `digits.digits`, with an exponent or without, at `at` into `out[0]` and returns the index behind
 * it; -1 where there is something else (a sign, a bare point), more than 15 digits or a large exponent:
 * `parseDecimal` knows those too. `out` has two elements. The bytes must hold something that is no digit behind the
 * number.
 *
 * An integer of at most 15 digits times or divided by an exact power of ten is one correctly rounded operation, so
 * the result equals Number(text): W. D. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
 */
export function scanDecimal(bytes: Uint8Array, at: number, out: Float64Array): number {
  let index = at;
  let whole = 0;
  let digit = bytes[index] - zero;
  while (digit >= 0 && digit <= 9 && index - at < shortDigits) {
    whole = (Math.imul(whole, 10) + digit) | 0;
    digit = bytes[++index] - zero;
  }
  const point = index;
  const isLong = index === at || (digit >= 0 && digit <= 9);
  if (isLong || bytes[point] !== decimalPoint) {
    if (isLong || (bytes[index] | lowerCase) === letterE) return scanLong(bytes, at, out);
    out[0] = whole;
    return index;
  }
  let part = 0;
  digit = bytes[++index] - zero;
  while (digit >= 0 && digit <= 9 && index - point <= shortDigits) {
    part = (Math.imul(part, 10) + digit) | 0;
    digit = bytes[++index] - zero;
  }
  const decimals = index - point - 1;
  if (decimals === 0 || point - at + decimals > exactDigitsMax) return -1;
  if ((digit >= 0 && digit <= 9) || (bytes[index] | lowerCase) === letterE) return scanLong(bytes, at, out);
  const scale = powersOfTen[decimals];
  out[0] = (whole * scale + part) / scale;
  return index;
}

/** The same with up to 15 digits on one side of the point, and with an exponent. */
function scanLong(bytes: Uint8Array, at: number, out: Float64Array): number {
  const wholeEnd = scanDigits(bytes, at, out);
  if (wholeEnd === at || wholeEnd - at > exactDigitsMax) return -1;
  const whole = out[0];
  if (bytes[wholeEnd] !== decimalPoint) {
    out[1] = 0;
    return (bytes[wholeEnd] | lowerCase) === letterE ? scanExponent(bytes, wholeEnd + 1, out) : wholeEnd;
  }
  const end = scanDigits(bytes, wholeEnd + 1, out);
  const decimals = end - wholeEnd - 1;
  if (decimals === 0 || wholeEnd - at + decimals > exactDigitsMax) return -1;
  const scale = powersOfTen[decimals];
  out[0] = whole * scale + out[0];
  out[1] = decimals;
  if ((bytes[end] | lowerCase) === letterE) return scanExponent(bytes, end + 1, out);
  out[0] /= scale;
  return end;
}

/** Takes the exponent at `at` into account: until then `out[0]` is a whole number, of which `out[1]` digits are decimals. */
function scanExponent(bytes: Uint8Array, at: number, out: Float64Array): number {
  const isNegative = bytes[at] === minus;
  const start = isNegative || bytes[at] === plus ? at + 1 : at;
  const [digits, decimals] = [out[0], out[1]];
  const end = scanDigits(bytes, start, out);
  if (end === start || end - start > exponentDigitsMax) return -1;
  const power = (isNegative ? -out[0] : out[0]) - decimals;
  if (Math.abs(power) >= powersOfTen.length) return -1;
  out[0] = power < 0 ? digits / powersOfTen[-power] : digits * powersOfTen[power];
  return end;
}

export interface Decimal {
  readonly value: number;
  /**
   * The text has more digits than a double keeps: printing the value does not give the text's number back.
   */
  readonly inexact: boolean;
}

const grammar = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/**
 * A finite decimal number, rounded once as Number() does; null for all other text, infinities and underflows
 * to 0.
 */
export function parseDecimal(text: string): Decimal | null {
  const parts = grammar.exec(text);
  if (parts === null || parts[1].length + parts[2].length === 0) return null;
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  const significant = significantDigits(parts[1] + parts[2]);
  if (value === 0 && significant !== '') return null;
  const mayLoseDigits = significant.length > exactDigitsMax || Math.abs(value) < normalMin;
  return { value, inexact: mayLoseDigits && !isRoundTrip(parts, value) };
}

function significantDigits(digits: string): string {
  return digits.replace(/^0+/, '').replace(/0+$/, '');
}

/** Whether the shortest text of `value` is the number that was written. */
function isRoundTrip(written: RegExpExecArray, value: number): boolean {
  const printed = grammar.exec(String(value))!;
  return significantDigits(written[1] + written[2]) === significantDigits(printed[1] + printed[2]);
}
