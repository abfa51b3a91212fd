import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GroupTrial, moment, partitionsOf, type GroupWish } from '../../support/faults/group-trial.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { failures } from '../../support/faults/server-faults.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

describe.skipIf(why !== null)(`a topic that a group folds, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
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
    reached('more than three changes of members', changes > 3);
  });

  it('is handed over as far as it was read: a partition that is given to another is stored just then', async () => {
    await begin({ name: 'handed-over', records: 300, perSecond: 400 });
    const sections = { checkpoint: { interval_ms: 600_000 } };
    const first = await group.join({ sections });
    await group.until('it has read beyond its first checkpoints', () =>
      first.status?.lanes.filter(({ position }) => position >= 150).length === group.feeds.length);
    const read = new Map(first.status!.lanes.map(({ name, position }) => [name, position]));
    const before = await group.positions();
    const second = await group.join({ sections, keys: { max_msgs_per_sec: 5, burst: 1, batch_ticks: 1 } });
    await group.until('some are the other\'s', () => partitionsOf(second).length > 0);
    const given = group.feeds.filter(({ part }) => partitionsOf(second).includes(part)).map((feed) => group.trial.laneOf(feed));
    expect(given.filter((lane) => before.get(lane)! < read.get(lane)!)).toEqual(given);
    await group.until('they are stored', async () => {
      const stored = await group.positions();
      return given.every((lane) => stored.get(lane)! >= read.get(lane)!);
    }, 5_000);
    await group.kill(second);
    await group.join();
    await group.until('it is read', () => [...group.members].every((run) => partitionsOf(run).length > 0));
    expect(await group.end(first)).toBe(0);
    await group.peace({ faults: 1, readAgain: false });
  });

  it('waits for a database that does not answer while partitions change hands, and is read on by itself', async () => {
    await begin({ name: 'database-away', records: 400, perSecond: 400 });
    const [one, other] = await group.joinAll(2);
    await group.progress();
    const isTaking = (): boolean => one.status!.sources[0].consumer!.partitions.some(({ state }) => state === 'taking');
    // What was given up: writes after as long a time as take-ups, whichever comes first.
    const givenUp = (): number => failures(one.status!) + one.status!.sources[0].disconnects;
    const before = givenUp();
    postgres.freeze();
    try {
      await group.kill(other);
      await group.until('it is given what the other had', () => isTaking() || one.status!.sources[0].disconnects > 0);
      await group.until('its calls are given up', () => givenUp() >= before + 3 || one.status!.sources[0].disconnects > 0);
    } finally {
      postgres.thaw();
    }
    await group.rest();
    await group.peace({ faults: givenUp() - before, readAgain: false });
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
