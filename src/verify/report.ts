import type { Difference, VerifyReport } from '../verify.ts';

/** Differences that are printed; the rest is counted. A screen or two. */
const printedMax = 50;

/** What was found, for people: differing cells as an aligned table, then the counts. Ends with a line feed. */
export function reportText(report: VerifyReport): string {
  const lines = [
    `${report.venue} ${report.symbol} ${report.spec}, ${iso(report.fromMs)} to ${iso(report.untilMs)}, ` +
      `against ${report.against}`,
    `compared: ${report.columns.length === 0 ? 'nothing' : report.columns.join(', ')}`,
  ];
  const printed = report.differences.slice(0, printedMax);
  if (printed.length > 0) lines.push('', ...tableOf(printed), ...restOf(report));
  lines.push('', ...countsOf(report));
  return `${lines.join('\n')}\n`;
}

function restOf({ differencesTotal }: VerifyReport): string[] {
  const more = differencesTotal - printedMax;
  return more > 0 ? [`… and ${count(more)} more; --json lists up to 10,000.`] : [];
}

function countsOf(report: VerifyReport): string[] {
  const { equal, equalFilled, different, missing, missingEmpty, unexpected, fill } = report;
  const filled = equalFilled > 0 ? `  (${count(equalFilled)} of them carried)` : '';
  const isEmptyMissing = missingEmpty > 0 && fill === 'none';
  const hint = isEmptyMissing ? `  (${count(missingEmpty)} of them without volume: see --fill carry)` : '';
  const rows: readonly (readonly [string, number, string])[] = [
    ['equal', equal, filled],
    ['different', different, ''],
    ['missing', missing, hint],
    ['unexpected', unexpected, ''],
  ];
  const width = Math.max(...rows.map(([, value]) => count(value).length));
  return rows.map(([name, value, note]) => `${name.padEnd(10)}  ${count(value).padStart(width)}${note}`);
}

function tableOf(differences: readonly Difference[]): string[] {
  const header = ['open time', 'column', 'stored', 'expected', 'difference'];
  const cells = differences.map(({ openTimeMs, column, stored, expected }) => [
    iso(openTimeMs), column ?? '(bar)', String(stored), String(expected), differenceOf(stored, expected),
  ]);
  const widths = header.map((title, index) => Math.max(title.length, ...cells.map((row) => row[index].length)));
  return [header, ...cells].map((row) => row
    .map((cell, index) => (index < 2 ? cell.padEnd(widths[index]) : cell.padStart(widths[index])))
    .join('  ').trimEnd());
}

/** Stored − expected, short; empty where one of them is no number. */
function differenceOf(stored: Difference['stored'], expected: Difference['expected']): string {
  if (typeof stored !== 'number' || typeof expected !== 'number') return '';
  const difference = stored - expected;
  return `${difference > 0 ? '+' : ''}${Number(difference.toPrecision(6))}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
