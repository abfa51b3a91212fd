import type { Mutant } from './list.ts';

const sink = { file: 'src/sinks/timescale/timescale-sink.ts' };
const worker = { file: 'src/sinks/sink-worker.ts', test: 'tests/sinks/run-sink-pool.test.ts' };
const database = { file: 'src/postgres.ts' };

/** Faults of the sinks; nearly every one needs a real server to be seen. */
export const sinkMutants: readonly Mutant[] = [
  {
    ...sink, test: 'tests/sinks/hurt-rows.test.ts', name: 'a lost answer to COMMIT taken for a failure',
    find: "    if (step === 'commit' && (", replace: "    if (step === 'side-tables' && (",
    shows: 'asks by upsert whether a COMMIT without an answer was carried out',
  },
  {
    ...sink, test: 'tests/sinks/timescale-ways.test.ts', name: 'a lane that goes on by plain COPY after a known row',
    find: '      this.#lanesOnUpsert.add(laneKey(batch));\n', replace: '',
    shows: 'a new row that is stored already sends its batch, and then its lane, by upsert',
  },
  {
    ...sink, test: 'tests/sinks/timescale-refusals.test.ts', name: 'the row before the bad one',
    find: 'rows?.[copyRow - 1]', replace: 'rows?.[copyRow]',
    shows: 'a row that breaks a CHECK is told by its row in plain COPY',
  },
  {
    ...sink, test: 'tests/sinks/hurt-rows.test.ts', name: 'a slow batch never divided',
    find: 'const cancellationsMax = 3;', replace: 'const cancellationsMax = Infinity;',
    shows: 'divides a batch that takes longer than a statement may',
  },
  {
    file: 'src/sinks/timescale/write-bars.ts', test: 'tests/sinks/timescale-refusals.test.ts', name: "another lane's rows forgotten",
    find: 'const setAside = left === 0 ? [] :', replace: 'const setAside = left !== 0 ? [] :',
    shows: "another lane's rows stay as they are, and ours are kept as dead letters",
  },
  {
    file: 'src/sinks/timescale/arrays.ts', test: 'tests/sinks/timescale-ways.test.ts', name: 'the sign of a zero lost',
    find: "return Object.is(value, -0) ? '-0' : String(value);", replace: 'return String(value);',
    shows: 'by arrays',
  },
  {
    file: 'src/sinks/timescale/copy-binary.ts', test: 'tests/sinks/timescale-ways.test.ts', name: 'microseconds cut off',
    find: 'const us = Math.round(timeMs * 1_000);', replace: 'const us = Math.floor(timeMs) * 1_000;',
    shows: 'by plain COPY',
  },
  {
    file: 'src/sinks/timescale/bar-plan.ts', test: 'tests/sinks/timescale-ways.test.ts', name: 'plain COPY in the replay zone',
    find: ' && bars.closeTimeMs[row] > lane.storedUntilMs', replace: '',
    shows: 'nothing goes by plain COPY in the replay zone of a lane',
  },
  {
    file: 'src/sinks/timescale/key-order.ts', test: 'tests/sinks/reshape-batch.test.ts', name: 'rows in the order of their numbers',
    find: 'if (!ordered) rows.subarray', replace: 'if (ordered) rows.subarray',
    shows: 'rows are put into one order of names and times',
  },
  {
    ...database, test: 'tests/sinks/hurt-server.test.ts', name: 'a deadline that does not cut the connection',
    find: '    this.#client?.connection.stream.destroy(this.reason);\n    this.#reject', replace: '    if (this.#limit.deadlineMs < 0) this.#reject',
    shows: 'frozen past the deadline: a forced end waits for nobody',
  },
  {
    ...database, test: 'tests/sinks/timescale-refusals.test.ts', name: 'a transaction left open',
    find: "if (client.getTransactionStatus() !== 'I')", replace: "if (client.getTransactionStatus() === 'I')",
    shows: 'a failure of the kind unavailable writes nothing',
  },
  {
    ...worker, name: 'a row set aside before its letter is stored',
    find: '    else this.#ownLetters.add(letter);\n', replace: '    else tally.rows.setAside++;\n',
    shows: 'does not count a row as set aside before its dead letter is stored',
  },
  {
    ...worker, name: 'a batch given up after a failure that heals',
    find: '    this.#pieces[0] = { ...piece, failures };\n', replace: '    this.#pieces.shift();\n',
    shows: 'tries the same batch again',
  },
  {
    file: 'src/sinks/reshape-batch.ts', test: 'tests/sinks/sink-pool-faults.test.ts', name: 'a row lost where a batch is divided',
    find: 'return [sliceBatch(batch, 0, middle), sliceBatch(batch, middle, rowCount(batch))];',
    replace: 'return [sliceBatch(batch, 0, middle), sliceBatch(batch, middle, rowCount(batch) - 1)];',
    shows: 'every row is stored, set aside or given up on record',
  },
  {
    file: 'src/sinks/circuit-breaker.ts', test: 'tests/sinks/circuit-breaker.test.ts', name: 'a breaker that lets everybody probe',
    find: "    this.#state = 'half-open';\n", replace: '',
    shows: 'lets exactly one through when its time has come',
  },
];
