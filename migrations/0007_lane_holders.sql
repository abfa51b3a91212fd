-- Who has read a lane last: a member of a consumer group, and the process that it lived in. A process that starts and knows
-- that this one is dead tells the brokers, which give the lane away at once. NULL: of no group, or nobody has noted it.
ALTER TABLE lanes ADD COLUMN holder jsonb;
