const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** What `parseInstant` reads, in words. */
export const instantRule =
  'ISO 8601 (2019-10-11, 2019-10-11T12:00:00Z; UTC where no zone is given) or ms since 1970 UTC';

/** Ms since 1970 UTC of a time that a person has written; NaN where it is none. */
export function parseInstant(text: string): number {
  const timeMs = /^-?\d{1,16}$/.test(text) ? Number(text) : isoTime(text);
  return Math.abs(timeMs) <= 8.64e15 ? timeMs : Number.NaN;
}

function isoTime(text: string): number {
  const parts = iso.exec(text);
  if (parts === null) return Number.NaN;
  const zoned = parts[1] === undefined || parts[4] !== undefined ? text : `${text}Z`;
  return Date.parse(zoned.toUpperCase());
}
