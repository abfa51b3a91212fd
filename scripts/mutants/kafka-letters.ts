import type { Mutant } from './list.ts';

const topic = { test: 'tests/acceptance/kafka/dead-letter-topic.test.ts' };
const replay = { test: 'tests/acceptance/kafka/dead-letters.test.ts' };
const produced = { test: 'tests/acceptance/kafka/produce.test.ts' };
const command = { test: 'tests/commands/produce.test.ts' };

/** Faults of what goes out to Kafka: dead letters, and what `mdp produce` writes. All need a real broker to be seen. */
export const kafkaLetterMutants: readonly Mutant[] = [
  {
    ...topic, name: 'a position that passes a letter which is not safe', file: 'src/sinks/broker-answer.ts',
    find: "throw new SinkError({ kind: told.code === 'kafka-unreachable' ? 'unknown' : 'misconfigured' }, told.message, error);",
    replace: 'return told as T;',
    shows: 'holds the position back until the letter is safe',
  },
  {
    ...topic, name: 'letters without the headers of their messages', file: 'src/sources/kafka/read-fetched.ts',
    find: 'headersOf(fetched) : cursor.headers()', replace: 'headersOf(fetched) : []',
    shows: 'has the message as it was, and says why, to several tools, read as bytes',
  },
  {
    ...topic, name: 'a letter larger than brokers take', file: 'src/sources/kafka/original-message.ts',
    find: 'Math.min(valueEnd, valueStart + valueBytesMax)', replace: 'valueEnd',
    shows: 'has the message as it was, and says why, to several tools, read as bytes',
  },
  {
    ...replay, name: 'a letter replayed to another partition', file: 'src/sources/kafka/kafka-log-end.ts',
    find: 'send(partition, [message])', replace: 'send(0, [message])',
    shows: 'produces the original message to its partition once more',
  },
  {
    ...replay, name: 'a list replayed for one of its ticks', file: 'src/commands/replay-record.ts',
    find: 'recordsOf(batch) > 1', replace: 'recordsOf(batch) > 9',
    shows: 'does not produce a list once more for one of its ticks',
  },
  {
    ...replay, name: 'a group left behind', file: 'src/sources/kafka/find-messages.ts',
    find: 'await admin.deleteGroups([groupId])', replace: 'await Promise.resolve([groupId])',
    shows: 'leaves the members of the group alone',
  },
  {
    ...produced, name: 'ticks written twice', file: 'src/kafka/topic-producer.ts',
    find: "idempotent: delivery === 'once'", replace: 'idempotent: false',
    shows: 'is each tick once, over a freeze of the broker',
  },
  {
    ...command, name: 'a rate that nobody keeps to', file: 'src/commands/produce.ts',
    find: 'waitMs = bucket.take(batch.length, clock.nowMs());', replace: 'waitMs = 0;',
    shows: 'keeps to its rate',
  },
  {
    ...command, name: 'symbols on partitions of our own choice', file: 'src/kafka/topic-producer.ts',
    find: 'readonly #partitioner = kafkajs().Partitioners.DefaultPartitioner();',
    replace: 'readonly #partitioner = kafkajs().Partitioners.LegacyPartitioner();',
    shows: "where Kafka's own producer would put its symbol",
  },
];
