-- The tables of a pipeline. Plain PostgreSQL >= 14; what only TimescaleDB can do stands in store/hypertables.ts.

-- One row per ordered log. `generation` numbers the tellings of its history; a newer one wins everywhere.
CREATE TABLE lanes (
  name            text PRIMARY KEY,
  source          text NOT NULL,
  generation      bigint NOT NULL CHECK (generation > 0),
  log_identity    text NOT NULL,
  complete        boolean NOT NULL,
  repeatable      boolean NOT NULL DEFAULT true,  -- The log can be read again: its generation lives through restarts.
  start_time      timestamptz NOT NULL,           -- Of the first take-up: the generator's clock starts here.
  settled_until   jsonb NOT NULL DEFAULT '{}',    -- By venue: close time up to which only a rebuild can change bars.
  taken_at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bars (
  lane        text NOT NULL,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  bar_spec    text NOT NULL,
  open_time   timestamptz NOT NULL,
  bar_index   integer NOT NULL,                   -- Tells threshold bars of one open time apart; 0 for time bars.
  close_time  timestamptz NOT NULL,
  open        double precision NOT NULL,
  high        double precision NOT NULL,
  low         double precision NOT NULL,
  close       double precision NOT NULL,
  volume      double precision NOT NULL,
  notional    double precision NOT NULL,
  vwap        double precision,                   -- notional / volume; null when volume is 0.
  trades      bigint NOT NULL,
  buy_volume  double precision NOT NULL,
  sell_volume double precision NOT NULL,
  quality     smallint NOT NULL,                  -- 0 complete, 1 partial, 2 gap.
  state       smallint NOT NULL,                  -- 2 provisional, 3 closed.
  revision    integer NOT NULL,                   -- Late ticks taken since the bar was closed.
  whole       boolean NOT NULL,                   -- Its fold saw everything that the log holds.
  generation  bigint NOT NULL,
  position    bigint NOT NULL,                    -- Of the last log record that changed the row.
  written_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (venue, symbol, bar_spec, open_time, bar_index)
);

CREATE TABLE late_ticks (
  lane        text NOT NULL,
  generation  bigint NOT NULL,
  position    bigint NOT NULL,
  counter     integer NOT NULL,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  event_time  timestamptz NOT NULL,
  price       double precision NOT NULL,
  size        double precision NOT NULL,
  side        smallint NOT NULL,                  -- 0 unknown, 1 buy, 2 sell.
  trade_id    text,
  watermark   timestamptz NOT NULL,
  written_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lane, generation, position, counter)
);

-- Stretches of a log that are missing, [from_time, until_time). '' stands for all venues, symbols or bar specs.
CREATE TABLE gaps (
  lane        text NOT NULL,
  generation  bigint NOT NULL,
  position    bigint NOT NULL,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  bar_spec    text NOT NULL,
  from_time   timestamptz NOT NULL,
  until_time  timestamptz NOT NULL,
  reason      text NOT NULL,
  ticks_lost  bigint NOT NULL,                    -- 0 where nobody can know.
  written_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lane, generation, position, venue, symbol, bar_spec, reason, from_time)
);

CREATE TABLE dead_letters (
  lane        text NOT NULL,
  generation  bigint NOT NULL,
  position    bigint NOT NULL,
  origin      text NOT NULL,                      -- 'tick': a record of the log; 'row': a row the database refused.
  counter     integer NOT NULL,
  reason      text NOT NULL,
  message     text NOT NULL,
  place       text NOT NULL,                      -- Where the record stands, for people.
  bytes       bytea NOT NULL,
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  retries     integer NOT NULL DEFAULT 0,
  PRIMARY KEY (lane, generation, position, origin, counter)
);

-- Fails when any of the lanes has a newer generation: the last statement of every sink transaction before COMMIT.
CREATE FUNCTION mdp_fence(lane_names text[], lane_generations bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  lost text;
BEGIN
  PERFORM 1 FROM lanes WHERE name = ANY (lane_names) ORDER BY name FOR SHARE;
  SELECT mine.name INTO lost
    FROM unnest(lane_names, lane_generations) AS mine (name, generation)
    LEFT JOIN lanes ON lanes.name = mine.name
   WHERE lanes.generation IS DISTINCT FROM mine.generation
   LIMIT 1;
  IF lost IS NOT NULL THEN
    RAISE EXCEPTION 'lane % has a newer generation', lost USING ERRCODE = 'MD001', DETAIL = lost;
  END IF;
END
$$;

CREATE VIEW bars_in_words AS
  SELECT lane, venue, symbol, bar_spec, open_time, bar_index, close_time,
         open, high, low, close, volume, notional, vwap, trades, buy_volume, sell_volume,
         (ARRAY['complete', 'partial', 'gap'])[quality + 1] AS quality,
         (ARRAY['forming', 'provisional', 'closed'])[state] AS state,
         revision, whole, generation, position, written_at
    FROM bars;
