/**
 * Reads Kafka records whose values are JSON objects laid out like one that was read before, many at a time. It knows nothing
 * that is unusual: at the first record that is not plain it stops, and src/sources/kafka/ reads that one with all its care.
 * What it reads, the decoder beside it reads with the same values.
 */
import {
  eventTimeAt, instrumentAt, logTimeAt, pieceBytes, pieceMask, piecesAt, pieceText, placesAt, positionAt, priceAt,
  requestAt, resultAt, sideAt, sizeAt, tradeIdAt, usualSymbolAt,
} from './memory';
import { addName, findName } from './names';
import { endOfNumber, number, readDecimal, readEventTime, readWholeId } from './numbers';
import { endOfText, endOfWord, readSide, skipBlanks } from './texts';

export {
  eventTimeAt, inputAt, inputBytesMax, instrumentAt, logTimeAt, pieceBytes, pieceMask, piecesAt, pieceText, placesAt,
  positionAt, priceAt, requestAt, resultAt, rowsMax, sideAt, sizeAt, tradeIdAt, usualSymbolAt,
} from './memory';
export { addName };

/** The field behind a piece: the bits of src/sources/scan/key-tree.ts. */
const nobodyAsks: i32 = 0;
const tradeId: i32 = 1;
const eventTime: i32 = 2;
const side: i32 = 4;
const price: i32 = 8;
const size: i32 = 16;
const symbol: i32 = 32;
const venue: i32 = 64;

/** Values of the layout; one piece more is known. */
export let values: i32 = 0;
/** 13 for ms, 16 for µs, 19 for ns. */
export let eventTimeDigits: i32 = 13;
export let isSymbolInKey: bool = false;
export let usualSymbolBytes: i32 = 0;

let cursor: usize = 0;
let symbolStart: usize = 0;
let symbolBytes: i32 = 0;
let venueStart: usize = 0;
let venueBytes: i32 = 0;

const noNumber: i64 = i64.MIN_VALUE;
const exactMax: i64 = 1 << 53;

/** Signed, 7 bits a byte; `noNumber` for one that no double holds. */
// @ts-ignore: decorator
@inline
function readVarint(): i64 {
  let byte: u64 = load<u8>(cursor++);
  let raw = byte & 0x7f;
  for (let shift: u64 = 7; byte > 0x7f; shift += 7) {
    if (shift > 49) return noNumber;
    byte = load<u8>(cursor++);
    raw |= (byte & 0x7f) << shift;
  }
  return <i64>(raw >> 1) ^ -<i64>(raw & 1);
}

/** Whether the first `length` of 48 bytes are those of the piece. */
// @ts-ignore: decorator
@inline
function isPiece(at: usize, piece: usize, length: i32): bool {
  if (differs(at, piece)) return false;
  if (length > 16 && differs(at + 16, piece + 16)) return false;
  return length <= 32 || !differs(at + 32, piece + 32);
}

// @ts-ignore: decorator
@inline
function differs(at: usize, piece: usize): bool {
  const other = v128.xor(v128.load(at), v128.load(piece + pieceText));
  return v128.any_true(v128.and(other, v128.load(piece + pieceMask)));
}

/** The end of a value that nobody asks for; 0 where it is nested, or not plain. */
function endOfOther(at: usize): usize {
  const byte = load<u8>(at);
  if (load<u8>(at - 1) == 0x22) return endOfText(at);
  return byte == 0x2d || (byte >= 0x30 && byte <= 0x39) ? endOfNumber(at) : endOfWord(at);
}

/** Reads the value at `at` into `row`; returns the place behind it, 0 where it is not plain. */
// @ts-ignore: decorator
@inline
function readValue(at: usize, field: i32, row: i32): usize {
  const place = <usize>row << 3;
  let end: usize = 0;
  switch (field) {
    case price:
      end = readDecimal(at);
      store<f64>(priceAt + place, number);
      return end;
    case size:
      end = readDecimal(at);
      store<f64>(sizeAt + place, number);
      return end;
    case eventTime:
      end = readEventTime(at, eventTimeDigits);
      store<f64>(eventTimeAt + place, number);
      return end;
    case tradeId:
      end = readWholeId(at);
      store<f64>(tradeIdAt + place, number);
      return end;
    case side: return readSide(at, row);
    case symbol:
      end = endOfText(at);
      symbolStart = at;
      symbolBytes = <i32>(end - at);
      return end;
    case venue:
      end = endOfText(at);
      venueStart = at;
      venueBytes = <i32>(end - at);
      return end;
    default: return endOfOther(at);
  }
}

