import { barColumns } from '../copy-binary.ts';

const columns = barColumns.join(', ');
const key = ['venue', 'symbol', 'bar_spec', 'open_time', 'bar_index'] as const;
const updated = barColumns.filter((column) => !(key as readonly string[]).includes(column) && column !== 'lane');

/** Set by the guard, until the end of the transaction, when it meets a row of another lane. */
const otherLaneFlag = 'mdp.other_lane';

/**
 * A row of another lane is left alone and the flag is raised. Within a generation the greater (position, state) wins; a
 * later generation wins, except that a row that is not whole never replaces a closed one that is.
 */
const guard = `CASE
    WHEN bars.lane <> excluded.lane THEN set_config('${otherLaneFlag}', 'found', true) IS NULL
    WHEN bars.generation = excluded.generation
    THEN (excluded.position, excluded.state) > (bars.position, bars.state)
    ELSE excluded.generation > bars.generation AND (excluded.whole OR NOT (bars.whole AND bars.state = 3))
  END`;

const onConflict = `ON CONFLICT (${key.join(', ')}) DO UPDATE SET
  ${updated.map((column) => `${column} = excluded.${column}`).join(', ')}, written_at = now()
  WHERE ${guard}`;

export const copyDirect = `COPY bars (${columns}) FROM STDIN (FORMAT binary)`;

/** Rows vanish at the end of every transaction; the table stays, for making one costs more than filling it. */
export const createStaging =
  `CREATE TEMP TABLE IF NOT EXISTS mdp_staged_bars ON COMMIT DELETE ROWS AS SELECT ${columns} FROM bars WITH NO DATA`;

export const copyStaged = `COPY mdp_staged_bars (${columns}) FROM STDIN (FORMAT binary)`;

/** Staged rows are read as they were copied, and they were copied in key order: ctid says so to the planner. */
export const upsertStaged =
  `INSERT INTO bars (${columns}) SELECT ${columns} FROM mdp_staged_bars ORDER BY ctid ${onConflict}`;

/** $1 is the lane, $2 its generation; the others are arrays, in key order, times in microseconds since 1970. */
export const upsertFew = `INSERT INTO bars (${columns})
  SELECT $1::text, venue, symbol, bar_spec, timestamptz 'epoch' + open_us * interval '1 microsecond', bar_index,
         timestamptz 'epoch' + close_us * interval '1 microsecond', open, high, low, close, volume, notional,
         vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, $2::bigint, position
    FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::integer[], $8::bigint[],
                $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::float8[],
                $16::bigint[], $17::float8[], $18::float8[], $19::smallint[], $20::smallint[], $21::integer[],
                $22::boolean[], $23::bigint[])
         AS row (venue, symbol, bar_spec, open_us, bar_index, close_us, open, high, low, close, volume, notional, vwap,
                 trades, buy_volume, sell_volume, quality, state, revision, whole, position)
  ${onConflict}`;

export const otherLaneFound = `SELECT coalesce(current_setting('${otherLaneFlag}', true), '') = 'found' AS found`;

/** Of the keys given as arrays those that another lane than $1 has stored: their places, from 1, and whose they are. */
export const otherLaneRows = `SELECT mine.place, bars.lane
    FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::integer[]) WITH ORDINALITY
         AS mine (venue, symbol, bar_spec, open_us, bar_index, place)
    JOIN bars ON bars.venue = mine.venue AND bars.symbol = mine.symbol AND bars.bar_spec = mine.bar_spec
     AND bars.open_time = timestamptz 'epoch' + mine.open_us * interval '1 microsecond'
     AND bars.bar_index = mine.bar_index
   WHERE bars.lane <> $1
   ORDER BY mine.place`;
