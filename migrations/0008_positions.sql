-- What people hold, as they have written it down: for the page, which marks it to market. No lane knows of it.
CREATE TABLE positions (
  id          uuid PRIMARY KEY,
  venue       text NOT NULL,
  symbol      text NOT NULL,
  size        double precision NOT NULL CHECK (size <> 0),  -- Of the symbol's base; less than 0: sold short.
  entry_price double precision NOT NULL,
  entry_time  timestamptz NOT NULL,
  note        text NOT NULL,
  revision    integer NOT NULL DEFAULT 0,                   -- Counts changes: who changes what somebody else has changed is told.
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL
);
