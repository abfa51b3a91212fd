import type { Database, Limit } from '../postgres.ts';
import type { StoreAges } from './ages.ts';
import type { ServerKind } from './detect-server.ts';
import { asking } from './store-error.ts';

/**
 * Makes `bars` what the server and the settings allow: a hypertable by open time with the key as its only index, and
 * compressible where that is asked for. May be called at every start. Returns what people should know, a sentence each.
 * Throws an MdpError.
 */
export async function prepareBars(
  database: Database, limit: Limit, wanted: { readonly server: ServerKind; readonly ages: StoreAges },
): Promise<readonly string[]> {
  const { server, ages } = wanted;
  const sentences: string[] = [];
  const isHypertable = server.hypertable && (await asking(() => makeHypertable(database, limit, ages.chunkMs)));
  if (server.hypertable && !isHypertable) {
    sentences.push(
      'The table bars is a plain one with rows, from a time without TimescaleDB, and stays so. To make it a ' +
        "hypertable, stop all pipelines and run SELECT create_hypertable('bars', 'open_time', " +
        'create_default_indexes => false, migrate_data => true);',
    );
  }
  if (ages.compressAfterMs !== null && !(isHypertable && server.compression)) {
    sentences.push(`store.compression is set, but ${server.serverVersion} cannot compress here: it is off.`);
  } else if (ages.compressAfterMs !== null) {
    await asking(() => enableCompression(database, limit));
  }
  return sentences;
}

/** Only once: with compressed chunks there, older servers refuse to hear it again. */
async function enableCompression(database: Database, limit: Limit): Promise<void> {
  const { rowCount } = await database.query(limit, `
    SELECT FROM timescaledb_information.hypertables
     WHERE hypertable_name = 'bars' AND hypertable_schema = current_schema() AND compression_enabled`);
  if (rowCount === 0) await database.query(limit, compressionOptions);
}

/** Rows of one series together, in the order of the key: an upsert opens the few batches that it touches. */
const compressionOptions = `
  ALTER TABLE bars SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'venue, symbol, bar_spec',
    timescaledb.compress_orderby = 'open_time, bar_index'
  )`;

/** Returns whether `bars` is one now. A plain table with rows is left alone: moving them would lock it for long. */
async function makeHypertable(database: Database, limit: Limit, chunkMs: number): Promise<boolean> {
  const interval = `${chunkMs} milliseconds`;
  const { rows: [found] } = await database.query<{ is: boolean; empty: boolean }>(limit, `
    SELECT EXISTS (SELECT FROM timescaledb_information.hypertables
                    WHERE hypertable_name = 'bars' AND hypertable_schema = current_schema()) AS is,
           NOT EXISTS (SELECT FROM bars) AS empty`);
  if (found.is) {
    await database.query(limit, "SELECT set_chunk_time_interval('bars', $1::interval)", [interval]);
    return true;
  }
  if (!found.empty) return false;
  await database.query(
    limit,
    `SELECT create_hypertable('bars', 'open_time', chunk_time_interval => $1::interval,
                              create_default_indexes => false, if_not_exists => true)`,
    [interval],
  );
  return true;
}
