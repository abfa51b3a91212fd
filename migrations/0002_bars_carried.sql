-- Reading with empty intervals filled, for whoever reads the tables with SQL. The HTTP API does the same in TypeScript,
-- there also for bar specs with a time zone.

-- Length of a time bar; fails for what has no fixed one.
CREATE FUNCTION mdp_bar_interval(bar_spec text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  parts text[] := regexp_match(bar_spec, '^([1-9][0-9]*)([smhdw])(/[0-9]+[smhd])?$');
BEGIN
  IF parts IS NULL THEN
    RAISE EXCEPTION 'bar spec % has no fixed interval', bar_spec
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Bars with a time zone are filled by the HTTP API: /api/bars?fill=carry.';
  END IF;
  -- In seconds: days of an interval would follow the clock changes of the session's time zone.
  RETURN make_interval(secs => parts[1]::double precision *
    CASE parts[2] WHEN 's' THEN 1 WHEN 'm' THEN 60 WHEN 'h' THEN 3600 WHEN 'd' THEN 86400 ELSE 604800 END);
END
$$;

-- Bars of one series that open in [from_time, until_time), with a row for every interval in which nothing was traded:
-- O=H=L=C is the close before it, volume and trades are 0, vwap is null, `filled` is true. A close is never carried
-- across a recorded gap, nor beyond what is known: the newest bar of the series, or what its lane says is settled.
CREATE FUNCTION bars_carried(
  of_venue text, of_symbol text, of_spec text, range_from timestamptz, range_until timestamptz
)
RETURNS TABLE (
  open_time timestamptz, close_time timestamptz, open double precision, high double precision, low double precision,
  close double precision, volume double precision, notional double precision, vwap double precision, trades bigint,
  buy_volume double precision, sell_volume double precision, quality smallint, state smallint, revision integer,
  whole boolean, filled boolean
)
LANGUAGE sql STABLE AS $$
  WITH step AS (
    SELECT mdp_bar_interval(of_spec) AS length
  ), series AS (
    (SELECT * FROM bars
      WHERE venue = of_venue AND symbol = of_symbol AND bar_spec = of_spec AND bars.open_time < range_from
      ORDER BY bars.open_time DESC LIMIT 1)
    UNION ALL
    SELECT * FROM bars
     WHERE venue = of_venue AND symbol = of_symbol AND bar_spec = of_spec
       AND bars.open_time >= range_from AND bars.open_time < range_until
  ), newest AS (
    SELECT bars.lane, bars.close_time FROM bars
     WHERE venue = of_venue AND symbol = of_symbol AND bar_spec = of_spec
     ORDER BY bars.open_time DESC LIMIT 1
  ), known AS (
    SELECT greatest(
             newest.close_time, to_timestamp((lanes.settled_until ->> of_venue)::double precision / 1000)) AS until
      FROM newest LEFT JOIN lanes ON lanes.name = newest.lane
  ), holes AS (
    SELECT gaps.from_time, gaps.until_time FROM gaps
     WHERE gaps.lane IN (SELECT lane FROM series UNION SELECT lane FROM newest)
       AND gaps.venue IN ('', of_venue) AND gaps.symbol IN ('', of_symbol) AND gaps.bar_spec IN ('', of_spec)
  ), stretches AS (
    SELECT series.close_time AS from_time, series.close AS price,
           least(lead(series.open_time) OVER (ORDER BY series.open_time), (SELECT until FROM known),
                 (SELECT min(holes.from_time) FROM holes WHERE holes.until_time >= series.close_time)) AS until_time
      FROM series
  )
  SELECT series.open_time, series.close_time, series.open, series.high, series.low, series.close, series.volume,
         series.notional, series.vwap, series.trades, series.buy_volume, series.sell_volume, series.quality,
         series.state, series.revision, series.whole, false
    FROM series WHERE series.open_time >= range_from
  UNION ALL
  SELECT empty.at, empty.at + step.length, price, price, price, price, 0, 0, NULL, 0, 0, 0, 0::smallint, 3::smallint,
         0, true, true
    FROM step, stretches, LATERAL (
           SELECT ceil(extract(epoch FROM range_from - stretches.from_time) / extract(epoch FROM step.length)) AS steps
         ) AS until_range, generate_series(
           stretches.from_time + step.length * greatest(0, until_range.steps)::double precision,
           stretches.until_time - step.length,
           step.length
         ) AS empty (at)
   WHERE empty.at < range_until
   ORDER BY 1
$$;
