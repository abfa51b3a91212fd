import { side } from '../../model/tick-batch.ts';
import type { TickColumns } from '../tick-columns.ts';
import type { Fault } from './tick-judge.ts';

/**
 * Reads records of one format, a line each. `scan` is the fast way and reads only what is plain; `judge`
 * knows everything. What `scan` accepts, `judge` accepts with the same values.
 */
export interface RecordScanner {
  /**
   * Reads the record at `at` into row `columns.length`, all columns but the position; a line feed must stand
   * somewhere behind `at`. Returns the index behind the record's line feed, or -1 where only the judge can
   * tell.
   */
  scan(bytes: Buffer, at: number, columns: TickColumns): number;
  /** Reads a line, given without its line break, into row `columns.length`, or says what is wrong with it. */
  judge(line: Buffer, columns: TickColumns): Fault | null;
}

export const lineFeed = 0x0a;
export const carriageReturn = 0x0d;
export const quote = 0x22;
export const comma = 0x2c;
/** Makes an ASCII letter small. */
const lowerCase = 0x20;

/**
 * The aggressor at `at`, buy or sell in letters of any case, or unknown where there is neither, into row
 * `length`. Returns the index behind.
 */
export function scanSide(bytes: Uint8Array, at: number, columns: TickColumns): number {
  const first = bytes[at] | lowerCase;
  if (first === 0x62 && (bytes[at + 1] | lowerCase) === 0x75 && (bytes[at + 2] | lowerCase) === 0x79) {
    columns.side[columns.length] = side.buy;
    return at + 3;
  }
  const isSell = first === 0x73 && (bytes[at + 1] | lowerCase) === 0x65 &&
    (bytes[at + 2] | lowerCase) === 0x6c && (bytes[at + 3] | lowerCase) === 0x6c;
  columns.side[columns.length] = isSell ? side.sell : side.unknown;
  return isSell ? at + 4 : at;
}
