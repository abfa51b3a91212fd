import type { Mutant } from './list.ts';

const session = { file: 'src/sources/kafka/consumer-session.ts' };
const members = { test: 'tests/acceptance/kafka/group-members.test.ts' };
const brokers = { test: 'tests/acceptance/kafka/group-brokers.test.ts' };
const topics = { test: 'tests/acceptance/kafka/group-topics.test.ts' };
const zombies = { test: 'tests/acceptance/kafka/group-zombies.test.ts' };

/** Faults of several processes that share the partitions of a topic. */
export const kafkaGroupMutants: readonly Mutant[] = [
  {
    ...session, ...members, name: 'a paused partition forgotten after a rebalance',
    find: "    if (held.state === 'reading' || held.state === 'full') this.#fetchFrom(held);\n",
    replace: '',
    shows: 'with 2 processes, the first of which is killed and replaced',
  },
  {
    ...members, name: 'a partition given away without a last checkpoint', file: 'src/lane-book.ts',
    find: 'this.#leaving.get(name), this.#runtimeOf.get(lane)?.written()',
    replace: 'this.#leaving.get(name)',
    shows: 'is handed over as far as it was read',
  },
  {
    ...members, name: 'a partition given away whose lane is kept', file: 'src/sources/kafka/consumer-session.ts',
    find: '    this.#held.delete(held.name);\n    this.#options.giveUp(held);\n',
    replace: '    this.#held.delete(held.name);\n',
    shows: 'is handed over as far as it was read',
  },
  {
    ...brokers, name: 'lanes of a lost session kept, though others read them', file: 'src/sources/kafka.ts',
    find: '        for (const [name, lane] of this.#left) if (!names.has(name)) resume.release(lane);\n',
    replace: '        void names;\n',
    shows: 'when it is stopped (kill) and started again, with more members than before',
  },
  {
    test: 'tests/lane-runtime.test.ts', name: 'a lane on its way out, done before its marker is', file: 'src/retired-lanes.ts',
    find: 'lane.ended && lane.sinkQueues.every(({ depth }) => depth === 0) && lane',
    replace: 'lane.ended && lane',
    shows: 'that is on its way out is not done before its last checkpoint has left every queue',
  },
  {
    test: 'tests/sources/run-source.test.ts', file: 'src/sources/run-source.ts',
    name: 'another log under the same name, after a lost connection',
    find: 'const hash = lastRecord === null ? lastRecordHash : hashOfRecord(lastRecord);',
    replace: 'const hash = lastRecord === lastRecordHash ? hashOfRecord(new Uint8Array()) : null;',
    shows: 'knows the log again by the record that it handed on last',
  },
  {
    ...zombies, name: 'rows of an older telling past the fence', file: 'src/sinks/timescale/timescale-sink.ts',
    find: 'await client.query(`SELECT ${fence}; COMMIT`);',
    replace: 'await client.query(`SELECT ${fence.length}; COMMIT`);',
    shows: 'that wakes after a rebuild with the new one writes nothing more',
  },
  {
    ...zombies, name: 'what was overtaken goes on behind the other', file: 'src/pipeline.ts',
    find: "    this.#lanes.overtaken(lane);\n    this.#takeAnew(lane, 'overtaken');\n",
    replace: '',
    shows: 'in another group, with the same bars, folds the same rows',
  },
  {
    ...members, name: 'a source given up when the database does not answer at a take-up', file: 'src/errors.ts',
    find: "new Set(['store-unavailable', 'kafka-unreachable'])",
    replace: "new Set(['kafka-unreachable'])",
    shows: 'waits for a database that does not answer while partitions change hands',
  },
  {
    ...topics, name: 'a topic taken for the one before it by its name', file: 'src/sources/kafka/topic-ids.ts',
    find: '    if (before === id) return;', replace: "    if (before !== '') return;",
    shows: 'made anew behind its back, with a log that is as long and the same so far',
  },
  {
    file: 'src/store/tellings.ts', test: 'tests/store/tellings.test.ts', name: 'the id of a log never compared',
    find: ' && !isOtherId', replace: '', shows: 'a log of the same name that was made anew is a changed one',
  },
  {
    file: 'src/store/lanes.ts', test: 'tests/store/lanes.test.ts', name: 'the id of a log forgotten',
    find: 'log_id = CASE WHEN $10 THEN coalesce($12, log_id) ELSE $12 END', replace: 'log_id = $12',
    shows: 'a log that was made anew under its name is refused by its id',
  },
];
