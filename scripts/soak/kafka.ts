/**
 * First an event loop that stands still for 40 s, with a session of 10. Then random faults of a consumer group and of what it
 * needs for so many minutes (10 unless told): members that come, end, die and freeze, brokers that stop, freeze and are
 * half-open, a database that is away. After each trial the tables must be those of one undisturbed run, and everything else
 * that tests/support/faults/invariants.ts asks for. `soak kafka MINUTES`; MDP_SEED repeats the order of an earlier trial.
 */
import { GroupMixture } from '../../tests/support/faults/group-mixture.ts';
import { GroupTrial } from '../../tests/support/faults/group-trial.ts';
import { count } from '../../tests/support/faults/mixture.ts';
import { SeededRandom, seedOfRun } from '../../tests/support/faults/random.ts';
import { standAndComeBack } from '../../tests/support/faults/standing-member.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../tests/support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../tests/support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../tests/support/postgres.ts';
import { runCampaign, type Totals } from './campaign.ts';

const minutes = Number(process.argv[2] ?? 10);
const why = whyNoPostgres() ?? whyNoKafka();
if (why !== null) throw new Error(why);

const [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start({ listeners: ['proxied'] })]);
const seed = seedOfRun();
console.log(`The loop of a member stands still for 40 s, its session is over after 10; seed ${seed}`);
await standAndComeBack({
  ground: await prepareGround(postgres), kafka, seed, standAt: 'before-commit:150', standMs: 40_000, sessionMs: 10_000, perSecond: 60,
});
const isRight = await runCampaign({ minutes, postgres, trialsPerGround: 10, tryOnce });
await Promise.all([kafka.dispose(), postgres.dispose()]);
process.exitCode = isRight ? 0 : 1;

async function tryOnce(on: TrialGround, seed: number, totals: Totals): Promise<void> {
  const random = new SeededRandom(seed);
  const records = random.between(300, 1_200);
  const perSecond = random.between(200, 800);
  const partitions = random.between(2, 12);
  const membersMax = random.pick([1, 2, 4]);
  const group = await GroupTrial.begin({
    ground: on, kafka, seed, name: `soak-${seed}`, partitions, records, perSecond, brokers: kafka.addresses('proxied'),
  });
  try {
    const mixture = await GroupMixture.play(group, random, { things: random.between(3, 14), counts: totals.counts, membersMax });
    await group.peace({ faults: Math.max(1, mixture.faults), readAgain: false });
    if (mixture.faults === 0) count(totals.counts, 'trials in which nothing happened');
    totals.faults += mixture.faults;
    console.log(`seed ${seed}: ${partitions} partitions of ${records} records at ${perSecond}/s a member, at most ${membersMax} ` +
      `members, ${mixture.faults} faults, ${group.trial.recordsReadAgain} records read again`);
  } finally {
    totals.looks += group.trial.lookout.looks;
    totals.recordsReadAgain += group.trial.recordsReadAgain;
    await group.dispose();
    await kafka.deleteTopic(group.name);
  }
}
