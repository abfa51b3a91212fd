import type { Mutant } from './list.ts';

const protocol = { file: 'src/checkpoints/lane-checkpoints.ts', test: 'tests/checkpoints/lane-checkpoints.test.ts' };
const batcher = { file: 'src/sinks/row-batcher.ts', test: 'tests/sinks/row-batcher.test.ts' };
const table = { file: 'src/store/checkpoints.ts', test: 'tests/store/checkpoints.test.ts' };
const lanes = { file: 'src/store/lanes.ts', test: 'tests/store/checkpoints.test.ts' };
const rebuild = { file: 'src/store/rebuild.ts', test: 'tests/store/rebuild.test.ts' };
const pipeline = { file: 'src/pipeline.ts', test: 'tests/pipeline.test.ts' };
const loop = { file: 'src/operators/run-operators.ts', test: 'tests/pipeline.test.ts' };
const runner = { file: 'src/sources/run-source.ts', test: 'tests/pipeline.test.ts' };
const runtime = { file: 'src/lane-runtime.ts', test: 'tests/lane-runtime.test.ts' };

const putMarkers = '    for (const [shard, item] of markers.entries()) this.#ready.push({ shard, item });\n';

/** Faults of when a checkpoint is taken, what it may say, who may write it, and what comes of it. */
export const checkpointMutants: readonly Mutant[] = [
  {
    ...batcher, name: 'a marker before its rows',
    find: `    this.flush(Infinity);\n${putMarkers}`, replace: `${putMarkers}    this.flush(Infinity);\n`,
    shows: 'stands behind the rows that came before it, in every shard, and before those that come after',
  },
  {
    ...batcher, name: 'a marker that no queue takes, and nobody says so',
    find: 'if (!entered && !isRows(item)) item.giveUp();', replace: '',
    shows: 'is given up where its queue takes nothing any more, or its rows are given up',
  },
  {
    file: 'src/sinks/sink-worker.ts', test: 'tests/sinks/run-sink-pool.test.ts',
    name: 'a marker passed on behind rows of a lane that is lost',
    find: 'if (this.#context.lostLanes.has(marker.lane)) marker.giveUp();',
    replace: 'if (marker.lane === null) marker.giveUp();',
    shows: 'is given up where its lane was lost, for rows before it were dropped',
  },
  {
    ...protocol, name: 'a checkpoint that waits for one shard only',
    find: 'else if (left === 0) accounted.resolve(true);', replace: 'else accounted.resolve(true);',
    shows: 'is written once its markers have passed in every shard, not before',
  },
  {
    ...protocol, name: 'a checkpoint behind rows that were given up',
    find: 'if (!isAccounted) accounted.resolve(false);', replace: 'if (!isAccounted) accounted.resolve(true);',
    shows: 'is dropped where a shard gave up rows before it, and so are all that come after it',
  },
  {
    ...protocol, name: 'rows that were given up, forgotten by the next checkpoint',
    find: 'this.#rowsGivenUp ||= !(await', replace: 'this.#rowsGivenUp = !(await',
    shows: 'is dropped where a shard gave up rows before it, and so are all that come after it',
  },
  {
    ...protocol, name: 'checkpoints in the order in which they are ready',
    find: 'this.#writing = this.#writing\n      .then(', replace: 'this.#writing = Promise.resolve()\n      .then(',
    shows: 'waits for those that were taken before it',
  },
  {
    ...protocol, name: 'a checkpoint that failed, and is tried again only when something comes',
    find: 'if (this.#underWay === 1) this.changed();', replace: '',
    shows: 'again at the next interval after one failed, though nothing has changed since',
  },
  {
    ...protocol, name: 'a checkpoint given up when the database does not answer at once',
    find: 'if (!(error instanceof MdpError) || !healsByWaiting(error)) throw error;', replace: 'throw error;',
    shows: 'is tried again after 250 ms, then twice as long each time, up to 5 s',
  },
  {
    ...protocol, name: 'a second checkpoint while one is under way',
    find: 'this.#isChanged && this.#underWay === 0 ? this.#dueAtMs', replace: 'this.#isChanged ? this.#dueAtMs',
    shows: 'not while one is under way, and at once where its time passed meanwhile',
  },
  {
    ...runtime, test: 'tests/pipeline.test.ts', name: 'a lane that nobody wakes after a checkpoint',
    find: 'onIdle: () => this.#runner.wake(),', replace: 'onIdle: () => {},',
    shows: 'has a checkpoint of all that it read, though the one before was still under way when its last record came',
  },
  {
    ...loop, name: 'the last checkpoint of a run left out',
    find: 'if (checkpoints.isChanged && !this.#isAbandoned) this.#takeCheckpoint();', replace: '',
    shows: 'writes a last checkpoint of all that was read, though none was due',
  },
  {
    ...loop, name: 'a checkpoint one record ahead of its state',
    find: 'position: this.#nextPosition, lastRecord', replace: 'position: this.#nextPosition + 1, lastRecord',
    shows: 'writes a last checkpoint of all that was read, though none was due',
  },
  {
    ...lanes, name: 'a position off by one at restore',
    find: 'position: checkpoint?.position ?? fromPosition,',
    replace: 'position: (checkpoint?.position ?? fromPosition) + 1,',
    shows: 'is where the lane goes on: its position, the record before it, what was known',
  },
  {
    ...lanes, name: 'a lane that goes on from now with what was open',
    find: "state: mode === 'resume' ? checkpoint?.state ?? null : null,", replace: 'state: checkpoint?.state ?? null,',
    shows: 'from which a lane goes on without what was open holds nothing and asks for no record',
  },
  {
    file: 'src/sources/replay/last-record.ts', test: 'tests/sources/replay-bad-files.test.ts',
    name: 'the last record of a checkpoint, not compared',
    find: 'if (lastRecordHash === null ||', replace: 'if (lastRecordHash !== "" ||',
    shows: 'fails where the record before its start is another one than the one that was read there',
  },
  {
    ...table, name: 'a checkpoint past the fence',
    find: "  await client.query('SELECT mdp_fence(ARRAY[$1], ARRAY[$2::bigint])', [lane, generation]);\n", replace: '',
    shows: 'of an older telling says nothing about a newer one, and is not written any more',
  },
  {
    ...table, name: 'a checkpoint that moves back',
    find: 'WHERE (stored.generation, stored.position) <= (excluded.generation, excluded.position)`',
    replace: 'WHERE stored.generation <= excluded.generation`',
    shows: 'only moves forward; one at the same place may be written again',
  },
  {
    ...table, name: 'a checkpoint that is compared without its generation',
    find: 'WHERE (stored.generation, stored.position) <= (excluded.generation, excluded.position)`',
    replace: 'WHERE stored.position <= excluded.position`',
    shows: 'of a newer telling replaces one that was further on',
  },
  {
    ...table, name: 'the end of a lane, not written down',
    find: 'Buffer.from(state), takenAtMs, isEnded]', replace: 'Buffer.from(state), takenAtMs, false]',
    shows: 'only moves forward; one at the same place may be written again',
  },
  {
    file: 'src/store/tellings.ts', test: 'tests/store/checkpoints.test.ts',
    name: 'a checkpoint of another telling taken up',
    find: 'return stored?.generation === generation ? stored : null;', replace: 'return stored;',
    shows: 'of an older telling says nothing about a newer one, and is not written any more',
  },
  {
    file: 'src/store/stored-bars.ts', test: 'tests/store/checkpoints.test.ts',
    name: 'bars that the checkpoint holds, taken for newer ones',
    find: 'AND (generation, position) >= ($3, $4)', replace: 'AND ($3, $4) IS NOT NULL',
    shows: 'of a log that cannot be read again is joined by the bars that were stored since',
  },
  {
    ...runtime, name: 'stored bars, not taken back into open ones', file: 'src/lane-chain.ts',
    find: '      this.bars.takeStored(storedBars, position);\n', replace: '      void [storedBars, position];\n',
    shows: 'has in its open bars what was stored since then',
  },
  {
    ...pipeline, name: 'a gap that begins at the restart, where the checkpoint knows better',
    find: '{ ...granted.start, knownUntilMs: lane.watermarksMs() }', replace: 'granted.start',
    shows: 'is told up to which time its checkpoint knows all: from there on something is missing',
  },
  {
    file: 'src/sources/synthetic.ts', test: 'tests/sources/synthetic-real-time.test.ts',
    name: 'one gap of all venues after a restart',
    find: 'known.length > 0 ||', replace: 'known.length < 0 ||',
    shows: 'begins with a gap of each venue from where its own time had come, where that is known',
  },
  {
    ...pipeline, name: 'an overtaken lane that is not retired',
    find: '    this.#lanes.runtimeOf(lane)?.retire(why);\n', replace: '',
    shows: 'drops its state, reads on from the newer checkpoint, and says so',
  },
  {
    file: 'src/lane-book.ts', test: 'tests/pipeline.test.ts', name: 'an overtaken lane taken up where it was',
    find: '    this.#held.delete(lane.name);\n', replace: '',
    shows: 'drops its state, reads on from the newer checkpoint, and says so',
  },
  {
    ...runner, name: 'an ended source that is not read again',
    find: "    return this.#state === 'ended';\n", replace: '    return false;\n',
    shows: 'reads what nobody else reads, though its own source had come to its end when it was told',
  },
  {
    ...runner, name: 'a lane that was taken after its end, and nobody says so',
    find: "    if (this.#state === 'ended') this.#fail(error);\n", replace: '',
    shows: 'is named as failed though its source had ended before its rows were refused',
  },
  {
    ...rebuild, name: "a rebuild that removes the newer telling's rows",
    find: 'told.lane = $1 AND told.generation < $2', replace: 'told.lane = $1 AND told.generation <= $2',
    shows: 'go, and what this telling itself has written stays; so does a window that is held or passed only in part',
  },
  {
    ...rebuild, name: 'a rebuild that removes where it has lost something itself',
    find: 'AND gaps.from_time < told.close_time', replace: 'AND false AND gaps.from_time < told.close_time',
    shows: 'stay where this telling has lost something itself, and nowhere else',
  },
  {
    ...rebuild, name: 'a rebuild that removes what it has not passed',
    find: 'AND told.close_time <= passed.until_time', replace: 'AND told.open_time < passed.until_time',
    shows: 'go, and what this telling itself has written stays; so does a window that is held or passed only in part',
  },
  {
    ...rebuild, name: 'a rebuild that is never over',
    find: '  if (isEnded) return true;\n', replace: '',
    shows: 'are all gone at the end of a complete log, also those of venues that it does not name',
  },
  {
    file: 'src/operators/write-bar.ts', test: 'tests/operators/gaps.test.ts', name: 'bars that are always whole',
    find: 'rows.whole[to] = isPartial || missing === flaw.ownLoss ? 0 : 1;', replace: 'rows.whole[to] = 1;',
    shows: 'that is our own loss makes bars not whole; an outage of the venue does not',
  },
  {
    file: 'src/operators/time-bars.ts', test: 'tests/operators/snapshot-meaning.test.ts',
    name: 'bars with another meaning go on',
    find: '    refuseChanges(this.#lane, meaningChanges(from.fingerprints, fingerprintsOf(this.#context)));\n', replace: '',
    shows: 'are named by the bars too',
  },
  {
    file: 'src/queues/loss.ts', test: 'tests/acceptance/database-away.test.ts', name: 'gaps of dropped batches that pile up',
    find: "gap.barSpec === undefined || gap.instruments === 'all' ? 'all'", replace: "gap.instruments === 'all' ? 'all'",
    shows: 'does not stop a live lane; what it drops is on record',
  },
];
