import { sideAt } from './memory';

const quote: i8 = 0x22;
const backslash: i8 = 0x5c;
const blank: i8 = 0x20;

/** The closing quote of a plain text, 16 bytes at a time; 0 where it has escapes or control characters, or no end. */
// @ts-ignore: decorator
@inline
export function endOfText(at: usize): usize {
  let index = at;
  while (true) {
    const bytes = v128.load(index);
    const quotes = i8x16.eq(bytes, i8x16.splat(quote));
    const escapes = i8x16.eq(bytes, i8x16.splat(backslash));
    const ends = i8x16.bitmask(v128.or(v128.or(quotes, escapes), i8x16.lt_u(bytes, i8x16.splat(blank))));
    if (ends != 0) {
      index += ctz<i32>(ends);
      return load<u8>(index) == <u8>quote ? index : 0;
    }
    index += 16;
  }
}

/** Behind true, false or null; 0 where there is another word. */
export function endOfWord(at: usize): usize {
  const word = load<u32>(at);
  if (word == 0x65757274 || word == 0x6c6c756e) return at + 4; // true, null
  return word == 0x736c6166 && load<u8>(at + 4) == 0x65 ? at + 5 : 0;
}

// @ts-ignore: decorator
@inline
export function skipBlanks(at: usize): usize {
  let index = at;
  let byte = load<u8>(index);
  while (byte <= 0x20 && (byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a)) byte = load<u8>(++index);
  return index;
}

/** The aggressor as letters of any case: 1 buy, 2 sell, 0 where there is neither. Returns the place behind. */
// @ts-ignore: decorator
@inline
export function readSide(at: usize, row: i32): usize {
  const letters = load<u32>(at) | 0x20202020;
  const isBuy = (letters & 0xffffff) == 0x797562;
  const isSell = letters == 0x6c6c6573;
  store<u8>(sideAt + row, isBuy ? 1 : isSell ? 2 : 0);
  return isBuy ? at + 3 : isSell ? at + 4 : at;
}
