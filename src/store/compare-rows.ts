import { escapeIdentifier, type Database, type Limit } from '../postgres.ts';
import { noColumn, passedOver, type ComparedTable, type LeftOutReason } from './compared-tables.ts';
import { asking } from './store-error.ts';

/** What is compared: what the present telling of a lane says of the records before a position. */
export interface ComparedLane {
  readonly lane: string;
  /** Of the first and the last generation of the telling. */
  readonly generations: readonly [first: number, last: number];
  /** Rows that a record at this position or behind it has changed are left out. */
  readonly position: number;
  /** Close times by bar spec, ms since 1970 UTC, up to which bars may have been removed; -Infinity where none may. */
  readonly expiredUntilMs: ReadonlyMap<string, number>;
}

export interface RowCounts {
  readonly equal: number;
  readonly different: number;
  /** In the scratch schema only. */
  readonly missing: number;
  /** In the live table only. */
  readonly extra: number;
  readonly leftOut: Readonly<Partial<Record<LeftOutReason, number>>>;
}

/** A field of a row, or a row (field null). Values as the server writes them. */
export interface RowDifference {
  readonly table: ComparedTable['name'];
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  /** Open time, event time or begin, ISO 8601. */
  readonly time: string;
  readonly position: number;
  readonly field: string | null;
  readonly stored: string | null;
  readonly folded: string | null;
}

/** Rows of the scratch table that one statement looks at: some 100 ms of work and 20 MB, however many there are. */
const sliceRowsUsual = 50_000;

type Key = readonly unknown[];

/**
 * Holds the rows of a live table against those of the same table in a scratch schema, slice by slice along the key, so that
 * neither side needs more memory or a longer statement however many rows there are. Every row of either table is in one
 * slice. The live table may change meanwhile: rows that move on are left out from then on. Throws an MdpError.
 */
export class RowComparison {
  readonly #database: Database;
  readonly #table: ComparedTable;
  readonly #scratch: string;
  readonly #values: readonly unknown[];
  readonly #sliceRows: number;

  constructor(
    database: Database, parts: { table: ComparedTable; schema: string; of: ComparedLane; sliceRows?: number },
  ) {
    const { table, schema, of, sliceRows = sliceRowsUsual } = parts;
    this.#sliceRows = sliceRows;
    this.#database = database;
    this.#table = table;
    this.#scratch = `${escapeIdentifier(schema)}.${table.name}`;
    const until = [...of.expiredUntilMs.values()].map((ms) => (ms === -Infinity ? '-infinity' : new Date(ms).toISOString()));
    this.#values = [of.lane, ...of.generations, of.position, [...of.expiredUntilMs.keys()], until];
  }

  /** Tells `onSlice` of each slice as it comes; with `differencesMax` of its differences at most. */
  async run(
    limit: Limit, onSlice: (counts: RowCounts, differences: readonly RowDifference[]) => void,
    differencesMax: () => number,
  ): Promise<void> {
    let after: Key | null = null;
    do {
      const until: Key | null = await this.#endOfSlice(limit, after);
      const slice: Slice = { after, until };
      const counts = await this.#count(limit, slice);
      const isAny = counts.different + counts.missing + counts.extra > 0 && differencesMax() > 0;
      onSlice(counts, isAny ? await this.#differences(limit, slice, differencesMax()) : []);
      after = until;
    } while (after !== null);
  }

  /** Key of the last row of the slice, as text; null: it goes to the end. */
  async #endOfSlice(limit: Limit, after: Key | null): Promise<Key | null> {
    const { key } = this.#table;
    const columns = key.map(([column]) => column).join(', ');
    const { text, values } = rangeOf(this.#table, { after, until: null }, { row: 'folded', place: 1 });
    const { rows } = await asking(() => this.#database.query<Record<string, unknown>>(
      limit,
      `SELECT ${key.map(([column], place) => `${column}::text AS k${place}`).join(', ')} FROM ${this.#scratch} AS folded
        WHERE ${text} ORDER BY ${columns} OFFSET ${this.#sliceRows - 1} LIMIT 1`,
      values));
    return rows.length === 0 ? null : key.map((_, place) => rows[0][`k${place}`]);
  }

