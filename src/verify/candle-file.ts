import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { MdpError, messageOf } from '../errors.ts';
import type { BarSpec } from '../model/bar-spec.ts';
import type { Expectation, ExpectedBar, ExpectedCell } from './expectation.ts';

/** Columns of a candle file that can be compared, under their names in its header. The file needs one of them. */
export const candleColumns = ['open', 'high', 'low', 'close', 'volume'] as const;

interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/**
 * Candles of a CSV file, plain or `.gz`, with a header: `open_time_ms` (ms since 1970 UTC) or `open_time` (the same, or
 * ISO 8601), and any of open, high, low, close, volume. Rows must rise in open time and lie on the windows of `spec`.
 * Prices are compared as doubles, volume to the number of decimals that the file carries. Throws an MdpError
 * `source-unreadable` or `source-malformed`.
 */
export function candleFile(path: string, spec: BarSpec): Expectation {
  return {
    name: path,
    async range() {
      let [fromMs, untilMs] = [Infinity, -Infinity];
      for await (const { openTimeMs } of candles(path, spec)) {
        fromMs = Math.min(fromMs, openTimeMs);
        untilMs = spec.closeOf(openTimeMs);
      }
      if (fromMs === Infinity) throw malformed(`${path} holds no candles; it needs a header and at least one row.`);
      return { fromMs, untilMs };
    },
    bars: () => candles(path, spec),
  };
}

async function* candles(path: string, spec: BarSpec): AsyncGenerator<ExpectedBar> {
  let last = -Infinity;
  for await (const { record, info } of rowsOf(path)) {
    const place = `${path}:${info.lines}`;
    const openTimeMs = openTimeOf(record, place);
    if (openTimeMs <= last) {
      throw malformed(`${place}: ${iso(openTimeMs)} does not come after ${iso(last)}; sort the file by open time.`);
    }
    if (spec.openAt(openTimeMs) !== openTimeMs) {
      const windowOpen = iso(spec.openAt(openTimeMs));
      throw malformed(`${place}: ${iso(openTimeMs)} is not the beginning of a ${spec.name} bar ` +
        `(that is ${windowOpen}); is --spec the interval of this file?`);
    }
    last = openTimeMs;
    yield { openTimeMs, cells: cellsOf(record, place) };
  }
}

async function* rowsOf(path: string): AsyncGenerator<Row> {
  const parser = parse({
    bom: true, info: true, skip_empty_lines: true, trim: true,
    columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
  });
  // The loop below hears of every failure: the parser is destroyed with it.
  if (path.endsWith('.gz')) pipeline(createReadStream(path), createGunzip(), parser, () => {});
  else pipeline(createReadStream(path), parser, () => {});
  try {
    for await (const row of parser as Readable as AsyncIterable<Row>) yield row;
  } catch (error) {
    if (isSystemError(error)) {
      throw new MdpError('source-unreadable', `${path} cannot be read: ${error.message}.`, error);
    }
    throw malformed(`${path} is not CSV with a header: ${messageOf(error)}`, error);
  }
}

function openTimeOf(record: Row['record'], place: string): number {
  const text = record['open_time_ms'] ?? record['open_time'];
  if (text === undefined) {
    throw malformed(`${place}: there is no column open_time_ms or open_time, but ${Object.keys(record).join(', ')}.`);
  }
  const number = text === '' ? Number.NaN : Number(text);
  const openTimeMs = Number.isNaN(number) ? Date.parse(text) : number;
  if (!Number.isSafeInteger(openTimeMs)) {
    throw malformed(`${place}: open time "${text}" is neither ms since 1970 nor an ISO 8601 time.`);
  }
  // 1e11 ms is in 1973 and 1e14 ms in 5138: a number outside is seconds, microseconds or nanoseconds.
  if (number === openTimeMs && number !== 0 && (Math.abs(number) < 1e11 || Math.abs(number) > 1e14)) {
    throw malformed(`${place}: open time ${text} is not in milliseconds since 1970 (these have 12 to 14 digits).`);
  }
  return openTimeMs;
}

function cellsOf(record: Row['record'], place: string): ExpectedCell[] {
  const cells = candleColumns.filter((column) => record[column] !== undefined).map((column): ExpectedCell => {
    const text = record[column];
    const value = text === '' ? Number.NaN : Number(text);
    if (Number.isNaN(value)) throw malformed(`${place}: ${column} "${text}" is not a number.`);
    return { column, value, decimals: column === 'volume' ? decimalsOf(text) : null };
  });
  if (cells.length > 0) return cells;
  throw malformed(`${place}: there is nothing to compare; name a column ${candleColumns.join(', ')}.`);
}

/** Digits behind the point of a plain decimal; null where it is written with an exponent. */
function decimalsOf(text: string): number | null {
  const parts = /^[+-]?\d*(?:\.(\d*))?$/.exec(text);
  return parts === null ? null : Math.min(100, parts[1]?.length ?? 0); // toFixed knows no more than 100.
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function malformed(message: string, cause?: unknown): MdpError {
  return new MdpError('source-malformed', message, cause);
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
