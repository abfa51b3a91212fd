import type { RowCounts, RowDifference } from '../store/compare-rows.ts';
import { comparedTables, leftOutReasons, type ComparedTable, type LeftOutReason } from '../store/compared-tables.ts';

/** More than this nobody reads: 1,000 differences of some 200 bytes are a fifth of a megabyte of JSON. */
const differencesMax = 1_000;
/** Differences that are printed; the rest is counted. A screen or two. */
const printedMax = 50;

type TableName = ComparedTable['name'];

/** What a fresh fold of a log and the live tables have in common. */
export interface RebuildReport {
  readonly lane: string;
  readonly generation: number;
  /** The fold began here. */
  readonly fromPosition: number;
  /** And ended before this record. */
  readonly position: number;
  /** The end of the log was told too. */
  readonly isEnded: boolean;
  readonly isDifferent: boolean;
  readonly tables: Readonly<Record<TableName, RowCounts>>;
  /** The first of them, at most 1,000. */
  readonly differences: readonly RowDifference[];
}

type Told = Pick<RebuildReport, 'lane' | 'generation' | 'fromPosition' | 'position' | 'isEnded'>;

interface Counts {
  equal: number;
  different: number;
  missing: number;
  extra: number;
  leftOut: Partial<Record<LeftOutReason, number>>;
}

/** Adds up what was found, slice by slice. */
export class RebuildTally {
  readonly #told: Told;
  readonly #tables: Record<TableName, Counts> = {
    bars: noRows(), indicators: noRows(), late_ticks: noRows(), gaps: noRows(), alerts: noRows(),
  };
  readonly #differences: RowDifference[] = [];

  constructor({ lane, generation, fromPosition, position, isEnded }: Told) {
    this.#told = { lane, generation, fromPosition, position, isEnded };
  }

  /** How many more differences are wanted. */
  get room(): number {
    return differencesMax - this.#differences.length;
  }

  add(table: TableName, counts: RowCounts, differences: readonly RowDifference[]): void {
    const total = this.#tables[table];
    for (const kind of ['equal', 'different', 'missing', 'extra'] as const) total[kind] += counts[kind];
    for (const reason of leftOutReasons) {
      const count = counts.leftOut[reason] ?? 0;
      if (count > 0) total.leftOut[reason] = (total.leftOut[reason] ?? 0) + count;
    }
    this.#differences.push(...differences.slice(0, this.room));
  }

  report(): RebuildReport {
    const isDifferent = Object.values(this.#tables).some((rows) => rows.different + rows.missing + rows.extra > 0);
    return { ...this.#told, isDifferent, tables: this.#tables, differences: this.#differences };
  }
}

function noRows(): Counts {
  return { equal: 0, different: 0, missing: 0, extra: 0, leftOut: {} };
}

const words: Readonly<Record<LeftOutReason, string>> = {
  later: 'changed by later records', older: 'of older tellings', provisional: 'closed by the clock',
  expired: 'past their retention', 'other-spec': 'of bar specs or indicators that are not configured',
  'begun-later': 'of indicators that came when the log had been told in part',
  forgotten: 'of versions of rules that are not kept any more',
};

/** For people: the counts by table, then the first differences as an aligned table. Ends with a line feed. */
export function rebuildText(report: RebuildReport): string {
  const { lane, generation, fromPosition, position, isEnded, tables, differences } = report;
  const range = `records ${count(fromPosition)} to ${count(position)}${isEnded ? ', the end' : ''}`;
  const lines = [`${lane}, generation ${generation}: ${range}, folded again`, ''];
  const header = ['', 'equal', 'different', 'missing', 'extra'];
  lines.push(...aligned([header, ...comparedTables.map(({ name }) => {
    const { equal, different, missing, extra } = tables[name];
    return [name, ...[equal, different, missing, extra].map(count)];
  })], 1));
  lines.push(...comparedTables.flatMap(({ name }) => leftOutText(name, tables[name])));
  if (differences.length > 0) lines.push('', ...differencesText(report));
  return `${lines.join('\n')}\n`;
}

function leftOutText(name: TableName, { leftOut }: RowCounts): string[] {
  const parts = leftOutReasons.map((reason) => [leftOut[reason] ?? 0, words[reason]] as const)
    .filter(([rows]) => rows > 0).map(([rows, why]) => `${count(rows)} ${why}`);
  return parts.length === 0 ? [] : [`not compared of ${name}: ${parts.join(', ')}`];
}

function differencesText({ differences }: RebuildReport): string[] {
  const header = ['table', 'venue', 'symbol', 'spec', 'time', 'position', 'field', 'stored', 'folded'];
  const rows = differences.slice(0, printedMax).map((one) => [
    one.table, one.venue, one.symbol, one.spec, one.time, String(one.position), one.field ?? '(row)',
    valueOf(one, one.stored), valueOf(one, one.folded),
  ]);
  const more = differences.length > printedMax ? ['… and more: --json lists the first 1,000.'] : [];
  return [...aligned([header, ...rows], 7), ...more];
}

/** An empty field has no value; a row that is not there is nothing. */
function valueOf({ field }: RowDifference, value: string | null): string {
  return value ?? (field === null ? 'nothing' : 'null');
}

/** Columns as wide as their widest cell; from the column `right` on they are numbers. */
function aligned(rows: readonly (readonly string[])[], right: number): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row
    .map((cell, column) => (column < right ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
    .join('  ').trimEnd());
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
