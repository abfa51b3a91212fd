import type { Mutant } from './list.ts';

const row = { file: 'src/sinks/timescale/rewrite-row.ts', test: 'tests/commands/replay-row.test.ts' };
const table = { file: 'src/store/dead-letters.ts', test: 'tests/store/dead-letters.test.ts' };
const record = { file: 'src/commands/replay-record.ts', test: 'tests/commands/replay-record.test.ts' };
const log = { file: 'src/sources/replay/replay-log-end.ts', test: 'tests/sources/replay-log-end.test.ts' };

/** Faults of looking after dead letters. */
export const letterMutants: readonly Mutant[] = [
  {
    ...row, name: 'a row of a dead letter past the fence',
    find: '  await client.query(fenceOf(batch));\n', replace: '',
    shows: 'of an older generation is kept out by the fence, also where no bar stands',
  },
  {
    ...row, name: "a dead letter gone although another lane's bar stands there",
    find: 'if (refusal !== undefined) return', replace: 'if (refusal === undefined) return',
    shows: 'that another lane owns is refused again',
  },
  {
    ...table, name: 'a dead letter that stays, with half of what its attempt wrote',
    find: "  await client.query('ROLLBACK TO SAVEPOINT attempt');\n", replace: '',
    shows: 'stay when it is refused, with a retry more, the newest words, and nothing of what it wrote',
  },
  {
    ...table, name: 'retries of a dead letter never counted',
    find: 'SET retries = retries + 1, ', replace: 'SET ',
    shows: 'stay when it is refused, with a retry more, the newest words, and nothing of what it wrote',
  },
  {
    ...record, name: "a dead letter appended to another log than its lane's",
    find: 'if (end.identity !== known.logIdentity) {', replace: 'if (end.identity === null) {',
    shows: 'stays when the log is another one',
  },
  {
    ...record, name: 'a dead letter whose place holds another record by now',
    find: 'Buffer.from(bytes).equals(kept) || isOfRecord(readTick(bytes), found)', replace: 'bytes.length > 0',
    shows: 'stays when another record stands in its place',
  },
  {
    ...record, name: 'a dead letter of two tellings replayed twice',
    find: 'if (await hasNewerTwin(client, letter)) {', replace: 'if (letter.generation < 0) {',
    shows: 'stays when a newer telling of the log has a letter for it',
  },
  {
    ...log, name: 'a dead letter glued to a line without a line feed',
    find: 'isTorn ? [lineBreak, record, lineBreak]', replace: 'isTorn ? [record, lineBreak]',
    shows: 'ends a last line that has no line feed, unless somebody may be writing it',
  },
  {
    ...log, name: 'a dead letter under a header that is not its own',
    find: 'return isAlike ? null', replace: 'return file.bytes >= 0 ? null',
    shows: 'says of a record that its columns are others than those at the end',
  },
];
