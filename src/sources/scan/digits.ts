const zero = 0x30;
/**
 * So many digits always fit 31 bits, where a multiplication takes a third of the time that it takes among
 * doubles.
 */
const chunkDigits = 9;
const powersOfTen = Float64Array.of(1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9);

/**
 * Reads the digits at `at` as a whole number into `out[0]` and returns the index behind them. Up to 15 digits
 * are exact; more than 18 are passed over and their number means nothing. Something that is no digit must
 * stand behind them.
 */
export function scanDigits(bytes: Uint8Array, at: number, out: Float64Array): number {
  let index = at;
  let head = 0;
  let digit = bytes[index] - zero;
  const headEnd = at + chunkDigits;
  while (digit >= 0 && digit <= 9 && index < headEnd) {
    head = (Math.imul(head, 10) + digit) | 0;
    digit = bytes[++index] - zero;
  }
  out[0] = head;
  if (index < headEnd || !(digit >= 0 && digit <= 9)) return index;
  let tail = 0;
  while (digit >= 0 && digit <= 9) {
    tail = (Math.imul(tail, 10) + digit) | 0;
    digit = bytes[++index] - zero;
  }
  if (index - headEnd <= chunkDigits) out[0] = head * powersOfTen[index - headEnd] + tail;
  return index;
}

/**
 * The four digits at `at` as a number, -1 where one of them is none: all four at once, in the bytes of one word. The pairs
 * are D. Lemire's: "Quickly parsing eight digits" (2018).
 */
export function fourDigits(view: DataView, at: number): number {
  const digits = view.getInt32(at, true) ^ 0x30303030; // Each byte is 0 to 9 now, or the text had something else there.
  if (((digits | (digits + 0x06060606)) & 0xf0f0f0f0) !== 0) return -1;
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) | 0; // The first and the third byte hold two digits each.
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}
