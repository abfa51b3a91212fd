import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../oracle/log.ts';
import type { DaemonRun } from '../../support/faults/daemon-run.ts';
import { groupLog, otherwise } from '../../support/faults/group-log.ts';
import { GroupTrial, groupSections, type GroupWish } from '../../support/faults/group-trial.ts';
import { expectTables } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { Program } from '../../support/program.ts';
import { storedGaps } from '../../support/stored-table.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const limit = { deadlineMs: 10_000 };
const partitions = 4;

describe.skipIf(why !== null)(`a group whose topic changes under it, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
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

  const begin = async (name: string, perSecond: number, wish: Partial<GroupWish> = {}): Promise<DaemonRun[]> => {
    group = await GroupTrial.begin({ ground, kafka, seed, name, partitions, records: 700, perSecond, ...wish });
    const runs = await group.joinAll(2);
    await group.until('bars of every lane are there', async () => {
      const positions = [...(await group.positions()).values()];
      return positions.length === partitions && Math.min(...positions) >= 100;
    });
    return runs;
  };
  const endAll = async (): Promise<void> => {
    for (const run of group.members) expect(await group.end(run)).toBe(0);
  };
  const problems = (): string => [...group.members].map((run) =>
    (run.status?.sources[0].consumer?.partitions ?? []).map(({ problem }) => problem ?? '').join('\n')).join('\n');
  const expectLookout = async (): Promise<void> => {
    expect(group.trial.lookout.problems).toEqual([]);
    expect(await ground.journal.problems(group.trial.name)).toEqual([]);
  };

  it('leaves added partitions alone until somebody adopts them, and reads the others on', async () => {
    await begin('added', 150);
    await kafka.addPartitions(group.name, partitions + 1);
    const added = await group.addFeed(partitions, groupLog({ seed: seed + 7, records: 300, venue: 'added-more' }));
    await group.join(); // Its coming lets the group see the new partition.
    await group.until('it is refused in words', () => problems().includes('mdp lanes adopt added'));
    await group.progress();
    expect((await group.positions()).size).toBe(partitions);

    const file = path.join(group.trial.directory, 'adopt.yaml');
    writeFileSync(file, group.trial.config());
    const adopting = new Program(['lanes', 'adopt', group.name, '--file', file], { DATABASE_URL: postgres.url({ database: ground.name }) });
    expect(await adopting.ended()).toMatchObject({ code: 0 });
    const refusing = [...group.members].find((run) => run.status!.sources[0].consumer!.partitions.some(({ problem }) => problem !== null))!;
    // All lanes of the topic have a new generation by now: who is asked to end before it has noticed ends as one that was overtaken.
    expect([0, 3]).toContain(await group.end(refusing));
    await group.rest([...group.feeds, added]);
    await endAll();
    for (const feed of group.feeds) await expectTables(group.trial, feed, [1, 2]);
    await expectTables(group.trial, added, [1]);
    await expectLookout();
  });

  it.each(['shorter', 'longer'])('stops in words where it was deleted and made anew with a %s log, and takes nothing of that', async (kind) => {
    await begin(`anew-${kind}`, 300);
    await kafka.deleteTopic(group.name);
    // By its name alone nobody could tell another topic that was there at once, and long enough, from the one before it.
    await group.until('everybody misses it', () => [...group.members].every((run) => run.daemon.log.includes('topic-partition')));
    await kafka.createTopic(group.name, { partitions });
    for (const partition of group.feeds.keys()) {
      await group.addFeed(partition, groupLog({ seed: seed + 9, records: kind === 'longer' ? 1_500 : 5, venue: `${group.name}-other` }));
    }
    await group.until('all partitions are refused in words', () => problems().split('\n').filter((problem) => /made anew/.test(problem)).length === partitions);
    await endAll();
    const positions = await group.positions();
    for (const feed of group.feeds) {
      const read = (await feed.log()).filter(({ position }) => position < positions.get(group.trial.laneOf(feed))!);
      await expectTables(group.trial, otherwise(feed, { log: async () => read }), [1]);
    }
    const { rows } = await ground.database.query(limit, 'SELECT DISTINCT lane FROM bars WHERE starts_with(venue, $1)', [`${group.name}-other`]);
    expect(rows).toEqual([]);
    await expectLookout();
  });

  it('stops in words where it was deleted and made anew behind its back, with a log that is as long and the same so far', async () => {
    const members = await begin('anew-unseen', 100, {
      keys: { session_timeout_ms: 20_000 }, sections: { kafka: { ...groupSections.kafka, health_check_ms: 1_000 } },
    });
    for (const { daemon } of members) daemon.signal('SIGSTOP'); // For less than a session: nobody joins anew.
    await kafka.deleteTopic(group.name);
    await kafka.createTopic(group.name, { partitions });
    for (const feed of group.feeds) {
      const log = await feed.log();
      await (await group.addFeed(Number(feed.part.split('/')[1]), [])).write(log);
    }
    for (const { daemon } of members) daemon.signal('SIGCONT');
    const refused = (): boolean => problems().split('\n').filter((problem) => /made anew|made as/.test(problem)).length === partitions;
    await group.until('all partitions are refused in words', refused);
    await endAll();
    await group.join();
    await group.until('they are refused again after a restart', refused);
    expect(problems()).toContain('--rebuild');
    await endAll();
    await expectLookout();
  });

  it('says what is missing where records were deleted before they were read', async () => {
    await begin('cut', 150);
    const cutAt = 600;
    for (const partition of [0, 1]) await kafka.deleteRecords(group.name, partition, cutAt);
    await group.rest();
    await endAll();
    for (const feed of group.feeds.slice(0, 2)) {
      const lane = group.trial.laneOf(feed);
      const gaps = await storedGaps(ground.database, lane) as { position: number; venue: string; reason: string; fromMs: number; untilMs: number }[];
      const { rows: [{ lost }] } = await ground.database.query<{ lost: number }>(
        limit, 'SELECT max(ticks_lost)::double precision AS lost FROM gaps WHERE lane = $1', [lane]);
      expect(gaps.length).toBeGreaterThan(0);
      expect(lost).toBeGreaterThan(0);
      const log = await feed.log();
      const told: LogRecord[] = [
        ...log.slice(0, cutAt - lost), ...gaps.map((gap) => ({ kind: 'gap', symbols: 'all', barSpec: null, ...gap } as const)), ...log.slice(cutAt),
      ];
      await expectTables(group.trial, otherwise(feed, { log: async () => told }), [1, 2]);
    }
    for (const feed of group.feeds.slice(2)) await expectTables(group.trial, feed, [1]);
    await expectLookout();
  });
});
