const values = [
  'close_time', 'value', 'quality', 'state', 'revision', 'whole', 'generation', 'position',
] as const;

/**
 * A row of another lane is left alone: that lane's bars are refused, and say so. Within a generation the greater (position,
 * state) wins; a later generation wins, except that a row that is not whole never replaces a closed one that is.
 */
const guard = `CASE
    WHEN indicators.lane <> excluded.lane THEN false
    WHEN indicators.generation = excluded.generation
    THEN (excluded.position, excluded.state) > (indicators.position, indicators.state)
    ELSE excluded.generation > indicators.generation
         AND (excluded.whole OR NOT (indicators.whole AND indicators.state = 3))
  END`;

/** $1 is the lane, $2 its generation; the others are arrays, in key order, times in microseconds since 1970. */
export const upsertIndicators = `INSERT INTO indicators
         (lane, venue, symbol, bar_spec, indicator, open_time, bar_index, ${values.join(', ')})
  SELECT $1::text, venue, symbol, bar_spec, indicator, timestamptz 'epoch' + open_us * interval '1 microsecond', bar_index,
         timestamptz 'epoch' + close_us * interval '1 microsecond', value, quality, state, revision, whole, $2::bigint,
         position
    FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::integer[], $9::bigint[], $10::float8[],
                $11::smallint[], $12::smallint[], $13::integer[], $14::boolean[], $15::bigint[])
         AS row (venue, symbol, bar_spec, indicator, open_us, bar_index, close_us, value, quality, state, revision, whole,
                 position)
  ON CONFLICT (venue, symbol, bar_spec, indicator, open_time, bar_index) DO UPDATE SET
         ${values.map((column) => `${column} = excluded.${column}`).join(', ')}, written_at = now()
   WHERE ${guard}`;
