import type { Database } from '../../src/postgres.ts';
import type { ActualBar } from '../oracle/compare.ts';
import type { OracleLateTick } from '../oracle/log.ts';
import type { ActualValue } from '../oracle/values.ts';

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

/** All values of indicators of some venues, as `storedTable` has the bars. */
export async function storedValues(database: Database, venues: readonly string[]): Promise<ActualValue[]> {
  const { rows } = await database.query<ActualValue>(limit, `
    SELECT venue, symbol, bar_spec AS spec, indicator, value, quality::integer, state::integer, revision, whole,
           position::double precision AS position, (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs",
           (extract(epoch FROM close_time) * 1000)::double precision AS "closeTimeMs"
      FROM indicators WHERE venue = ANY ($1) ORDER BY venue, symbol, bar_spec, indicator, open_time`, [venues]);
  return rows;
}

/** The gaps of a lane as its newest telling has them, in order of position. '' stands for all venues. */
export async function storedGaps(database: Database, lane: string): Promise<unknown[]> {
  const { rows } = await database.query(limit, `
    SELECT DISTINCT ON (gaps.position, venue, reason, from_time) position::double precision AS position, venue, reason,
           (extract(epoch FROM from_time) * 1000)::double precision AS "fromMs",
           (extract(epoch FROM until_time) * 1000)::double precision AS "untilMs"
      FROM gaps WHERE lane = $1 ORDER BY gaps.position, venue, reason, from_time, generation DESC`, [lane]);
  return rows;
}

/** The late ticks of a lane as its newest telling has them, in order of position. */
export async function storedLateTicks(database: Database, lane: string): Promise<OracleLateTick[]> {
  const { rows } = await database.query<Omit<OracleLateTick, 'side'> & { side: 0 | 1 | 2 }>(limit, `
    SELECT DISTINCT ON (late_ticks.position, counter)
           position::double precision AS position, venue, symbol, price, size, side::integer, trade_id AS "tradeId",
           (extract(epoch FROM event_time) * 1000)::double precision AS "eventTimeMs",
           (extract(epoch FROM watermark) * 1000)::double precision AS "watermarkMs"
      FROM late_ticks WHERE lane = $1 ORDER BY late_ticks.position, counter, generation DESC`, [lane]);
  return rows.map((row) => ({ ...row, side: (['unknown', 'buy', 'sell'] as const)[row.side] }));
}
