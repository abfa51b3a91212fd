import { Type } from './json-schema.ts';
import { BadRequest, type Answer } from './route.ts';

export type Format = 'json' | 'ndjson' | 'csv';

export const formatOption = Type.Optional(Type.Enum(['json', 'ndjson', 'csv'], {
  default: 'json',
  description: 'json is one object; ndjson a row a line, csv the same fields below a header (RFC 4180).',
}));

/** JSON is made as one text and read as one: 10,000 rows are some 3 MB, a second's work and not a minute's. */
export const jsonRowsMax = 10_000;
/** Rows that come one by one; a day of seconds twelve times over. */
export const streamedRowsMax = 1_000_000;

/** As the OpenAPI document has them. */
export const otherTypes = ['application/x-ndjson', 'text/csv'] as const;
export const typeOf = (format: 'ndjson' | 'csv'): string => (
  format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson; charset=utf-8');

/** Throws a BadRequest for more rows than the format is for. */
export function requireLimit(limit: number, format: Format): void {
  if (format !== 'json' || limit <= jsonRowsMax) return;
  throw new BadRequest(
    'limit', `limit must be <= ${jsonRowsMax} where format is json; ndjson and csv go up to ${streamedRowsMax}.`);
}

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Lines of pages of rows. `fields` are those of every row, in the order of the columns. */
export async function* linesOf(
  format: 'ndjson' | 'csv', fields: readonly string[], pages: AsyncIterable<Rows>,
): AsyncGenerator<string> {
  let ahead = format === 'csv' ? `${fields.join(',')}\r\n` : ''; // Not before the first page: it may fail.
  for await (const rows of pages) {
    const lines = rows.map((row) => (format === 'csv' ? csvLine(fields, row) : `${JSON.stringify(row)}\n`));
    if (ahead !== '' || lines.length > 0) yield ahead + lines.join('');
    ahead = '';
  }
  if (ahead !== '') yield ahead;
}

/** Rows that are all there already, as the answer of a route. */
export async function textOf(format: 'ndjson' | 'csv', fields: readonly string[], rows: Rows): Promise<Answer> {
  async function* page(): AsyncGenerator<Rows> {
    yield rows;
  }
  return { status: 200, type: typeOf(format), body: (await Array.fromAsync(linesOf(format, fields, page()))).join('') };
}

function csvLine(fields: readonly string[], row: Readonly<Record<string, unknown>>): string {
  return `${fields.map((field) => cellOf(row[field])).join(',')}\r\n`;
}

/** Null is an empty cell. Numbers keep every digit. */
function cellOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  if (text === 'null' && typeof value !== 'string') return '';
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
