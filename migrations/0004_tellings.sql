-- The generation that the present telling of a lane began with, and the first one that told the log that it has now. What
-- people do with a lane by hand raises its generation; the telling goes on.
ALTER TABLE lanes ADD COLUMN told_since bigint NOT NULL DEFAULT 1;
ALTER TABLE lanes ADD COLUMN log_since bigint NOT NULL DEFAULT 1;
UPDATE lanes SET told_since = generation, log_since = generation;

-- A complete log was told to its end: nothing of it can change any more.
ALTER TABLE lane_checkpoints ADD COLUMN ended boolean NOT NULL DEFAULT false;
