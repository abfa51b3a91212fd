-- An id of the log itself, where logs have such (the topic id of Kafka): one that was made anew under its old name has another.
-- NULL: the log has none, or the next take-up says it.
ALTER TABLE lanes ADD COLUMN log_id text;
