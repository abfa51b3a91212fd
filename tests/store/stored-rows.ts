import type { Database } from '../../src/postgres.ts';

const limit = { deadlineMs: 60_000 };

/** A bar to be stored; what is left out is the same for all. */
export interface BarRow {
  readonly lane?: string;
  readonly venue?: string;
  readonly symbol?: string;
  readonly spec?: string;
  readonly openMs: number;
  readonly closeMs: number;
  readonly close?: number;
  readonly revision?: number;
}

/** Plain inserts; a row of the same key is overwritten. */
export async function storeBars(database: Database, bars: readonly BarRow[]): Promise<void> {
  const rows = bars.map(({ lane = 'test/a', venue = 'v', symbol = 's', spec = '1m', openMs, closeMs, close = 1, revision = 0 }) => ({
    lane, venue, symbol, spec, open: new Date(openMs).toISOString(), closeTime: new Date(closeMs).toISOString(), close, revision,
  }));
  await database.query(
    limit,
    `INSERT INTO bars (lane, venue, symbol, bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
                       notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position)
     SELECT lane, venue, symbol, spec, open, 0, "closeTime", close, close + 1, close - 1, close, 2,
            2 * close, close, 3, 1, 1, 0, 3, revision, true, 1, 7
       FROM jsonb_to_recordset($1::jsonb) AS given (lane text, venue text, symbol text, spec text, open timestamptz,
            "closeTime" timestamptz, close double precision, revision integer)
     ON CONFLICT (venue, symbol, bar_spec, open_time, bar_index) DO UPDATE SET close = excluded.close, revision = excluded.revision`,
    [JSON.stringify(rows)],
  );
}

/** A value of rsi(14) for each bar that is stored. */
export async function storeValues(database: Database): Promise<void> {
  await database.query(
    limit,
    `INSERT INTO indicators (lane, venue, symbol, bar_spec, indicator, open_time, bar_index, close_time, value, quality, state,
                             revision, whole, generation, position)
     SELECT lane, venue, symbol, bar_spec, 'rsi(14)', open_time, bar_index, close_time, 50, quality, state, revision, whole,
            generation, position
       FROM bars ON CONFLICT DO NOTHING`,
  );
}

export interface GapRow {
  readonly lane?: string;
  readonly venue?: string;
  readonly symbol?: string;
  readonly spec?: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export async function storeGaps(database: Database, gaps: readonly GapRow[]): Promise<void> {
  for (const [index, { lane = 'test/a', venue = '', symbol = '', spec = '', fromMs, untilMs }] of gaps.entries()) {
    await database.query(
      limit,
      `INSERT INTO gaps (lane, generation, position, venue, symbol, bar_spec, from_time, until_time, reason, ticks_lost)
       VALUES ($1, 1, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000), 'disconnect', 0)`,
      [lane, index, venue, symbol, spec, fromMs, untilMs],
    );
  }
}
