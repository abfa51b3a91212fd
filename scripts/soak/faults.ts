/**
 * Random mixtures of faults of the server and of real processes, one trial after the other, for as long as it is told
 * (10 minutes): after each the tables must be those of one undisturbed run, and everything else that
 * tests/support/faults/invariants.ts asks for. `soak faults MINUTES`; MDP_SEED repeats the order of an earlier trial.
 */
import { expectInvariants } from '../../tests/support/faults/invariants.ts';
import { count, Mixture } from '../../tests/support/faults/mixture.ts';
import { SeededRandom } from '../../tests/support/faults/random.ts';
import { journalOptions, Trial, type TrialGround } from '../../tests/support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import { runCampaign, type Totals } from './campaign.ts';

const minutes = Number(process.argv[2] ?? 10);
const why = whyNoPostgres();
if (why !== null) throw new Error(why);

const postgres = await TestPostgres.start(journalOptions);
const isRight = await runCampaign({ minutes, postgres, trialsPerGround: 20, tryOnce });
await postgres.dispose();
process.exitCode = isRight ? 0 : 1;

async function tryOnce(on: TrialGround, seed: number, totals: Totals): Promise<void> {
  const random = new SeededRandom(seed);
  const wish = { seed, records: random.between(1_000, 5_000), perSecond: random.between(500, 3_000), name: `soak-${seed}` };
  const trial = new Trial(on, wish);
  try {
    const mixture = await Mixture.play(trial, random, { things: random.between(2, 8), counts: totals.counts });
    const generation = await generationOf(trial);
    // Where nothing could happen because the logs were read so soon, that is no fault of anybody.
    await expectInvariants(trial, { faults: Math.max(1, mixture.faults), readAgain: false, generation });
    if (mixture.faults === 0) count(totals.counts, 'trials in which nothing happened');
    totals.faults += mixture.faults;
    console.log(`seed ${seed}: ${wish.records} records at ${wish.perSecond}/s, ${mixture.faults} faults, ` +
      `generation ${generation}, ${trial.recordsReadAgain} records read again`);
  } finally {
    totals.recordsReadAgain += trial.recordsReadAgain;
    totals.looks += trial.lookout.looks;
    trial.dispose();
  }
}

/** Every rebuild of a trial is one of both lanes. */
async function generationOf(trial: Trial): Promise<number> {
  const { rows } = await trial.database.query<{ generation: number }>(
    { deadlineMs: 10_000 }, 'SELECT DISTINCT generation FROM lanes WHERE name LIKE $1', [`${trial.name}/%`]);
  if (rows.length !== 1) throw new Error(`its lanes have ${rows.length} generations`);
  return rows[0].generation;
}
