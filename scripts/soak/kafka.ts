/**
 * Random faults of a consumer group and of what it needs for so many minutes (10 unless told): members that come, end, die
 * and freeze, brokers that stop, freeze and are half-open, a database that is away. After each trial the tables must be those
 * of one undisturbed run, and everything else that tests/support/faults/invariants.ts asks for. `soak kafka MINUTES`;
 * MDP_SEED repeats the order of an earlier trial.
 */
import { GroupMixture } from '../../tests/support/faults/group-mixture.ts';
import { GroupTrial } from '../../tests/support/faults/group-trial.ts';
import { count, type Counts } from '../../tests/support/faults/mixture.ts';
import { SeededRandom, seedOfRun } from '../../tests/support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../tests/support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';

const minutes = Number(process.argv[2] ?? 10);
/** So many trials share a database; then its journal is long enough. */
const trialsPerGround = 10;
const why = whyNoPostgres() ?? whyNoKafka();
if (why !== null) throw new Error(why);

const counts: Counts = new Map();
const firstSeed = seedOfRun();
const startedAtMs = Date.now();
let [trials, faults, looks, recordsReadAgain] = [0, 0, 0, 0];
let failure: unknown = null;

const [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start({ listeners: ['proxied'] })]);
let ground: TrialGround | null = null;
while (failure === null && Date.now() - startedAtMs < minutes * 60_000) {
  const seed = firstSeed + trials;
  if (trials % trialsPerGround === 0) ground = await prepareGround(postgres);
  failure = await tryOnce(ground!, seed).then(() => null, (error: unknown) => error ?? 'unknown');
  trials++;
  if (failure !== null) console.error(`MDP_SEED=${seed} failed:`, failure);
}
await Promise.all([kafka.dispose(), postgres.dispose()]);

console.log(`\n${trials} trials in ${Math.round((Date.now() - startedAtMs) / 1_000)} s, seeds ${firstSeed} to ${firstSeed + trials - 1}`);
for (const [what, times] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${String(times).padStart(6)}  ${what}`);
console.log(`${faults} faults, ${recordsReadAgain} records read again, ${looks} looks at both ledgers; ` +
  (failure === null ? 'every table was right' : 'ONE TRIAL FAILED'));
process.exitCode = failure === null ? 0 : 1;

async function tryOnce(on: TrialGround, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const records = random.between(300, 1_200);
  const perSecond = random.between(200, 800);
  const partitions = random.between(2, 12);
  const membersMax = random.pick([1, 2, 4]);
  const group = await GroupTrial.begin({
    ground: on, kafka, seed, name: `soak-${seed}`, partitions, records, perSecond, brokers: kafka.addresses('proxied'),
  });
  try {
    const mixture = await GroupMixture.play(group, random, { things: random.between(3, 14), counts, membersMax });
    await group.peace({ faults: Math.max(1, mixture.faults), readAgain: false });
    if (mixture.faults === 0) count(counts, 'trials in which nothing happened');
    faults += mixture.faults;
    console.log(`seed ${seed}: ${partitions} partitions of ${records} records at ${perSecond}/s a member, at most ${membersMax} ` +
      `members, ${mixture.faults} faults, ${group.trial.recordsReadAgain} records read again`);
  } finally {
    looks += group.trial.lookout.looks;
    recordsReadAgain += group.trial.recordsReadAgain;
    await group.dispose();
    await kafka.deleteTopic(group.name);
  }
}
