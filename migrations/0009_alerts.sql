-- What people want to be told of: every version of every rule. A version holds from its valid_from until that of the next.
CREATE TABLE alert_rules (
  id          uuid NOT NULL,
  version     integer NOT NULL,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  bar_spec    text NOT NULL,
  condition   text NOT NULL,                      -- price_above, price_below, volume_above, crosses_indicator.
  threshold   double precision,                   -- Of a price or a volume.
  indicator   text,                               -- The line that is crossed: sma(20).
  note        text NOT NULL DEFAULT '',
  muted       boolean NOT NULL DEFAULT false,     -- Evaluated as ever, and nobody is called.
  deleted     boolean NOT NULL DEFAULT false,     -- This version ends the rule.
  created_at  timestamptz NOT NULL DEFAULT now(), -- Of the rule.
  updated_at  timestamptz NOT NULL DEFAULT now(),
  valid_from  timestamptz,                        -- Event time: for bars that close later. Null until a lane has begun it.
  expires     timestamptz,                        -- Event time: not for bars that close later.
  change      bigint NOT NULL,                    -- Greater than that of every row that was written before.
  PRIMARY KEY (id, version)
);

-- What a version of a rule came to on a bar. Not met is kept only where an older telling may have said otherwise.
CREATE TABLE alerts (
  rule_id          uuid NOT NULL,
  rule_version     integer NOT NULL,
  lane             text NOT NULL,
  venue            text NOT NULL,
  symbol           text NOT NULL,
  bar_spec         text NOT NULL,
  open_time        timestamptz NOT NULL,          -- Of its bar, as close_time and bar_index are.
  bar_index        integer NOT NULL,
  close_time       timestamptz NOT NULL,
  state            smallint NOT NULL,             -- 0 not met, 1 triggered, 2 withdrawn.
  value            double precision NOT NULL,     -- The high, low, volume or close that was compared.
  bar_state        smallint NOT NULL,             -- 2 provisional, 3 closed.
  whole            boolean NOT NULL,              -- Its bar is.
  generation       bigint NOT NULL,
  position         bigint NOT NULL,               -- Of the last log record that changed anything it was judged by.
  written_at       timestamptz NOT NULL DEFAULT now(),
  changed_at       timestamptz NOT NULL DEFAULT now(), -- When it came to this state.
  deliver_attempts integer NOT NULL DEFAULT 0,    -- To the webhook, in this state.
  deliver_after    timestamptz NOT NULL DEFAULT now(), -- Nobody else tries before; infinity: given up.
  delivered_state  smallint,
  notified_at      timestamptz,                   -- When the webhook took it.
  PRIMARY KEY (rule_id, rule_version, open_time, bar_index)
);
CREATE INDEX alerts_changed ON alerts (changed_at) WHERE state > 0;
CREATE INDEX alerts_close_time ON alerts (close_time);
