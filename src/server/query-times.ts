import { instantRule, parseInstant } from '../model/instant.ts';
import { BadRequest } from './route.ts';

export const timeRule = instantRule;

/** Ms since 1970 UTC, or null where nothing was asked for. */
export function timeOf(field: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const timeMs = parseInstant(text.replace(' ', '+')); // In a query a + that was not escaped means a blank.
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new BadRequest(field, `${field} is not a time: write ${timeRule}.`);
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
