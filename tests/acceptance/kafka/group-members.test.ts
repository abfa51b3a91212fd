import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GroupTrial, moment, partitionsOf, type GroupWish } from '../../support/faults/group-trial.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a topic that a group folds, seed ${seed}${leftOut}`, { timeout: 120_000 }, () => {
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

  const begin = async (wish: Pick<GroupWish, 'name' | 'records' | 'perSecond'>): Promise<void> => {
    group = await GroupTrial.begin({ ground, kafka, seed, ...wish });
  };

  it.each([1, 2, 4])('is the oracle\'s with %i processes, the first of which is killed and replaced', async (count) => {
    await begin({ name: `count-${count}`, records: 500, perSecond: 1_200 / count });
    const [first] = await group.joinAll(count);
    await group.progress();
    await group.kill(first);
    await group.join();
    await group.peace({ faults: 1, readAgain: false });
  });

  it('is read on all the while members are added, killed and ended every few seconds', async () => {
    await begin({ name: 'come-and-go', records: 1_000, perSecond: 350 });
    const random = new SeededRandom(seed);
    await group.joinAll(2);
    let changes = 0;
    while (!(await group.isFolded())) {
      const [oldest] = group.members;
      if (group.members.size < 2 || (group.members.size < 4 && random.next() < 0.4)) await group.join();
      else if (random.next() < 0.5) await group.kill(oldest);
      else expect(await group.end(oldest)).toBe(0);
      changes++;
      await moment(random, 1_500);
      await group.progress();
    }
    await group.peace({ faults: changes, readAgain: false });
    expect(changes).toBeGreaterThan(3);
  });

  it('is read on by others while a member stands still past its session, which then notices and goes on', async () => {
    await begin({ name: 'frozen', records: 700, perSecond: 400 });
    const [frozen, other] = await group.joinAll(2);
    await group.until('it has written', () => frozen.status!.lanes.every(({ checkpoint }) => checkpoint.written > 0));
    for (let times = 0; times < 2; times++) {
      const lost = partitionsOf(frozen);
      frozen.daemon.signal('SIGSTOP');
      await group.until('the other has them', () => lost.every((name) => partitionsOf(other).includes(name)));
      await group.progress();
      frozen.daemon.signal('SIGCONT');
      await group.until('it reads again', () => partitionsOf(other).length < group.feeds.length && partitionsOf(frozen).length > 0);
    }
    await group.peace({ faults: 2, readAgain: false });
    expect(frozen.daemon.log).toMatch(/not aware of this member|is further on elsewhere|rebalancing/);
  });
});
