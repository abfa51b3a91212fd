import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonRun } from '../../support/faults/daemon-run.ts';
import { GroupTrial, partitionsOf, sessionTimeoutMs } from '../../support/faults/group-trial.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
/** 40 s, the default of the fault, beside a session of 10 s; here a shorter one. */
const stand_ms = 3 * sessionTimeoutMs;

describe.skipIf(why !== null)(`a member of a group whose event loop stands still, seed ${seed}${leftOut}`, { timeout: 120_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let group: GroupTrial;

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start()]);
    ground = await prepareGround(postgres);
  });
  afterEach(() => group.dispose());
  afterAll(async () => {
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  const memberOf = (run: DaemonRun): string | null => run.status?.sources[0].consumer?.memberId ?? null;
  const isMember = async (id: string | null): Promise<boolean> => (await kafka.group(group.name)).members.some((member) => member.id === id);

  it.each([
    { where: 'before a commit', stand_at: 'before-commit:150' }, { where: 'between two batches', stand_at: 'before-marker:60' },
  ])('for three sessions is thrown out, loses its lanes, comes back, and every row is right: $where', async ({ stand_at }) => {
    group = await GroupTrial.begin({ ground, kafka, seed, name: stand_at.replace(':', '-'), partitions: 4, records: 700, perSecond: 250 });
    const standing = await group.join({ sections: { faults: { stand_at, stand_ms } } });
    await group.until('it reads', () => partitionsOf(standing).length > 0);
    const before = memberOf(standing);
    const other = await group.join();
    await group.until('the brokers have given it up', async () => !(await isMember(before)));
    await group.until('the other has its lanes', () => partitionsOf(other).length === 4);
    await group.until('it is back', async () => memberOf(standing) !== before && (await isMember(memberOf(standing))));
    await group.peace({ faults: 1, readAgain: false });
    expect((standing.status!.sources[0].consumer?.joins ?? 0)).toBeGreaterThan(1);
  });
});
