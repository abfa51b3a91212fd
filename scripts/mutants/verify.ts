import type { Mutant } from './list.ts';

const log = { file: 'src/verify/log-until.ts', test: 'tests/verify/log-until.test.ts' };
const rows = { test: 'tests/store/compare-rows.test.ts' };
const judged = 'are judged one by one, whatever stands on either side, in slices of any size';
const schema = { file: 'src/store/scratch-schema.ts', test: 'tests/store/scratch-schema.test.ts' };
const refold = { file: 'src/commands/verify-rebuild.ts', test: 'tests/acceptance/verify-rebuild.test.ts' };
const alerts = {
  file: 'src/store/compared-tables.ts', test: 'tests/acceptance/verify-rebuild-alerts.test.ts',
  shows: 'agrees in every alert, of every version of a rule, until somebody changes one',
};
const saved = { file: 'src/store/checkpoints.ts', test: 'tests/store/checkpoint-model.test.ts' };
const queue = { file: 'src/queues/bounded-queue.ts', test: 'tests/queues/queue-model.test.ts' };
const tracker = { file: 'src/checkpoints/lane-checkpoints.ts', test: 'tests/checkpoints/commit-tracking.test.ts' };
const inOrder = 'a checkpoint is written when all rows before it are stored or set aside, in its turn, and never before';
const asList = 'a bounded queue holds, gives, drops and keeps waiting what a list would, step by step';
const winner = 'leave the winner that the model names, whichever way they are written';

/** Faults of `mdp verify --rebuild`, and of what the models of the store know. */
export const verifyMutants: readonly Mutant[] = [
  {
    ...log, name: 'a log that is folded again a record too far',
    find: 'batch.position[length] < until', replace: 'batch.position[length] <= until',
    shows: 'a log is cut in front of a record, whatever batches it comes in, and no more is read then',
  },
  {
    ...log, name: 'an end told where a lane stands in the middle of its log',
    find: 'return onReached();', replace: 'return;',
    shows: 'a log is cut in front of a record, whatever batches it comes in, and no more is read then',
  },
  {
    ...rows, file: 'src/store/compare-rows.ts', name: 'a slice that forgets its last row',
    find: "conditions.push(`${columns} <= (${high.join(', ')})`);",
    replace: "conditions.push(`${columns} < (${high.join(', ')})`);", shows: judged,
  },
  {
    ...rows, file: 'src/store/compare-rows.ts', name: 'only the first slice compared',
    find: '      after = until;\n', replace: '      after = null;\n', shows: judged,
  },
  {
    ...rows, file: 'src/store/compared-tables.ts', name: 'a field that is not compared',
    find: "'revision', 'whole', 'position',", replace: "'revision', 'whole',", shows: judged,
  },
  {
    ...rows, file: 'src/store/compared-tables.ts', name: 'rows of later records compared',
    find: 'stored.generation >= $2 AND stored.position >= $4', replace: 'stored.generation >= $2 AND stored.position > $4',
    shows: judged,
  },
  {
    ...rows, file: 'src/store/compared-tables.ts', name: 'a whole row of an older telling called a difference',
    find: 'AND stored.whole AND stored.state = 3 AND NOT folded.whole', replace: 'AND false', shows: judged,
  },
  {
    ...alerts, name: 'alerts that are withdrawn and not compared',
    find: 'stored.state IS DISTINCT FROM 1 AND folded.state', replace: 'stored.state IS DISTINCT FROM 1 OR folded.state',
  },
  {
    ...alerts, name: 'what a forgotten version had come to called a difference',
    find: "WHEN NOT EXISTS (${ruleOf}) THEN 'forgotten'", replace: "WHEN false THEN 'forgotten'",
  },
  {
    ...schema, name: 'the schema of a living owner dropped',
    find: '(owner.silentMs < leaseMs && !isGone(owner))', replace: 'false',
    shows: 'of owners that are known to be gone are dropped, and no other',
  },
  {
    ...schema, name: 'what a machine that is gone has left never dropped',
    find: '(owner.silentMs < leaseMs && !isGone(owner))', replace: '!isGone(owner)',
    shows: 'whose lease has run out are dropped, whoever their owner is; one that was renewed stays',
  },
  {
    ...refold, name: 'a scratch schema left behind',
    find: '      await scratch.drop();\n', replace: '',
    shows: 'agrees with it in every row, and takes nothing from it',
  },
  {
    ...refold, name: 'what the end of a log has closed not compared',
    find: 'position: isEnded ? position + 1 : position,', replace: 'position,',
    shows: 'agrees with it in every row, and takes nothing from it',
  },
  {
    file: 'src/commands/fold-again.ts', test: refold.test, name: 'a fold over changed settings compared',
    find: '      await refuseOtherMeaning(granted.start.lane, request, { ...lane, admission: part.admission });\n',
    replace: '',
    shows: 'is refused where log or settings have changed, or nobody can say how far the table is',
  },
  {
    ...saved, name: 'a checkpoint that goes back',
    find: 'WHERE (stored.generation, stored.position) <= (excluded.generation, excluded.position)`', replace: '`',
    shows: 'is written, overtaken or lost as the model says, whatever two owners do in turn',
  },
  {
    ...saved, name: 'a checkpoint without the fence',
    find: "  await client.query('SELECT mdp_fence(ARRAY[$1], ARRAY[$2::bigint])', [lane, generation]);\n", replace: '',
    shows: 'is written, overtaken or lost as the model says, whatever two owners do in turn',
  },
  {
    ...saved, name: 'a log forgotten by a run that read nothing',
    find: 'coalesce(excluded.last_record, stored.last_record)', replace: 'excluded.last_record',
    shows: 'keeps the record that its log is known by, though it is written again by somebody who has read no further',
  },
  {
    ...queue, name: 'room that only counts bytes',
    find: 'this.#occupied < itemsMax && this.#bytes + bytes <= bytesMax', replace: 'this.#bytes + bytes <= bytesMax',
    shows: asList,
  },
  {
    ...queue, name: 'a newcomer before those that wait',
    find: 'if (this.#waiters.length === 0 && this.tryPut(item))', replace: 'if (this.tryPut(item))', shows: asList,
  },
  {
    ...tracker, name: 'a checkpoint that waits for one shard',
    find: 'else if (left === 0) accounted.resolve(true);', replace: 'else accounted.resolve(true);', shows: inOrder,
  },
  {
    ...tracker, name: 'a checkpoint over rows that an earlier one has lost',
    find: 'this.#rowsGivenUp ||= !(await accounted.promise);', replace: 'this.#rowsGivenUp = !(await accounted.promise);',
    shows: inOrder,
  },
  {
    file: 'src/sinks/timescale/sql/bars.ts', test: 'tests/sinks/guard-model.test.ts',
    name: 'a row that is not whole over a closed whole one',
    find: 'AND (excluded.whole OR NOT (bars.whole AND bars.state = 3))', replace: '', shows: winner,
  },
];
