import { carriageReturn, lineFeed } from '../scan/record-scanner.ts';
import type { LineWindow } from './line-window.ts';

/** Index of the line feed of the line at `window.at`; there must be one. */
export function endOfLine(window: LineWindow): number {
  return window.bytes.indexOf(lineFeed, window.at);
}

/** The line at `window.at` without its line break; a view that the next refill overwrites. */
export function lineUpTo(window: LineWindow, end: number): Buffer {
  const isWindows = end > window.at && window.bytes[end - 1] === carriageReturn;
  return window.bytes.subarray(window.at, isWindows ? end - 1 : end);
}

/** The line that begins at `at`, without its line break; it must be complete. */
export function lineFrom({ bytes }: LineWindow, at: number): Buffer {
  const end = bytes.indexOf(lineFeed, at);
  return bytes.subarray(at, end > at && bytes[end - 1] === carriageReturn ? end - 1 : end);
}

/** Whether nothing but blanks stands in `bytes[start .. end)`: such a line is no record. */
export function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let index = start;
  let byte = bytes[index];
  while (index < end && (byte === 0x20 || byte === 0x09 || byte === carriageReturn)) byte = bytes[++index];
  return index === end;
}

/**
 * Passes over the UTF-8 byte order mark at the beginning of a file. Returns what is wrong where it is another
 * one's.
 */
export function passByteOrderMark(window: LineWindow): string | null {
  const { bytes } = window;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) window.at = 3;
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return isUtf16 ? 'the file is UTF-16; convert it to UTF-8' : null;
}

/** What may explain a header that makes no sense. */
export function headerHint(header: string): string {
  if (header.startsWith('\u001f\ufffd')) return ' It looks like gzip: let its name end in .gz.';
  if (header.startsWith('(\ufffd/\ufffd')) return ' It looks like zstd: let its name end in .zst.';
  if (/[;\t|]/.test(header) && !header.includes(',')) return ' Columns must be divided by commas.';
  if (header.trimStart().startsWith('{')) return ' It looks like JSON: set format to ndjson.';
  return '';
}
