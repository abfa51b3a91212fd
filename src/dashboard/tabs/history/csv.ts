import type { Column } from './columns.ts';
import type { Row } from './rows.ts';

/** Would be taken for a formula by a program that opens the file. */
const formula = /^[=+\-@\t\r]/;

function cellOf(value: number | string | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * Exactly these rows in this order, with all digits; of a gap its time, its reason and its end. Lines end as in RFC 4180.
 */
export function csvOf(rows: readonly Row[], columns: readonly Column[]): string {
  const heading = ['open_time', ...columns.map(({ key }) => key), 'gap', 'gap_until'];
  const lines = rows.map((row) => (row.kind === 'gap'
    ? [iso(row.openMs), ...columns.map(() => null), row.gap.reason, iso(row.gap.untilMs)]
    : [iso(row.openMs), ...columns.map(({ raw }) => raw(row)), null, null]));
  return [heading, ...lines].map((line) => `${line.map(cellOf).join(',')}\r\n`).join('');
}
