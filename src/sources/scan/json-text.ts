import { comma, lineFeed, quote } from './record-scanner.ts';

export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;
export const colon = 0x3a;
const backslash = 0x5c;
const blank = 0x20;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const letterE = 0x65;
const lowerCase = 0x20;
const zero = 0x30;
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Whether a line feed is a blank like others, or the end of the record. */
export type LineBreaks = 'blank' | 'end';

/** The byte that `skipBlanks` passes beside blank, tab and carriage return. */
export function fourthBlank(lineBreaks: LineBreaks): number {
  return lineBreaks === 'blank' ? lineFeed : blank;
}

export function skipBlanks(bytes: Uint8Array, at: number, fourth: number): number {
  let index = at;
  let byte = bytes[index];
  // Nearly always there is none, and one comparison shows it.
  while (byte <= blank && (byte === blank || byte === 0x09 || byte === 0x0d || byte === fourth)) byte = bytes[++index];
  return index;
}

/** The closing quote of a plain string; -1 where it has escapes or control characters, or no end. */
export function endOfString(bytes: Uint8Array, at: number): number {
  let index = at;
  let byte = bytes[index];
  while (byte !== quote && byte !== backslash && byte >= blank) byte = bytes[++index];
  return byte === quote ? index : -1;
}

/** Deeper ones are for JSON.parse. */
const depthMax = 16;

/** Finds the ends of values that nobody asks for. */
export class PassedValues {
  readonly #fourthBlank: number;

  constructor(lineBreaks: LineBreaks) {
    this.#fourthBlank = fourthBlank(lineBreaks);
  }

  /** The end of the value at `at`; -1 where it or something in it is not plain. */
  endOf(bytes: Uint8Array, at: number, depth = 0): number {
    const byte = bytes[at];
    if (byte === quote) {
      const end = endOfString(bytes, at + 1);
      return end < 0 ? -1 : end + 1;
    }
    if (isDigit(byte) || byte === minus) return endOfNumber(bytes, at);
    if (byte === openBrace || byte === openBracket) return depth < depthMax ? this.#endOfNested(bytes, at, depth) : -1;
    for (const word of words) {
      let same = 0;
      while (same < word.length && word[same] === bytes[at + same]) same++;
      if (same === word.length) return at + same;
    }
    return -1;
  }

  #endOfNested(bytes: Uint8Array, at: number, depth: number): number {
    const isObject = bytes[at] === openBrace;
    const last = isObject ? closeBrace : closeBracket;
    let index = skipBlanks(bytes, at + 1, this.#fourthBlank);
    if (bytes[index] === last) return index + 1;
    for (index = at; index === at || bytes[index] === comma;) {
      index = skipBlanks(bytes, index + 1, this.#fourthBlank);
      if (isObject) index = this.#behindKey(bytes, index);
      if (index >= 0) index = this.endOf(bytes, index, depth + 1);
      if (index < 0) return -1;
      index = skipBlanks(bytes, index, this.#fourthBlank);
    }
    return bytes[index] === last ? index + 1 : -1;
  }

  /** Where the value of the key at `at` begins. */
  #behindKey(bytes: Uint8Array, at: number): number {
    const end = bytes[at] === quote ? endOfString(bytes, at + 1) : -1;
    if (end < 0) return -1;
    const index = skipBlanks(bytes, end + 1, this.#fourthBlank);
    return bytes[index] === colon ? skipBlanks(bytes, index + 1, this.#fourthBlank) : -1;
  }
}

function endOfNumber(bytes: Uint8Array, at: number): number {
  const start = bytes[at] === minus ? at + 1 : at;
  let index = endOfDigits(bytes, start);
  if (index === start || hasLeadingZero(bytes, start)) return -1;
  if (bytes[index] === point) index = endOfDigits(bytes, index + 1);
  if (!isDigit(bytes[index - 1])) return -1;
  if ((bytes[index] | lowerCase) !== letterE) return index;
  const isSigned = bytes[index + 1] === minus || bytes[index + 1] === plus;
  index = endOfDigits(bytes, index + (isSigned ? 2 : 1));
  return isDigit(bytes[index - 1]) ? index : -1;
}

/** JSON has no leading zeros. */
export function hasLeadingZero(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === zero && isDigit(bytes[at + 1]);
}

function endOfDigits(bytes: Uint8Array, at: number): number {
  let index = at;
  while (isDigit(bytes[index])) index++;
  return index;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}
