import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { PipelineRun } from '../../support/faults/pipeline-run.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { failures, serverFaults, type ServerFault, type Victim } from '../../support/faults/server-faults.ts';
import type { TinyDisk } from '../../support/faults/tiny-disk.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a pipeline whose database is hurt, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  let kept: Victim['kept'] = {};
  const disks: TinyDisk[] = [];
  beforeAll(async () => { postgres = await TestPostgres.start([...journalOptions, 'deadlock_timeout=400ms']); });
  afterAll(async () => {
    await postgres.dispose();
    for (const disk of disks) disk.unmount();
  });
  beforeEach(async () => {
    trial = new Trial(await prepareGround(postgres), { seed, records: 2_500, perSecond: 1_500 });
    kept = {};
  });
  afterEach(() => {
    trial.dispose();
    if (kept.disk !== undefined) disks.push(kept.disk);
  });

  /** A run in its middle, with checkpoints behind it. */
  const started = async (fault: ServerFault, sections = {}): Promise<Victim & { readonly run: PipelineRun }> => {
    await fault.prepare?.(trial, kept);
    const run = await PipelineRun.start(trial, { sections });
    await run.until(({ lanes }) => lanes.length === 2 && lanes.every((lane) => lane.checkpoint.written > 0));
    return { trial, run, kept };
  };

  /** The fault is there, and was felt. */
  const begin = async (fault: ServerFault, victim: Victim): Promise<number> => {
    const felt = fault.felt ?? (() => failures(victim.run.look()));
    const before = felt(victim);
    await fault.begin(victim);
    await victim.run.until(async () => {
      if (felt(victim) > before) return true;
      if (fault.isMoment === true) await fault.begin(victim);
      return false;
    });
    return felt(victim) - before;
  };

  describe.each(serverFaults)('$title', (fault) => {
    const whyNot = fault.why?.() ?? null;

    it.skipIf(whyNot !== null)(`it rides it out, and loses nothing${whyNot === null ? '' : ` (LEFT OUT: ${whyNot})`}`, async () => {
      const victim = await started(fault);
      const faults = await begin(fault, victim);
      await fault.heal(victim);
      expect(await victim.run.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
      await expectInvariants(trial, { faults, readAgain: false });
    });

    it.skipIf(whyNot !== null)(`it ends in time when it is asked to meanwhile, and a restart makes up for it`, async () => {
      const victim = await started(fault, { shutdown: { timeout_ms: 1_200 } });
      const faults = await begin(fault, victim);
      victim.run.shutdown.request('SIGTERM');
      await victim.run.end(5_000);
      await fault.heal(victim);
      const restart = await PipelineRun.start(trial, { keys: { max_msgs_per_sec: 0 } });
      expect(await restart.end()).toMatchObject({ failures: [], ticksLost: 0, rowsLost: 0 });
      await expectInvariants(trial, { faults, readAgain: false });
    });
  });
});
