import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../../src/model/status.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { SteppedClock } from '../../support/faults/stepped-clock.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const hourMs = 3_600_000;
const steps = [{ way: 'back', ms: -hourMs }, { way: 'forward', ms: hourMs }];
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

const written = ({ lanes }: PipelineStatus): number[] => lanes.map((lane) => lane.checkpoint.written);

describe.skipIf(why !== null)(`a pipeline on a machine whose clock is set, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  let clock: SteppedClock;
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    trial = new Trial(await prepareGround(postgres), { seed, records: 3_500, perSecond: 1_500 });
    clock = new SteppedClock();
  });
  afterEach(() => trial.dispose());

  const started = async (keys?: object): Promise<PipelineRun> => {
    const run = await PipelineRun.start(trial, keys === undefined ? { clock } : { clock, keys });
    await run.until(({ lanes }) => lanes.length === 2 && lanes.every((lane) => lane.checkpoint.written > 0));
    return run;
  };

  /** Both lanes have come to so many more checkpoints before their logs are over. */
  const checkpointsLater = async (run: PipelineRun, more: number): Promise<void> => {
    const before = written(run.look());
    await run.until((status) => written(status).every((count, lane) => count >= before[lane] + more));
    expect(run.hasEnded).toBe(false);
  };

  const finish = async (run: PipelineRun): Promise<void> => {
    expect(await run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    await expectInvariants(trial, { faults: clock.stepsSeen, readAgain: false });
  };

  it.each(steps)('by an hour, $way, goes on reading, writing and taking checkpoints', async ({ ms }) => {
    const run = await started();
    clock.step(ms);
    await checkpointsLater(run, 3);
    expect(written(run.look()).every((count) => count < 30)).toBe(true);
    await finish(run);
  });

  it.each(steps)('by an hour, $way, while the database is away, tries again as soon as ever', async ({ ms }) => {
    const run = await started();
    await postgres.stop('immediate');
    await run.until(({ sink }) => sink.breaker === 'open');
    clock.step(ms);
    await postgres.startAgain();
    await run.until(({ sink }) => sink.breaker === 'closed');
    await finish(run);
  });

  it.each(steps)('by an hour, $way, and is asked to end, restarts on the right time', async ({ ms }) => {
    const run = await started();
    clock.step(ms);
    run.shutdown.request('SIGTERM');
    expect(await run.end(5_000)).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    await finish(await PipelineRun.start(trial, { keys: { max_msgs_per_sec: 0 } }));
  });

  it.each(steps)('by an hour, $way, keeps the pace of a log that it tells in real time', async ({ ms }) => {
    const run = await PipelineRun.start(trial, { clock, untilEnd: false, keys: { speed: '1', complete: false, max_msgs_per_sec: 0 } });
    await run.until(({ sink }) => sink.rowsCommitted > 5);
    const before = run.look();
    clock.step(ms);
    await run.until(({ ticks }) => ticks.received > before.ticks.received + 20);
    await run.until(({ sink }) => sink.rowsCommitted > before.sink.rowsCommitted);
    run.shutdown.request('SIGTERM');
    expect(await run.end(5_000)).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
    expect(trial.lookout.problems).toEqual([]);
    expect(clock.stepsSeen).toBe(1);
  });
});
