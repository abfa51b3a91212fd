import type { Mutant } from './list.ts';

const tap = { test: 'tests/kafka/fetch-tap.test.ts' };
const ahead = { file: 'src/kafka/fetch-ahead.ts', test: 'tests/kafka/fetch-ahead.test.ts' };
const cursor = { file: 'src/kafka/record-cursor.ts', test: 'tests/kafka/record-batch.test.ts' };

/** Faults of the way of record batches past kafkajs. */
export const kafkaTapMutants: readonly Mutant[] = [
  {
    ...tap, name: 'a ticket read after its buffer is reused', file: 'src/kafka/fetch-tap.ts',
    find: '      buffer.generation++;\n',
    replace: '',
    shows: 'is read until its broker is asked again, and refused from then on',
  },
  {
    ...tap, name: 'a ticket lost with its connection', file: 'src/kafka/fetch-tap.ts',
    find: '    if (!answers.areKept) return;\n',
    replace: '    answers.end();\n',
    shows: 'outlives its connection, until the same broker is asked over another one',
  },
  {
    ...tap, name: 'a late answer written over by the next', file: 'src/kafka/response-frames.ts',
    find: 'if (!this.#receiver.answered(answer)) this.#memory.giveBack(answer.buffer);',
    replace: 'this.#receiver.answered(answer);\n    this.#memory.giveBack(answer.buffer);',
    shows: 'of an answer that comes late does not disturb that of the next request',
  },
  {
    ...ahead, name: 'an answer for whatever kafkajs asks for',
    find: 'return contents !== null && contents === contentsOf(other);', replace: 'return contents !== null || other.length > 0;',
    shows: 'is thrown away where kafkajs asks for something else, whenever it comes',
  },
  {
    ...ahead, name: 'an answer under the id of the wrong request',
    find: '    answer.buffer.bytes.writeInt32BE(guess.idWanted, idAt);\n', replace: '',
    shows: 'is asked for while it reads a large answer, and is not asked for twice',
  },
  {
    ...ahead, name: 'more asked for behind an error',
    find: ' || partitions.some(({ errorCode }) => errorCode !== 0)', replace: '',
    shows: 'is not asked for behind small answers, nor behind an error, nor after the end of the connection',
  },
  {
    ...tap, name: 'memory for one large answer held for ever', file: 'src/kafka/response-memory.ts',
    find: 'heldBytes >= sizeBytes && heldBytes <= ',
    replace: 'heldBytes >= sizeBytes || heldBytes <= -',
    shows: 'is the same for answers of about the same size, and not that of one large answer for ever',
  },
  {
    ...tap, name: 'aborted transactions in the order in which they ended', file: 'src/kafka/record-set.ts',
    find: '[...aborted].sort((a, b) => b.firstOffset - a.firstOffset)',
    replace: '[...aborted].reverse()',
    shows: 'that overlap are told apart: what was aborted is not seen, what was committed is',
  },
  {
    ...tap, name: 'a batch with an unknown flag ticketed', file: 'src/kafka/record-set.ts',
    find: '  return (attributes & ~flagsKnown) === 0\n    && ',
    replace: '  return ',
    shows: 'are left to kafkajs with their list where a batch beside them is not understood',
  },
  {
    name: 'a control batch ticketed', file: 'src/kafka/record-set.ts', test: 'tests/kafka/fetch-tap-fuzz.test.ts',
    find: "if (outcasts.areNone) return isControl ? 'control' : 'records';",
    replace: "if (outcasts.areNone) return 'records';",
    shows: 'give the same messages, and bytes that are not understood as they came',
  },
  {
    ...cursor, name: 'an offset delta read as unsigned',
    find: 'const offset = this.#baseOffset + this.#varint();',
    replace: 'const offset = this.#baseOffset + 2 * this.#varint();',
    shows: 'gives keys and values, null or empty, offsets and times',
  },
  {
    ...cursor, name: 'a value that reaches into the next record',
    find: 'this.#at >= end || keyBytes < -1',
    replace: 'keyBytes < -1',
    shows: 'is refused for a value longer than its record',
  },
];
