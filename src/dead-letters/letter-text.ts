import type { LetterCount, LetterFilter, StoredLetter } from '../model/dead-letter.ts';
import { keyText } from './letter-key.ts';

/** Characters of a record that a line of the list shows. */
const excerptMax = 60;
/** Of a place: its end says more than its beginning. */
const placeMax = 60;

export interface LetterList {
  readonly letters: readonly StoredLetter[];
  /** Over all letters that the filter lets through, listed or not. */
  readonly counts: readonly LetterCount[];
}

export function totalOf(counts: readonly LetterCount[]): number {
  return counts.reduce((sum, { letters }) => sum + letters, 0);
}

/** Totals, then a line a letter, then how many are not shown. Ends with a line feed. */
export function listText({ letters, counts }: LetterList, filter: LetterFilter): string {
  const total = totalOf(counts);
  if (total === 0) return `No dead letters${isEmpty(filter) ? '' : ' of that kind'}.\n`;
  const table = tableOf([
    ['key', 'reason', 'first', 'last', 'retries', 'place', 'begins'],
    ...letters.map((letter) => [
      keyText(letter), letter.reason, time(letter.firstAtMs), time(letter.lastAtMs), String(letter.retries),
      cut(letter.place, placeMax), excerpt(letter),
    ]),
  ]);
  const more = total - letters.length;
  const rest = more > 0 ? ['', `… and ${number(more)} more: ask for them with --limit, or narrow it down by --lane, ` +
    '--origin, --reason or --since.'] : [];
  return `${[...totalLines(counts), '', ...table, ...rest].join('\n')}\n`;
}

/** How many of each lane, origin and reason, as a table with its sum. */
export function totalsText(counts: readonly LetterCount[]): string {
  return `${totalLines(counts).join('\n')}\n`;
}

/** The same for machines; bytes are base64, times ISO 8601. */
export function listJson({ letters, counts }: LetterList): string {
  const report = { total: totalOf(counts), counts: counts.map(countJson), letters: letters.map(letterJson) };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** A letter as a JSON object that says all there is. `bytes` may be their beginning only: see `bytesTotal`. */
export function letterJson(letter: StoredLetter): Record<string, unknown> {
  const { firstAtMs, lastAtMs, bytes, ...rest } = letter;
  return {
    key: keyText(letter), ...rest, firstAt: iso(firstAtMs), lastAt: iso(lastAtMs),
    bytes: Buffer.from(bytes).toString('base64'),
  };
}

/** Everything of a letter: its bytes as text where they are text, else as hexadecimal. Ends with a line feed. */
export function letterText(letter: StoredLetter): string {
  const facts = [
    ['key', keyText(letter)], ['lane', letter.lane], ['generation', String(letter.generation)],
    ['position', String(letter.position)], ['origin', originWords[letter.origin]], ['reason', letter.reason],
    ['message', letter.message], ['place', letter.place], ['first seen', iso(letter.firstAtMs)],
    ['last seen', iso(letter.lastAtMs)], ['retries', String(letter.retries)], ['bytes', number(letter.bytesTotal)],
  ].map(([name, value]) => `${name.padEnd(11)} ${printable(value)}`);
  return `${[...facts, '', bytesText(letter.bytes)].join('\n')}\n`;
}

const originWords = {
  tick: 'tick (a record of the log)',
  row: 'row (refused by the database)',
} as const;

/** Text where the bytes are UTF-8 without control characters but line breaks and tabs, else a hexadecimal dump. */
export function bytesText(bytes: Uint8Array): string {
  const text = utf8Of(bytes);
  return text === null || /[^\P{Cc}\t\r\n]/u.test(text) ? hexDump(bytes) : text;
}

/** 16 bytes a line: place, hexadecimal, ASCII. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) {
    const row = [...bytes.subarray(start, start + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${start.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return lines.join('\n');
}

function utf8Of(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function excerpt({ bytes, bytesTotal }: StoredLetter): string {
  const text = printable(Buffer.from(bytes).toString('utf8'));
  return text.length > excerptMax || bytesTotal > bytes.length ? `${text.slice(0, excerptMax)}…` : text;
}

/** A terminal obeys control characters, and what stands in a record may come from anybody. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '·');
}

function totalLines(counts: readonly LetterCount[]): string[] {
  return tableOf([
    ['letters', 'lane', 'origin', 'reason', 'last'],
    ...counts.map(({ letters, lane, origin, reason, lastAtMs }) => [number(letters), lane, origin, reason, time(lastAtMs)]),
    ...(counts.length > 1 ? [[number(totalOf(counts)), 'all', '', '', '']] : []),
  ]);
}

function countJson({ lastAtMs, ...rest }: LetterCount): Record<string, unknown> {
  return { ...rest, lastAt: iso(lastAtMs) };
}

/** Columns two blanks apart. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = clean[0].map((_, column) => Math.max(...clean.map((row) => row[column].length)));
  return clean.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `…${text.slice(1 - lengthMax)}`;
}

function isEmpty({ lane, origin, reason, sinceMs }: LetterFilter): boolean {
  return lane === null && origin === null && reason === null && sinceMs === null;
}

function number(value: number): string {
  return value.toLocaleString('en');
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** To the second. */
function time(timeMs: number): string {
  return `${iso(timeMs).slice(0, 19)}Z`;
}
