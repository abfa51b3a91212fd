-- What a lane had done at a position of its log: a restart goes on from here. One row a lane, and it only moves forward.
CREATE TABLE lane_checkpoints (
  lane          text PRIMARY KEY,
  generation    bigint NOT NULL,
  position      bigint NOT NULL,                  -- Of the next record.
  last_record   text,                             -- SHA-256 of the record before it; null where its source keeps none.
  settled_until jsonb NOT NULL,                   -- By venue, as in lanes.
  state         bytea NOT NULL,
  taken_at      timestamptz NOT NULL,
  written_at    timestamptz NOT NULL DEFAULT now()
);

-- This telling begins here: 0 is the beginning of the log, more is what --from-now left out.
ALTER TABLE lanes ADD COLUMN from_position bigint NOT NULL DEFAULT 0;
-- Rows of older tellings go as this one passes them.
ALTER TABLE lanes ADD COLUMN rebuilding boolean NOT NULL DEFAULT false;