/** Reads the object at `at` into `row`; returns the place behind its closing brace, 0 where it is laid out otherwise. */
// @ts-ignore: decorator
@inline
function readObject(at: usize, row: i32): usize {
  let index = at;
  let piece = piecesAt;
  const last = piecesAt + <usize>values * pieceBytes;
  while (true) {
    const length = load<i32>(piece, 4);
    if (!isPiece(index, piece, length)) return 0;
    index += length;
    if (piece == last) return index;
    index = readValue(index, load<i32>(piece), row);
    if (index == 0) return 0;
    piece += pieceBytes;
  }
}

/**
 * Reads the records that the request asks for into rows from 0 on; returns how many they are: up to the first that is not
 * plain, has no higher offset than the one before it, or happened when the request says to stop.
 */
export function readRecords(): i32 {
  const end = <usize>load<f64>(requestAt, 8);
  const most = <i32>load<f64>(requestAt, 16);
  const highest = <i64>load<f64>(requestAt, 32);
  const baseOffset = load<f64>(requestAt, 40);
  const timeMs = load<f64>(requestAt, 48);
  const ownTimes = load<f64>(requestAt, 56); // 1 or 0.
  const untilMs = load<f64>(requestAt, 64);
  let previous = <i64>load<f64>(requestAt, 24);
  let next = <usize>load<f64>(requestAt);
  let row = 0;
  for (; row < most; row++) {
    cursor = next;
    const length = readVarint();
    if (length < 0 || length > <i64>end - <i64>cursor) break;
    next = cursor + <usize>length;
    cursor++; // Attributes: no bit of them has a meaning.
    const timeDelta = readVarint();
    if (timeDelta < -exactMax || timeDelta > exactMax) break;
    const offset = readVarint();
    if (offset <= previous || offset > highest) break;
    if (!readMessage(row, next) || load<f64>(eventTimeAt + (<usize>row << 3)) >= untilMs) break;
    store<f64>(positionAt + (<usize>row << 3), baseOffset + <f64>offset);
    store<f64>(logTimeAt + (<usize>row << 3), timeMs + <f64>timeDelta * ownTimes);
    previous = offset;
    store<f64>(resultAt, <f64>next);
  }
  store<f64>(resultAt, <f64>previous, 8);
  return row;
}

/** Reads key and value at the cursor, which end before `end`; false where they are not plain. */
// @ts-ignore: decorator
@inline
function readMessage(row: i32, end: usize): bool {
  const keyBytes = readVarint();
  if (keyBytes < -1 || keyBytes >= <i64>end - <i64>cursor) return false;
  const keyStart = cursor;
  if (keyBytes > 0) cursor += <usize>keyBytes;
  const valueBytes = readVarint();
  if (valueBytes <= 0 || valueBytes >= <i64>end - <i64>cursor) return false; // The number of headers follows.
  const valueEnd = cursor + <usize>valueBytes;
  const place = placesAt + (<usize>row << 4);
  store<i32>(place, keyBytes < 0 ? -1 : <i32>keyStart);
  store<i32>(place, keyBytes < 0 ? -1 : <i32>keyStart + <i32>keyBytes, 4);
  store<i32>(place, <i32>cursor, 8);
  store<i32>(place, <i32>valueEnd, 12);
  symbolStart = isSymbolInKey ? keyStart : usualSymbolAt;
  symbolBytes = isSymbolInKey ? <i32>keyBytes : usualSymbolBytes;
  venueBytes = -1;
  store<u8>(sideAt + row, 0);
  const objectEnd = readObject(skipBlanks(cursor), row);
  if (objectEnd == 0 || (objectEnd != valueEnd && skipBlanks(objectEnd) != valueEnd)) return false;
  return readInstrument(row);
}

// @ts-ignore: decorator
@inline
function readInstrument(row: i32): bool {
  if (symbolBytes < 0) return false;
  const scope = venueBytes < 0 ? 0 : findName(venueStart, venueBytes, -1);
  const instrument = scope < 0 ? -1 : findName(symbolStart, symbolBytes, scope);
  store<i32>(instrumentAt + (<usize>row << 2), instrument);
  return instrument >= 0;
}
