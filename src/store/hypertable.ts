import type { Database, Limit } from '../postgres.ts';
import type { StoreAges } from './ages.ts';
import type { ServerKind } from './detect-server.ts';
import { asking } from './store-error.ts';

/** The tables that grow with time, each with the key as its only index; how their rows are compressed. */
const growingTables = {
  bars: { segmentBy: 'venue, symbol, bar_spec', orderBy: 'open_time, bar_index' },
  indicators: { segmentBy: 'venue, symbol, bar_spec, indicator', orderBy: 'open_time, bar_index' },
} as const;

export type GrowingTable = keyof typeof growingTables;

/** In the order in which rows are removed: what was computed goes before what it was computed from. */
export const growingTableNames: readonly GrowingTable[] = ['indicators', 'bars'];

/**
 * Makes bars and indicators what the server and the settings allow: hypertables by open time, compressible where that is
 * asked for. May be called at every start. Returns what people should know, a sentence each. Throws an MdpError.
 */
export async function prepareBars(
  database: Database, limit: Limit, wanted: { readonly server: ServerKind; readonly ages: StoreAges },
): Promise<readonly string[]> {
  const { server, ages } = wanted;
  const sentences: string[] = [];
  for (const table of ['bars', 'indicators'] as const) {
    const has = server.hypertable && (await asking(() => makeHypertable(database, limit, { table, chunkMs: ages.chunkMs })));
    if (server.hypertable && !has) sentences.push(plainWithRows(table));
    if (ages.compressAfterMs === null) continue;
    if (has && server.compression) await asking(() => enableCompression(database, limit, table));
    else if (table === 'bars') {
      sentences.push(`store.compression is set, but ${server.serverVersion} cannot compress here: it is off.`);
    }
  }
  return sentences;
}

function plainWithRows(table: GrowingTable): string {
  return `The table ${table} is a plain one with rows, from a time without TimescaleDB, and stays so. To make it a ` +
    `hypertable, stop all pipelines and run SELECT create_hypertable('${table}', 'open_time', ` +
    'create_default_indexes => false, migrate_data => true);';
}

export async function isHypertable(database: Database, limit: Limit, table: GrowingTable): Promise<boolean> {
  const { rowCount } = await database.query(limit, `
    SELECT FROM timescaledb_information.hypertables
     WHERE hypertable_name = $1 AND hypertable_schema = current_schema()`, [table]);
  return rowCount === 1;
}

/**
 * Only once: with compressed chunks there, older servers refuse to hear it again. Rows of one series stand together, in the
 * order of the key: an upsert opens the few batches that it touches.
 */
async function enableCompression(database: Database, limit: Limit, table: GrowingTable): Promise<void> {
  const { rowCount } = await database.query(limit, `
    SELECT FROM timescaledb_information.hypertables
     WHERE hypertable_name = $1 AND hypertable_schema = current_schema() AND compression_enabled`, [table]);
  if (rowCount !== 0) return;
  const { segmentBy, orderBy } = growingTables[table];
  await database.query(limit, `ALTER TABLE ${table} SET (
    timescaledb.compress, timescaledb.compress_segmentby = '${segmentBy}', timescaledb.compress_orderby = '${orderBy}')`);
}

/** Returns whether the table is one now. A plain table with rows is left alone: moving them would lock it for long. */
async function makeHypertable(
  database: Database, limit: Limit, { table, chunkMs }: { readonly table: GrowingTable; readonly chunkMs: number },
): Promise<boolean> {
  const interval = `${chunkMs} milliseconds`;
  if (await isHypertable(database, limit, table)) {
    await database.query(limit, 'SELECT set_chunk_time_interval($1::regclass, $2::interval)', [table, interval]);
    return true;
  }
  const { rows: [found] } = await database.query<{ empty: boolean }>(
    limit, `SELECT NOT EXISTS (SELECT FROM ${table}) AS empty`);
  if (!found.empty) return false;
  await database.query(
    limit,
    `SELECT create_hypertable($1::regclass, 'open_time', chunk_time_interval => $2::interval,
                              create_default_indexes => false, if_not_exists => true)`,
    [table, interval],
  );
  return true;
}
