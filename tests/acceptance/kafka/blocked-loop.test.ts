import { afterAll, beforeAll, describe, it } from 'vitest';
import { sessionTimeoutMs } from '../../support/faults/group-trial.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { standAndComeBack } from '../../support/faults/standing-member.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
/** `soak kafka` begins with the same at full length: 40 s beside a session of 10 s. */
const length = { sessionMs: sessionTimeoutMs, standMs: 3 * sessionTimeoutMs, perSecond: 250 };

describe.skipIf(why !== null)(`a member of a group whose event loop stands still, seed ${seed}${leftOut}`, { timeout: 120_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start()]);
    ground = await prepareGround(postgres);
  });
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  it.each([
    { where: 'before a commit', standAt: 'before-commit:150' }, { where: 'between two batches', standAt: 'before-marker:60' },
  ])('for three sessions is thrown out, loses its lanes, comes back, and every row is right: $where', async ({ standAt }) => {
    await standAndComeBack({ ground, kafka, seed, standAt, ...length });
  });
});
