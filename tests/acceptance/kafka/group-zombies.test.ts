import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonRun } from '../../support/faults/daemon-run.ts';
import { faultSettings } from '../../support/faults/fault-log.ts';
import { otherwise } from '../../support/faults/group-log.ts';
import { GroupTrial, partitionsOf } from '../../support/faults/group-trial.ts';
import { expectTables } from '../../support/faults/invariants.ts';
import { seedOfRun } from '../../support/faults/random.ts';
import { endlessBars, journalOptions, prepareGround, type TrialGround } from '../../support/faults/trial.ts';
import { TestKafka, whyNoKafka } from '../../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const seed = seedOfRun();
const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

const otherBars = {
  'another out_of_orderness': { out_of_orderness_ms: faultSettings.outOfOrdernessMs + 250 },
  'other bar specs': { specs: ['2s', '10s'] },
} as const;
/** Indicators stand on bar specs that the others have not got. */
const sectionsOf = (bars: object): Readonly<Record<string, object>> =>
  ({ bars: { ...endlessBars, ...bars }, ...('specs' in bars ? { indicators: { specs: [] } } : {}) });

describe.skipIf(why !== null)(`a process with the old configuration, seed ${seed}${leftOut}`, { timeout: 240_000 }, () => {
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

  const begin = async (name: string, members: number): Promise<DaemonRun[]> => {
    group = await GroupTrial.begin({ ground, kafka, seed, name, partitions: 4, records: 1_000, perSecond: 250 });
    const runs = await group.joinAll(members);
    await group.until('every lane is safe', async () => (await group.positions()).size === group.feeds.length);
    return runs;
  };
  /** Whether all that the group has given to it is refused, in words. */
  const isRefused = (run: DaemonRun): boolean => {
    const given = run.status?.sources[0].consumer?.partitions ?? [];
    return given.length > 0 && given.every(({ problem }) => problem?.includes('would get another meaning'));
  };

  it.each(['another out_of_orderness', 'other bar specs'] as const)('in the same group, with %s, is refused what it is given, in words', async (what) => {
    await begin(`same-${Object.keys(otherBars).indexOf(what)}`, 2);
    const zombie = await group.join({ sections: sectionsOf(otherBars[what]) });
    await group.until('it is refused all that it is given', () => isRefused(zombie));
    await group.progress();
    expect(await group.end(zombie)).toBe(0);
    await group.peace({ faults: 1, readAgain: false });
  });

  it('in another group, with another out_of_orderness, is refused every lane, in words', async () => {
    await begin('elsewhere', 2);
    const zombie = await group.join({ sections: sectionsOf(otherBars['another out_of_orderness']), keys: { group_id: 'elsewhere-old' } });
    await group.until('it is refused everything', () => isRefused(zombie) && partitionsOf(zombie).length === group.feeds.length);
    await group.progress();
    expect(await group.end(zombie)).toBe(0);
    await group.peace({ faults: 1, readAgain: false });
  });

  it('in another group, with the same bars, folds the same rows: whoever is behind goes on where the other is', async () => {
    await begin('twice', 1);
    const other = await group.join({ keys: { group_id: 'twice-old', max_msgs_per_sec: 400 } });
    const [first] = group.members;
    const isOvertaken = (run: DaemonRun): boolean => run.status?.lanes.some(({ overtaken }) => overtaken > 0) === true;
    await group.until('one was behind, and goes on where the other is', () => isOvertaken(first) || isOvertaken(other));
    await group.until('every partition is folded', () => group.isFolded());
    expect(await group.end(other)).toBe(0);
    await group.peace({ faults: 1, readAgain: false });
  });

  it('that wakes after a rebuild with the new one writes nothing more, and is refused in words', async () => {
    const [zombie] = await begin('rebuilt', 1);
    zombie.daemon.signal('SIGSTOP');
    const bars = { out_of_orderness_ms: 750 };
    // At the same pace, from the beginning on: what the zombie has in hand are bars that the new telling has not got yet.
    const rebuild = await group.join({ sections: sectionsOf(bars), args: ['--rebuild', 'all'] });
    await group.until('the new one has all', () => partitionsOf(rebuild).length === group.feeds.length);
    await group.until('each lane is safe in its new telling', async () => {
      const { rows: [{ count }] } = await ground.database.query<{ count: number }>({ deadlineMs: 10_000 },
        'SELECT count(*) AS count FROM lane_checkpoints WHERE generation = 2 AND lane LIKE $1', [`${group.trial.name}/%`]);
      return count === group.feeds.length;
    });
    zombie.daemon.signal('SIGCONT');
    await group.until('it is refused all that it is given', () => isRefused(zombie));
    await group.kill(zombie);
    await group.rest();
    expect(await group.end(rebuild)).toBe(0);
    const settings = { ...faultSettings, outOfOrdernessMs: bars.out_of_orderness_ms };
    for (const feed of group.feeds) await expectTables(group.trial, otherwise(feed, { settings }), [2]);
    expect(await ground.journal.problems(group.trial.name)).toEqual([]);
    expect(group.trial.lookout.problems).toEqual([]);
  });
});
