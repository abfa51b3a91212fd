import type { Database } from '../../src/postgres.ts';
import type { ActualBar } from '../oracle/compare.ts';

const limit = { deadlineMs: 60_000 };

/** All bars of some venues as they stand in the table, by the test's own SQL, in the oracle's words. */
export async function storedTable(database: Database, venues: readonly string[]): Promise<ActualBar[]> {
  const { rows } = await database.query<ActualBar>(limit, `
    SELECT venue, symbol, bar_spec AS spec, open, high, low, close, volume, notional, vwap,
           trades::double precision AS trades, buy_volume AS "buyVolume", sell_volume AS "sellVolume",
           quality::integer, state::integer, revision, whole, position::double precision AS position,
           (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs",
           (extract(epoch FROM close_time) * 1000)::double precision AS "closeTimeMs"
      FROM bars WHERE venue = ANY ($1) ORDER BY venue, symbol, bar_spec, open_time`, [venues]);
  return rows;
}
