import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { failPoints } from '../../../src/fail-points.ts';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a daemon killed at a named point, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;

  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => { trial = new Trial(await prepareGround(postgres), { seed, records: 1_800, perSecond: 2_500 }); });
  afterEach(() => trial.dispose());

  const dieAt = async (kill_at: string): Promise<void> => {
    const run = await DaemonRun.start(trial, { sections: { faults: { kill_at } } });
    await run.ended();
    expect(run.daemon.endedBy, run.daemon.log).toBe('SIGKILL');
  };

  /** Nothing stands in the way of the one after. */
  const finish = async (): Promise<void> => {
    const run = await DaemonRun.start(trial, { keys: { max_msgs_per_sec: 0 } });
    expect(await run.ended(), run.daemon.log).toBe(0);
  };

  it.each([
    'after-copy:40', 'before-commit:43', 'after-commit:41', 'before-marker:6', 'before-checkpoint:5', 'after-checkpoint:4',
  ])('leaves the table of one undisturbed run behind: %s', async (point) => {
    await dieAt(point);
    // A commit may come before the first checkpoint on one machine, and behind the tenth on another.
    if (/marker|checkpoint/.test(point)) reached('a checkpoint', await trial.ground.journal.count('checkpoints', trial.name) > 0);
    await finish();
    // A process may die of its own checkpoint before it has folded anything more.
    await expectInvariants(trial, { faults: 1, readAgain: !point.startsWith('after-checkpoint') });
  });

  it('leaves the table of one undisturbed run behind: during-restore, and once more', async () => {
    await dieAt('after-checkpoint:4');
    await dieAt('during-restore:1');
    await dieAt('during-restore:2');
    await finish();
    await expectInvariants(trial, { faults: 3, readAgain: true });
  });

  it('has met every point that there is', () => {
    const met = ['after-copy', 'before-commit', 'after-commit', 'before-marker', 'before-checkpoint', 'after-checkpoint', 'during-restore'];
    expect(met.sort()).toEqual(Object.keys(failPoints).sort());
  });
});
