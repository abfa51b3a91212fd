import type { Database } from '../../src/postgres.ts';
import { detectServer } from '../../src/store/detect-server.ts';
import { requireAges } from '../../src/store/ages.ts';
import { prepareBars } from '../../src/store/hypertable.ts';

const limit = { deadlineMs: 60_000 };

/** Makes `bars` a hypertable if it is none, with every row of it, and of others, in a compressed chunk. */
export async function compressBars(database: Database): Promise<void> {
  const { server } = await detectServer(database, limit);
  const ages = requireAges({ retention: {}, compression: { after: '1d' }, chunk_interval: '1d' }, 0);
  await database.query(limit, 'CREATE TEMP TABLE kept_bars AS SELECT * FROM bars');
  const { rowCount } = await database.query(
    limit, "SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = 'bars'");
  if (rowCount === 0) {
    await database.query(limit, 'TRUNCATE bars');
    await prepareBars(database, limit, { server, ages });
    await database.query(limit, 'INSERT INTO bars SELECT * FROM kept_bars');
  }
  await database.query(limit, 'DROP TABLE kept_bars');
  await database.query(limit, `SELECT compress_chunk(format('%I.%I', chunk_schema, chunk_name)::regclass, true)
    FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema()`);
}
