import type { Mutant } from './list.ts';

const promises = { test: 'tests/acceptance/kafka/promises.test.ts' };
const silence = { file: 'src/sources/kafka/silence-watch.ts', test: 'tests/sources/kafka/silence-watch.test.ts' };
const recent = { file: 'src/kafka/recent-messages.ts', test: 'tests/kafka/recent-messages.test.ts' };
const tail = { file: 'src/sources/kafka/message-tail.ts', test: 'tests/sources/kafka/message-tail.test.ts' };

/** Faults of what is shown of Kafka, and of what ends a consumer that is dead. */
export const kafkaWatchMutants: readonly Mutant[] = [
  {
    ...promises, name: 'a bad message set aside where it is to stop its lane', file: 'src/sources/kafka.ts',
    find: 'outside.kafka.batch_error_isolation ? decoder : stoppingAtBad(decoder)', replace: '[decoder, stoppingAtBad(decoder)][0]',
    shows: 'reads up to it, says where it stands, and reads the other partitions on: bytes',
  },
  {
    ...promises, name: 'a long poll that outlasts the leaving', file: 'src/sources/kafka.ts',
    find: 'maxWaitTimeInMs: 250', replace: 'maxWaitTimeInMs: 60_000',
    shows: 'tells the group how far it is when it is asked to end, and leaves it',
  },
  {
    ...promises, name: 'a group that hears nothing of who waits', file: 'src/sources/kafka/consumer-session.ts',
    find: '      await Promise.all([...this.#readers].map((reader) => reader.beat()));\n', replace: '',
    shows: 'because no row can be written',
  },
  {
    ...promises, name: 'a partition that had no room never read again', file: 'src/sources/kafka/consumer-session.ts',
    find: "\n      held.state = 'reading';\n      this.#fetchFrom(held);\n", replace: '\n',
    shows: 'because one lane has no room',
  },
  {
    ...promises, name: 'a start at a time taken for one at the beginning', file: 'src/sources/kafka/topic-offsets.ts',
    find: "begins?.get(partition) ?? (this.#startAt", replace: "begins?.get(-1) ?? (this.#startAt",
    shows: 'at 2020-09-13T12:27:40.000Z',
  },
  {
    ...silence, name: 'what we hold back ourselves taken for silence',
    find: 'if (isHeldBack || sinceLookMs',
    replace: 'if (sinceLookMs',
    shows: 'while we hold it back, and begins to be afterwards',
  },
  {
    ...silence, name: 'a process that was stopped taken for a silent consumer',
    find: 'isHeldBack || sinceLookMs > lateIntervals * this.#intervalMs',
    replace: 'isHeldBack',
    shows: 'because the process stood still',
  },
  {
    ...silence, name: 'an open transaction taken for silence',
    find: 'return isMember ? Math.min(stillMs, longestMs(this.#brokers, nowMs)) : stillMs;',
    replace: 'return stillMs;',
    shows: 'while brokers answer: behind the last record are ends of transactions, or an open one',
  },
  {
    ...tail, name: 'recent messages that are not copied',
    find: '    from.copy(copy, 0, start, end);\n',
    replace: '',
    shows: 'is copied: what becomes of the memory of the Fetch does not matter',
  },
  {
    ...recent, name: 'a message shown once for each time that it was read',
    find: 'message.partition !== partition || message.offset < offset',
    replace: 'true',
    shows: 'are there once, however often they are read, and are those of the log as it is now',
  },
  {
    ...recent, name: 'recent messages without a bound on their bytes',
    find: '    while (this.#bytes > bytes_max && known.messages.length > 0) this.#replace(known, known.messages.slice(1));\n',
    replace: '',
    shows: 'never take more bytes than they may: other topics go first, then the oldest of their own',
  },
  {
    file: 'src/sources/kafka/consumer-monitor.ts', test: 'tests/acceptance/kafka/watchdog.test.ts',
    name: 'a reader that waits for the sink taken for silence',
    find: "connection === 'left' || stayed",
    replace: "connection === 'left'",
    shows: 'because we do not want to is let be',
  },
];
