/** Numbers in text. Each function returns the place behind the number, 0 where it is none that it can read exactly. */

/** What was read last. */
export let number: f64 = 0;

const decimalPoint: u32 = 0x2e;
const quote: u32 = 0x22;
/** So many digits fit a double's 53 bits: 10^15 < 2^53. */
const exactDigitsMax: usize = 15;

/** Every one of them is exact in a double. */
const powersOfTen: usize = memory.data<f64>([1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14]);

// @ts-ignore: decorator
@inline
export function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30; // More than 9 where there is none.
}

/**
 * `digits` or `digits.digits`. A whole number of at most 15 digits divided by an exact power of ten is one correctly rounded
 * operation: W. D. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990.
 */
// @ts-ignore: decorator
@inline
export function readDecimal(at: usize): usize {
  let index = at;
  let digits: u64 = 0;
  let digit = digitAt(index);
  if (digit > 9) return 0;
  if (digit == 0 && digitAt(index + 1) <= 9 && load<u8>(at - 1) != quote) return 0; // JSON has no 007.
  while (digit <= 9) {
    digits = digits * 10 + digit;
    digit = digitAt(++index);
  }
  if (load<u8>(index) != decimalPoint) {
    number = <f64>digits;
    return index - at > exactDigitsMax ? 0 : index;
  }
  const point = index++;
  digit = digitAt(index);
  while (digit <= 9) {
    digits = digits * 10 + digit;
    digit = digitAt(++index);
  }
  const decimals = index - point - 1;
  if (decimals == 0 || index - at - 1 > exactDigitsMax) return 0;
  number = <f64>digits / load<f64>(powersOfTen + (decimals << 3));
  return index;
}

/** A whole number in its one spelling. */
// @ts-ignore: decorator
@inline
export function readWholeId(at: usize): usize {
  let index = at;
  let digits: u64 = 0;
  let digit = digitAt(index);
  const first = digit;
  while (digit <= 9) {
    digits = digits * 10 + digit;
    digit = digitAt(++index);
  }
  const count = index - at;
  number = <f64>digits;
  return count == 0 || count > exactDigitsMax || (first == 0 && count > 1) ? 0 : index;
}

/** The eight digits at `at`; more than 99,999,999 where one is none. D. Lemire: "Quickly parsing eight digits" (2018). */
// @ts-ignore: decorator
@inline
function eightDigits(at: usize): u64 {
  const digits = load<u64>(at) ^ 0x3030303030303030; // Each byte is 0 to 9 now, or the text had something else there.
  if (((digits | (digits + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0) != 0) return u64.MAX_VALUE;
  const pairs = digits * 10 + (digits >> 8);
  const low = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const high = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (low + high) >> 32;
}

/** A number of ms, µs or ns (`digits` is 13, 16 or 19) of the years 2001 to 2255, as ms in whole µs; ms may have decimals. */
// @ts-ignore: decorator
@inline
export function readEventTime(at: usize, digits: i32): usize {
  const first = eightDigits(at);
  if (first > 89_999_999 || first < 10_000_000) return 0; // Later ones are not exact as µs in a double.
  if (digits == 13) {
    const last = eightDigits(at + 5); // Overlaps: three of its digits were read.
    if (last > 99_999_999) return 0;
    number = <f64>(first * 100_000 + last % 100_000);
    return load<u8>(at + 13) == decimalPoint ? addMicros(at + 14) : at + 13;
  }
  const second = eightDigits(at + 8);
  if (second > 99_999_999) return 0;
  number = <f64>(first * 100_000_000 + second) / 1_000;
  if (digits == 16) return at + 16;
  const hasThree = digitAt(at + 16) <= 9 && digitAt(at + 17) <= 9 && digitAt(at + 18) <= 9;
  return hasThree ? at + 19 : 0; // Floored away.
}

/** Adds the decimals of a number of ms: three at most, what is behind them is floored away. */
function addMicros(at: usize): usize {
  let index = at;
  let micros = 0;
  let worth = 100;
  let digit = digitAt(index);
  while (digit <= 9) {
    micros += digit * worth;
    worth /= 10;
    digit = digitAt(++index);
  }
  number = (number * 1_000 + <f64>micros) / 1_000;
  return index == at ? 0 : index;
}

/** The end of a JSON number of any size that nobody asks for. */
export function endOfNumber(at: usize): usize {
  let index = load<u8>(at) == 0x2d ? at + 1 : at;
  if (digitAt(index) == 0 && digitAt(index + 1) <= 9) return 0;
  index = endOfDigits(index);
  if (index != 0 && load<u8>(index) == decimalPoint) index = endOfDigits(index + 1);
  if (index == 0 || (load<u8>(index) | 0x20) != 0x65) return index;
  const sign = load<u8>(index + 1);
  return endOfDigits(sign == 0x2b || sign == 0x2d ? index + 2 : index + 1);
}

function endOfDigits(at: usize): usize {
  let index = at;
  while (digitAt(index) <= 9) index++;
  return index == at ? 0 : index;
}
