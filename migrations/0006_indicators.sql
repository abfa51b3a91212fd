-- What is computed from bars: a row for each bar of a configured spec and each line of the indicator.
CREATE TABLE indicators (
  lane        text NOT NULL,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  bar_spec    text NOT NULL,
  indicator   text NOT NULL,                      -- Canonical: rsi(14), macd(12,26,9).signal.
  open_time   timestamptz NOT NULL,               -- Of its bar, as close_time and bar_index are.
  bar_index   integer NOT NULL,
  close_time  timestamptz NOT NULL,
  value       double precision,                   -- Null where too few bars have come.
  quality     smallint NOT NULL,                  -- 0 complete, 1 partial, 2 gap.
  state       smallint NOT NULL,                  -- 2 provisional, 3 closed.
  revision    integer NOT NULL,                   -- Of its bar.
  whole       boolean NOT NULL,                   -- No bar that it can see was missed: a fold of the whole log gives it too.
  generation  bigint NOT NULL,
  position    bigint NOT NULL,                    -- Of the last log record that changed any bar up to this one.
  written_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (venue, symbol, bar_spec, indicator, open_time, bar_index)
);
