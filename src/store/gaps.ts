import type { Database, Limit } from '../postgres.ts';
import { timestamp } from './bar-records.ts';
import type { GapQuery, SeriesGap, StoredGap } from './reads.ts';

/** Gaps that overlap the range, newest first; those of all venues or symbols are of every one. */
export async function readGaps(database: Database, limit: Limit, query: GapQuery): Promise<StoredGap[]> {
  const { rows } = await database.query<StoredGap>(
    limit,
    `SELECT lane, venue, symbol, bar_spec AS spec, reason, ticks_lost AS "ticksLost",
            (extract(epoch FROM from_time) * 1000)::double precision AS "fromTimeMs",
            (extract(epoch FROM until_time) * 1000)::double precision AS "untilTimeMs"
       FROM gaps
      WHERE ($1::text IS NULL OR lane = $1)
        AND ($2::text IS NULL OR venue IN ('', $2))
        AND ($3::text IS NULL OR symbol IN ('', $3))
        AND until_time > $4::timestamptz AND from_time < $5::timestamptz
      ORDER BY from_time DESC, lane, position, venue, symbol, bar_spec
      LIMIT $6`,
    [
      query.lane, query.venue, query.symbol,
      timestamp(query.fromMs ?? -Infinity), timestamp(query.untilMs ?? Infinity), query.limit,
    ],
  );
  return rows;
}

/** Gaps that bars of one series may miss data by: those of the lanes that wrote bars of it in the range. */
export async function readSeriesGaps(
  database: Database, limit: Limit,
  query: { readonly venue: string; readonly symbol: string; readonly spec: string; readonly limit: number } &
    { readonly fromMs: number; readonly untilMs: number },
): Promise<SeriesGap[]> {
  const { rows } = await database.query<SeriesGap>(
    limit,
    `SELECT reason, ticks_lost AS "ticksLost",
            (extract(epoch FROM from_time) * 1000)::double precision AS "fromTimeMs",
            (extract(epoch FROM until_time) * 1000)::double precision AS "untilTimeMs"
       FROM gaps
      WHERE lane IN (SELECT DISTINCT lane FROM bars
                      WHERE venue = $1 AND symbol = $2 AND bar_spec = $3
                        AND open_time >= $4::timestamptz AND open_time < $5::timestamptz)
        AND venue IN ('', $1) AND symbol IN ('', $2) AND bar_spec IN ('', $3)
        AND until_time > $4::timestamptz AND from_time < $5::timestamptz
      ORDER BY from_time, until_time, reason, position
      LIMIT $6`,
    [query.venue, query.symbol, query.spec, timestamp(query.fromMs), timestamp(query.untilMs), query.limit],
  );
  return rows;
}

/** Rows of a side table by lane and reason; late ticks have no reason. */
export interface SideCount {
  readonly lane: string;
  readonly table: 'late_ticks' | 'dead_letters' | 'gaps';
  readonly reason: string;
  readonly rows: number;
}

export async function countSideRows(database: Database, limit: Limit): Promise<SideCount[]> {
  const { rows } = await database.query<SideCount>(limit, `
    SELECT lane, 'late_ticks' AS "table", '' AS reason, count(*) AS rows FROM late_ticks GROUP BY lane
    UNION ALL
    SELECT lane, 'dead_letters', reason, count(*) FROM dead_letters GROUP BY lane, reason
    UNION ALL
    SELECT lane, 'gaps', reason, count(*) FROM gaps GROUP BY lane, reason
    ORDER BY 1, 2, 3`);
  return rows;
}
