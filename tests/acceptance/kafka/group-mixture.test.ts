import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { GroupMixture } from '../../support/faults/group-mixture.ts';
import { GroupTrial } from '../../support/faults/group-trial.ts';
import type { Counts } from '../../support/faults/mixture.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`anything at any moment, to the members of a group and to what they need, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let group: GroupTrial;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start({ listeners: ['proxied'] })]);
    ground = await prepareGround(postgres);
  });
  afterEach(() => group.dispose());
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  it('leaves the oracle\'s table behind', async () => {
    const random = new SeededRandom(seed);
    const counts: Counts = new Map();
    group = await GroupTrial.begin({ ground, kafka, seed, name: 'mixture', records: 700, perSecond: 400, brokers: kafka.addresses('proxied') });
    const { faults } = await GroupMixture.play(group, random, { things: 8, counts, membersMax: 4 });
    await group.peace({ faults, readAgain: false });
    reached('more than one kind of fault', counts.size > 1);
  });
});
