import type { StoredBar } from '../model/stored-bar.ts';
import type { Database, Limit } from '../postgres.ts';

/** Where a checkpoint stands, and which bars count as of the base grid. */
export interface SinceCheckpoint {
  readonly lane: string;
  readonly spec: string;
  readonly generation: number;
  readonly position: number;
  /** Bars that open before this can change no more, ms since 1970. */
  readonly fromMs: number;
}

/**
 * Bars of one spec that were written after a checkpoint was taken, by its own telling or a later one. None when finding them
 * takes longer than `limit`: a gap says that they are missing.
 */
export async function barsSince(database: Database, limit: Limit, since: SinceCheckpoint): Promise<readonly StoredBar[]> {
  const { lane, spec, generation, position, fromMs } = since;
  const { rows } = await database.query<StoredBar>(
    limit,
    `SELECT venue, symbol, (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs", open, high, low, close,
            volume, notional, trades, buy_volume AS "buyVolume", sell_volume AS "sellVolume"
       FROM bars
      WHERE lane = $1 AND bar_spec = $2 AND open_time >= to_timestamp($5::double precision / 1000)
        AND (generation, position) >= ($3, $4)
      ORDER BY open_time, venue, symbol`,
    [lane, spec, generation, position, fromMs],
  );
  return rows;
}
