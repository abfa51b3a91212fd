import type { Mutant } from './list.ts';

const client = { file: 'src/kafka/client.ts', test: 'tests/kafka/client.test.ts' };
const credentials = { file: 'src/kafka/credentials.ts', test: 'tests/kafka/client.test.ts' };
const codecs = { test: 'tests/kafka/codecs.test.ts' };
const inflated = {
  file: 'src/kafka/inflated-memory.ts', test: 'tests/sources/kafka/message-tail.test.ts',
  find: 'this.#messages - this.#kept[0].messages >= this.#messagesMax',
};

/** Faults of the way to the brokers, and of what they send compressed. Those of `client` need a real broker to be seen. */
export const kafkaClientMutants: readonly Mutant[] = [
  {
    ...client, name: 'a broker that never answers waited for',
    find: '  leaveMuteBrokers();\n', replace: '',
    shows: 'passes over an address where connections are taken and nothing is answered',
  },
  {
    ...client, name: 'a time limit of requests that is not handed on',
    find: 'requestTimeout: values.request_timeout_ms', replace: 'requestTimeout: 30_000',
    shows: 'gives up an answer that does not come from a broker that it knows',
  },
  {
    ...credentials, name: 'certificates always checked',
    find: 'rejectUnauthorized: ssl.reject_unauthorized', replace: 'rejectUnauthorized: true',
    shows: 'trusts no broker that another authority has signed, unless it is told to',
  },
  {
    ...credentials, name: 'what may be a key in a message',
    find: "return key === 'key' ? 'a file (not shown)' : path;", replace: 'void key;\n  return path;',
    shows: 'is not made with a key that is not there',
  },
  {
    file: 'src/kafka/kafka-error.ts', test: 'tests/kafka/kafka-error.test.ts', name: 'a lost login taken for a refused one',
    find: ' && !wasLost', replace: '', shows: 'a login that was interrupted',
  },
  {
    ...inflated, name: 'a batch freed as soon as the next one is decompressed', replace: 'this.#messages > 0',
    shows: 'of batches that were compressed, 1 messages each',
  },
  {
    ...inflated, name: 'a batch freed with some of the last messages in it', replace: 'this.#messages >= this.#messagesMax',
    shows: 'of batches that were compressed, 40 messages each',
  },
  {
    file: 'src/kafka/idle-timer.ts', test: 'tests/kafka/idle-timer.test.ts', name: 'a timer that never rests',
    find: 'if (this.pending.length > 0) schedule.call(this);', replace: 'schedule.call(this);',
    shows: 'lets the process sleep, and Node has nothing to warn of',
  },
  {
    ...codecs, file: 'src/kafka/lz4-frame.ts', name: 'LZ4 blocks without those before them',
    find: 'isLinked ? before : undefined', replace: 'undefined',
    shows: 'of LZ4 may consist of plain blocks, and of such that repeat what stands in those before them',
  },
  {
    ...codecs, file: 'src/kafka/snappy-blocks.ts', name: 'Snappy without a limit',
    find: '  if (total > bytesMax) throw', replace: '  if (total < 0) throw',
    shows: 'of snappy is refused when it becomes larger than allowed',
  },
];
