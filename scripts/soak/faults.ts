/**
 * Random mixtures of faults of the server and of real processes, one trial after the other, for as long as it is told
 * (10 minutes): after each the tables must be those of one undisturbed run, and everything else that
 * tests/support/faults/invariants.ts asks for. `soak faults MINUTES`; MDP_SEED repeats the order of an earlier trial.
 */
import { expectInvariants } from '../../tests/support/faults/invariants.ts';
import { count, Mixture, type Counts } from '../../tests/support/faults/mixture.ts';
import { SeededRandom, seedOfRun } from '../../tests/support/faults/random.ts';
import { journalOptions, prepareGround, Trial, type TrialGround } from '../../tests/support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';

const minutes = Number(process.argv[2] ?? 10);
/** So many trials share a database; then its journal is long enough. */
const trialsPerGround = 20;
const why = whyNoPostgres();
if (why !== null) throw new Error(why);

const counts: Counts = new Map();
const firstSeed = seedOfRun();
const startedAtMs = Date.now();
let [trials, faults, recordsReadAgain, looks] = [0, 0, 0, 0];
let failure: unknown = null;

const postgres = await TestPostgres.start(journalOptions);
let ground: TrialGround | null = null;
while (failure === null && Date.now() - startedAtMs < minutes * 60_000) {
  const seed = firstSeed + trials;
  if (trials % trialsPerGround === 0) ground = await prepareGround(postgres);
  failure = await tryOnce(ground!, seed).then(() => null, (error: unknown) => error ?? 'unknown');
  trials++;
  if (failure !== null) console.error(`MDP_SEED=${seed} failed:`, failure);
}
await postgres.dispose();

console.log(`\n${trials} trials in ${Math.round((Date.now() - startedAtMs) / 1_000)} s, seeds ${firstSeed} to ${firstSeed + trials - 1}`);
for (const [what, times] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(6)}  ${what}`);
console.log(`${faults} faults, ${recordsReadAgain} records read again, ${looks} looks at both ledgers; ` +
  (failure === null ? 'every table was right' : 'ONE TRIAL FAILED'));
process.exitCode = failure === null ? 0 : 1;

async function tryOnce(on: TrialGround, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const wish = { seed, records: random.between(1_000, 5_000), perSecond: random.between(500, 3_000), name: `soak-${seed}` };
  const trial = new Trial(on, wish);
  try {
    const mixture = await Mixture.play(trial, random, { things: random.between(2, 8), counts });
    const generation = await generationOf(trial);
    // Where nothing could happen because the logs were read so soon, that is no fault of anybody.
    await expectInvariants(trial, { faults: Math.max(1, mixture.faults), readAgain: false, generation });
    if (mixture.faults === 0) count(counts, 'trials in which nothing happened');
    faults += mixture.faults;
    console.log(`seed ${seed}: ${wish.records} records at ${wish.perSecond}/s, ${mixture.faults} faults, ` +
      `generation ${generation}, ${trial.recordsReadAgain} records read again`);
  } finally {
    recordsReadAgain += trial.recordsReadAgain;
    looks += trial.lookout.looks;
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
