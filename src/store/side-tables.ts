import type { Database, Limit } from '../postgres.ts';

/** Tables beside bars and indicators that grow with time, and by which of their columns a row is old. */
const sideTables = { late_ticks: 'event_time', gaps: 'until_time', dead_letters: 'last_at', alerts: 'close_time' } as const;

export type SideTable = keyof typeof sideTables;

export const sideTableNames: readonly SideTable[] = ['late_ticks', 'gaps', 'dead_letters', 'alerts'];

export function isSideTable(name: string): name is SideTable {
  return name in sideTables;
}

/** One statement takes some 50 ms, and holds no row for longer, however much has come of age. */
const rowsAtOnce = 10_000;

/** Deletes rows that are older than this, in statements of their own; how many. */
export async function deleteOldRows(
  database: Database, limit: Limit, { table, untilMs }: { readonly table: SideTable; readonly untilMs: number },
): Promise<number> {
  const until = new Date(untilMs).toISOString();
  const text = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE ${sideTables[table]} < $1 LIMIT ${rowsAtOnce}))`;
  let deleted = 0;
  for (let last = rowsAtOnce; last === rowsAtOnce; deleted += last) {
    last = (await database.query(limit, text, [until])).rowCount ?? 0;
  }
  return deleted;
}
