import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MdpError } from '../../../src/errors.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { changeSchema, checkpointSchemaFaults, fatalSchemaFaults } from '../../support/faults/schema-faults.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a pipeline whose tables are changed under it, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    trial = new Trial(await prepareGround(postgres), { seed, records: 2_500, perSecond: 1_500 });
  });
  afterEach(() => trial.dispose());

  const started = async (): Promise<PipelineRun> => {
    const run = await PipelineRun.start(trial, { sections: { shutdown: { timeout_ms: 1_200 } } });
    await run.until(({ lanes }) => lanes.length === 2 && lanes.every((lane) => lane.checkpoint.written > 0));
    return run;
  };
  const restart = async (): Promise<void> => {
    const run = await PipelineRun.start(trial, { keys: { max_msgs_per_sec: 0 } });
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
  };
  const failed = ({ lanes }: ReturnType<PipelineRun['look']>): number =>
    lanes.reduce((sum, lane) => sum + lane.checkpoint.failed, 0);

  it.each(fatalSchemaFaults)('ends, says what to do, sets no row aside, and is right after a restart: $title', async (fault) => {
    const before = postgres.errors(fault.sqlState);
    const run = await started();
    await changeSchema(trial, fault.hurt);
    const error = await run.endOrError(5_000);
    expect(error).toBeInstanceOf(MdpError);
    expect(error).toMatchObject({ code: 'sink-failed', exitCode: 3, message: expect.stringContaining(fault.advice ?? 'mdp migrate') });
    expect(run.look().rows.setAside).toBe(0);
    await changeSchema(trial, fault.heal);
    await restart();
    await expectInvariants(trial, { faults: postgres.errors(fault.sqlState) - before, readAgain: false });
  });

  it.each(checkpointSchemaFaults)('writes on without checkpoints, and has them again afterwards: $title', async (fault) => {
    const before = postgres.errors(fault.sqlState);
    const run = await started();
    await changeSchema(trial, fault.hurt);
    await run.until((status) => failed(status) > 1);
    const { rowsCommitted } = run.look().sink;
    await run.until(({ sink }) => sink.rowsCommitted > rowsCommitted);
    expect(run.look().lanes.some((lane) => lane.checkpoint.problem?.includes(fault.sqlState))).toBe(true);
    await changeSchema(trial, fault.heal);
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    await expectInvariants(trial, { faults: postgres.errors(fault.sqlState) - before, readAgain: false });
  });

  it.each(checkpointSchemaFaults)('ends in time when it is asked to meanwhile, and a restart makes up for it: $title', async (fault) => {
    const before = postgres.errors(fault.sqlState);
    const run = await started();
    await changeSchema(trial, fault.hurt);
    await run.until((status) => failed(status) > 1);
    run.shutdown.request('SIGTERM');
    await run.end(5_000);
    await changeSchema(trial, fault.heal);
    await restart();
    await expectInvariants(trial, { faults: postgres.errors(fault.sqlState) - before, readAgain: false });
  });
});