  async #count(limit: Limit, slice: Slice): Promise<RowCounts> {
    const { text, values } = this.#pairs(slice);
    const { rows } = await asking(() => this.#database.query<{ verdict: string; count: number }>(
      limit, `${text} SELECT verdict, count(*) AS count FROM pairs GROUP BY 1`, values));
    const counts = { equal: 0, different: 0, missing: 0, extra: 0, leftOut: {} as Partial<Record<LeftOutReason, number>> };
    for (const { verdict, count } of rows) {
      if (isCompared(verdict)) counts[verdict] = count;
      else if (!passedOver.includes(verdict)) counts.leftOut[verdict as LeftOutReason] = count;
    }
    return counts;
  }

  async #differences(limit: Limit, slice: Slice, most: number): Promise<readonly RowDifference[]> {
    const { name, key, values: columns, places } = this.#table;
    const { text, values } = this.#pairs(slice);
    const either = (column: string): string =>
      (column === noColumn ? noColumn : `coalesce((pairs.stored).${column}, (pairs.folded).${column})`);
    const line = places.line === undefined ? '' : `${either(places.line)} || '@' || `;
    const spec = `${line}${either(places.spec)}`;
    const cells = [...columns, 'generation']
      .map((column) => `('${column}', (pairs.stored).${column}::text, (pairs.folded).${column}::text)`).join(', ');
    const { rows } = await asking(() => this.#database.query<Omit<RowDifference, 'table'>>(
      limit,
      `${text}
       SELECT ${either(places.venue)} AS venue, ${either(places.symbol)} AS symbol, ${spec} AS spec,
              to_char(${either(places.time)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time,
              ${either('position')} AS position, cell.field,
              CASE WHEN cell.field IS NOT NULL THEN cell.stored WHEN verdict = 'extra' THEN 'a row' END AS stored,
              CASE WHEN cell.field IS NOT NULL THEN cell.folded WHEN verdict = 'missing' THEN 'a row' END AS folded
         FROM pairs
         LEFT JOIN LATERAL (VALUES ${cells}) AS cell (field, stored, folded)
           ON verdict = 'different' AND CASE WHEN cell.field = 'generation' THEN (pairs.stored).generation < $2
                                             ELSE cell.stored IS DISTINCT FROM cell.folded END
        WHERE verdict IN ('different', 'missing', 'extra')
        ORDER BY ${key.map(([column]) => either(column)).join(', ')}, cell.field LIMIT ${most}`,
      values));
    return rows.map((row) => ({ table: name, ...row }));
  }

  /** Pairs of rows with the same key, whole, and the verdict on each. */
  #pairs(slice: Slice): { readonly text: string; readonly values: unknown[] } {
    const { name, key, values, storedRows, leftOut } = this.#table;
    const stored = rangeOf(this.#table, slice, { row: 'stored', place: this.#values.length + 1 });
    const folded = rangeOf(this.#table, slice, { row: 'folded', place: this.#values.length + 1 });
    const same = (row: string): string => `(${values.map((column) => `${row}.${column}`).join(', ')})`;
    const text = `WITH pairs AS (
      SELECT stored, folded, coalesce(${leftOut}, CASE
               WHEN stored.lane IS NULL THEN 'missing' WHEN folded.lane IS NULL THEN 'extra'
               WHEN stored.generation >= $2 AND ${same('stored')} IS NOT DISTINCT FROM ${same('folded')} THEN 'equal'
               ELSE 'different' END) AS verdict
        FROM (SELECT * FROM ${name} AS stored WHERE ${stored.text} AND ${storedRows}) AS stored
        FULL JOIN (SELECT * FROM ${this.#scratch} AS folded WHERE ${folded.text}) AS folded
          ON ${key.map(([column]) => `stored.${column} = folded.${column}`).join(' AND ')})`;
    return { text, values: [...this.#values, ...stored.values] };
  }
}

interface Slice {
  /** Keys: what comes behind the one, up to the other. */
  readonly after: Key | null;
  readonly until: Key | null;
}

function isCompared(verdict: string): verdict is 'equal' | 'different' | 'missing' | 'extra' {
  return ['equal', 'different', 'missing', 'extra'].includes(verdict);
}

/**
 * Rows of a slice. The first columns of the key that are the same at both ends, and the one behind them, are named by
 * themselves too: that is how a server finds the compressed batches and the chunks that it can leave alone.
 */
function rangeOf(
  { key }: ComparedTable, { after, until }: Slice, { row, place }: { readonly row: string; readonly place: number },
): { readonly text: string; readonly values: unknown[] } {
  const columns = `(${key.map(([column]) => `${row}.${column}`).join(', ')})`;
  const values: unknown[] = [];
  const parameters = (given: Key): string[] => key.map(([, type], index) => {
    values.push(given[index]);
    return `$${place + values.length - 1}::${type}`;
  });
  const conditions: string[] = [];
  const [low, high] = [after, until].map((end) => (end === null ? null : parameters(end)));
  if (low !== null) conditions.push(`${columns} > (${low.join(', ')})`);
  if (high !== null) conditions.push(`${columns} <= (${high.join(', ')})`);
  const shared = after === null || until === null ? 0 : key.findIndex((_, index) => after[index] !== until[index]);
  for (let index = 0; index <= shared; index++) {
    const [column] = key[index];
    if (low !== null) conditions.push(`${row}.${column} >= ${low[index]}`);
    if (high !== null) conditions.push(`${row}.${column} <= ${high[index]}`);
  }
  return { text: conditions.length === 0 ? 'true' : conditions.join(' AND '), values };
}
