import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { GroupTrial } from '../../support/faults/group-trial.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { Verify } from '../../support/verify-rig.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const limit = { deadlineMs: 10_000 };
const partitions = 3;

describe.skipIf(why !== null)(`mdp verify --rebuild of a topic, seed ${seed}${leftOut}`, { timeout: 90_000 }, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let ground: TrialGround;
  let group: GroupTrial;
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-verify-topic-'));

  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([TestPostgres.start(journalOptions), TestKafka.start()]);
    ground = await prepareGround(postgres);
  });
  afterEach(() => group.dispose());
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await Promise.all([kafka.dispose(), postgres.dispose()]);
  });

  const begin = async (name: string): Promise<void> => {
    group = await GroupTrial.begin({ ground, kafka, seed, name, partitions, records: 400, perSecond: 2_000 });
  };
  const verify = async (names: readonly string[] = []): Promise<Verify> => {
    const file = path.join(directory, 'config.yaml');
    writeFileSync(file, group.trial.config());
    const verifying = new Verify(['--rebuild', ...names, '--json', '--file', file], { DATABASE_URL: postgres.url({ database: ground.name }) });
    await verifying.ended;
    return verifying;
  };

  it('finds every partition equal but for a changed row, beside the member that reads on, and touches neither group nor commits', async () => {
    await begin('equal');
    const member = await group.join();
    await group.rest();
    const before = await kafka.group('equal');
    const verifying = await verify();
    expect(await verifying.ended, verifying.log).toBe(0);
    expect(verifying.reports.map(({ lane, fromPosition, position }) => [lane, fromPosition, position])).toEqual(
      group.feeds.map((feed) => [group.trial.laneOf(feed), 0, feed.end]));
    for (const { tables: { bars, late_ticks }, differences } of verifying.reports) {
      expect(bars).toMatchObject({ different: 0, missing: 0, extra: 0 });
      expect(bars.equal).toBeGreaterThan(20);
      expect(late_ticks).toMatchObject({ different: 0, missing: 0, extra: 0 });
      expect(differences).toEqual([]);
    }
    const after = await kafka.group('equal');
    expect([after.members, after.committed]).toEqual([before.members, before.committed]);
    expect(member.status!.sources[0].consumer!.joins).toBe(1);

    // A row that somebody has changed.
    const changed = group.trial.laneOf(group.feeds[1]);
    await ground.database.query(limit, "UPDATE bars SET close = close + 1 WHERE ctid = (SELECT ctid FROM bars WHERE lane = $1 AND bar_spec = '5s' LIMIT 1)", [changed]);
    const again = await verify();
    expect(await again.ended, again.log).toBe(6);
    expect(again.reports.map(({ lane, tables: { bars } }) => [lane, bars.different])).toEqual(
      group.feeds.map((feed, index) => [group.trial.laneOf(feed), index === 1 ? 1 : 0]));
  });

  it('refuses a partition whose first records are gone, in words', async () => {
    await begin('gone');
    await group.join();
    await group.rest();
    await kafka.deleteRecords('gone', 0, 100);
    const verifying = await verify(['gone']);
    expect(verifying.log + verifying.out).toMatch(/rebuild-refused: The log of lane group-gone\/gone\/gone\/0 begins at position 100 now/);
    expect(await verifying.ended).toBe(2);
    await expectInvariants(group.trial, { faults: 1, readAgain: false });
  });
});
