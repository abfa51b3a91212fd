import { closeBrace, closeBracket, fourthBlank, openBrace, openBracket, skipBlanks } from '../../scan/json-text.ts';
import { comma, quote } from '../../scan/record-scanner.ts';
import type { Fault } from '../../scan/tick-judge.ts';

const anyBlank = fourthBlank('blank');
const backslash = 0x5c;

/** What some writers put before their text; RFC 8259 lets readers pass it. */
const byteOrderMark = Buffer.from('\ufeff');

/** A value without its byte order mark and the blanks around it. */
export function trimmed(value: Buffer): Buffer {
  const hasMark = value.subarray(0, byteOrderMark.length).equals(byteOrderMark);
  const start = skipBlanks(value, hasMark ? byteOrderMark.length : 0, anyBlank);
  let end = value.length;
  while (end > start && skipBlanks(value, end - 1, anyBlank) === end) end--;
  return value.subarray(start, end);
}

export function isList(value: Buffer): boolean {
  return value[0] === openBracket;
}

/**
 * The elements of a list of objects, each as the bytes between its braces, which may be JSON or not; at last a fault
 * where the list is none. One after the other: as a whole JSON.parse makes up to fifty times a list's size of it.
 */
export function* piecesOf(list: Buffer): Generator<Buffer | Fault> {
  let index = skipBlanks(list, 1, anyBlank);
  if (list[index] === closeBracket) index++;
  else {
    for (index = 0; index === 0 || list[index] === comma;) {
      const start = skipBlanks(list, index + 1, anyBlank);
      const end = list[start] === openBrace ? endOfPiece(list, start) : -1;
      if (end < 0) return yield notAList(start, list);
      yield list.subarray(start, end);
      index = skipBlanks(list, end, anyBlank);
    }
    if (list[index] !== closeBracket) return yield notAList(index, list);
    index++;
  }
  const rest = skipBlanks(list, index, anyBlank);
  if (rest < list.length) yield notAList(rest, list);
}

/** Behind the object at `at`; -1 where it has no end. Counts brackets and leaves the rest to JSON.parse. */
function endOfPiece(list: Buffer, at: number): number {
  let [depth, isText] = [0, false];
  for (let index = at; index < list.length; index++) {
    const byte = list[index];
    if (isText && byte === backslash) index++;
    else if (byte === quote) isText = !isText;
    else if (isText) continue;
    else if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return index + 1;
  }
  return -1;
}

function notAList(at: number, list: Buffer): Fault {
  const where = at < list.length ? `byte ${at + 1} of ${list.length}` : 'its end';
  return { reason: 'malformed', message: `the message is no JSON list of objects: it goes wrong at ${where}` };
}
