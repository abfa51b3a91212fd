-- Of how many logs side by side this is one, such as the partitions of a topic: one that is added later waits until people
-- have adopted it. NULL: of no others, or the next take-up says it.
ALTER TABLE lanes ADD COLUMN siblings integer;
