import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const kills = 5;
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a daemon that is killed again and again${leftOut}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());

  it.each([seed, seed + 1])(`leaves the table of one undisturbed run behind, ${kills} kills (seed %i)`, async (seedOfTrial) => {
    const random = new SeededRandom(seedOfTrial);
    const trial = new Trial(await prepareGround(postgres), { seed: seedOfTrial, records: 3_000, perSecond: 1_000 });
    for (let kill = 0; kill < kills; kill++) {
      const run = await DaemonRun.start(trial);
      await run.daemon.ready();
      await wait(random.between(0, 600)); // The moment is the fault.
      await run.kill();
      expect(run.daemon.endedBy, run.daemon.log).toBe('SIGKILL');
    }
    const last = await DaemonRun.start(trial, { keys: { max_msgs_per_sec: 0 } });
    expect(await last.ended(), last.daemon.log).toBe(0);
    await expectInvariants(trial, { faults: kills, readAgain: true });
    trial.dispose();
  });
});
