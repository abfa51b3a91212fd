/** $1 is the lane, $2 its generation; the others are arrays, times in microseconds since 1970. */
export const insertLateTicks = `INSERT INTO late_ticks
         (lane, generation, position, counter, venue, symbol, event_time, price, size, side, trade_id, watermark)
  SELECT $1::text, $2::bigint, position, counter, venue, symbol,
         timestamptz 'epoch' + event_us * interval '1 microsecond', price, size, side, trade_id,
         timestamptz 'epoch' + watermark_us * interval '1 microsecond'
    FROM unnest($3::bigint[], $4::integer[], $5::text[], $6::text[], $7::bigint[], $8::float8[], $9::float8[],
                $10::smallint[], $11::text[], $12::bigint[])
         AS row (position, counter, venue, symbol, event_us, price, size, side, trade_id, watermark_us)
  ON CONFLICT (lane, generation, position, counter) DO NOTHING`;

export const insertGaps = `INSERT INTO gaps
         (lane, generation, position, venue, symbol, bar_spec, from_time, until_time, reason, ticks_lost)
  SELECT $1::text, $2::bigint, position, venue, symbol, bar_spec,
         timestamptz 'epoch' + from_us * interval '1 microsecond',
         timestamptz 'epoch' + until_us * interval '1 microsecond', reason, ticks_lost
    FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::bigint[])
         AS row (position, venue, symbol, bar_spec, from_us, until_us, reason, ticks_lost)
  ON CONFLICT (lane, generation, position, venue, symbol, bar_spec, reason, from_time) DO NOTHING`;

/** The same letter may come again, from a log that is read again: only the time when it was last seen changes. */
export const upsertDeadLetters = `INSERT INTO dead_letters
         (lane, generation, position, origin, counter, reason, message, place, bytes, first_at, last_at)
  SELECT $1::text, $2::bigint, position, origin, counter, reason, message, place, bytes, seen_at, seen_at
    FROM (SELECT *, timestamptz 'epoch' + at_us * interval '1 microsecond' AS seen_at
            FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::bytea[],
                        $10::bigint[])
                 AS row (position, origin, counter, reason, message, place, bytes, at_us)) AS letters
  ON CONFLICT (lane, generation, position, origin, counter) DO UPDATE SET last_at = excluded.last_at`;
