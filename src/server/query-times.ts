import { BadRequest } from './route.ts';

const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
export const timeRule = 'ISO 8601 (2019-10-11, 2019-10-11T12:00:00Z; UTC where no zone is given) or ms since 1970 UTC';

/** Ms since 1970 UTC, or null where nothing was asked for. */
export function timeOf(field: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const plain = text.replace(' ', '+'); // In a query a + that was not escaped means a blank.
  const timeMs = /^-?\d{1,16}$/.test(plain) ? Number(plain) : isoTime(plain);
  if (Number.isFinite(timeMs) && Math.abs(timeMs) <= 8.64e15) return timeMs;
  throw new BadRequest(field, `${field} is not a time: write ${timeRule}.`);
}

function isoTime(text: string): number {
  const parts = iso.exec(text);
  if (parts === null) return NaN;
  const zoned = parts[1] === undefined || parts[4] !== undefined ? text : `${text}Z`;
  return Date.parse(zoned.toUpperCase());
}

/** Both ends of a range, the second exclusive. */
export function rangeOf(query: { readonly from?: string; readonly until?: string }):
{ readonly fromMs: number | null; readonly untilMs: number | null } {
  const fromMs = timeOf('from', query.from);
  const untilMs = timeOf('until', query.until);
  if (fromMs !== null && untilMs !== null && untilMs <= fromMs) {
    throw new BadRequest('until', 'until must be later than from: the range is [from, until).');
  }
  return { fromMs, untilMs };
}

export function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
