import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noDifference, VerifyRig } from '../support/verify-rig.ts';

describeOnEachServer('a log that is folded again while others work, or die', (server) => {
  let rig: VerifyRig;

  beforeEach(async () => {
    rig = await VerifyRig.make(server);
  });
  afterEach(() => rig.dispose());

  it('agrees up to the checkpoint while a daemon runs on, which notices nothing', async () => {
    const source = { type: 'synthetic', files: undefined, venue: 'v', symbols: 5, ticks_per_second: 100 };
    const often = { checkpoint: { interval_ms: 100 } };
    const setup = { rest: often, source: { ...source, late_share: 0.01, late_ms: 13_000, outage_every_s: 20, outage_s: 3 } };
    const paced = { ...setup, source: { ...setup.source, max_msgs_per_sec: 4_000, burst: 100, batch_ticks: 100 } };
    const writer = rig.daemon(paced, []);
    const stand = async (): Promise<number> =>
      Number((await rig.rows('SELECT coalesce(max(position), 0) AS p FROM lane_checkpoints'))[0]['p']);
    await writer.ready();
    await eventually(async () => (await stand()) > 4_000);
    const report = await rig.verified(setup);
    expect(writer.log).not.toMatch(/lane-taken|overtaken/);
    expect(report).toMatchObject({ isEnded: false, differences: [] });
    expect(report.position).toBeLessThan(await stand());
    expect(report.tables.bars.leftOut['later']).toBeGreaterThan(0);
    for (const table of ['bars', 'late_ticks', 'gaps'] as const) expect(report.tables[table].equal, table).toBeGreaterThan(0);
    expect(await writer.stop()).toBe(0);
    expect(await rig.rows('SELECT generation, told_since FROM lanes')).toEqual([{ generation: 1, told_since: 1 }]);
    expect((await rig.verified(setup)).tables.bars).toMatchObject(noDifference);
  });

  it('agrees where a complete log was left in the middle: its end is not told', async () => {
    rig.write(0, 20_000);
    const source = { complete: true, max_msgs_per_sec: 5_000, burst: 700, batch_ticks: 70 };
    const setup = { source, rest: { checkpoint: { interval_ms: 100 } } };
    await rig.daemon(setup, ['--until-end'], { PIPELINE_FAULTS_KILL_AT: 'before-checkpoint:4' }).ended();
    const report = await rig.verified(setup);
    expect(report.isEnded).toBe(false);
    expect(report.position).toBeGreaterThan(0);
    expect(report.position).toBeLessThan(20_000);
    expect(report.tables.bars).toMatchObject({ ...noDifference, leftOut: expect.anything() });
  });

  it('says nothing of a lane that is told anew meanwhile', async () => {
    rig.write(0, 30_000);
    await rig.told();
    const overtaken = rig.verify();
    await eventually(async () => (await rig.scratchSchemas()).length === 1);
    await rig.rows('UPDATE lanes SET generation = 2, told_since = 2');
    expect([await overtaken.ended, overtaken.out], overtaken.log).toEqual([3, '']);
    expect(overtaken.log).toContain('verify-overtaken');
    expect(await rig.scratchSchemas()).toEqual([]);
  });

  it('leaves nothing behind: not after SIGTERM, and after SIGKILL the next one clears it away', async () => {
    rig.write(0, 100_000);
    await rig.told();
    const isThere = async (): Promise<void> => eventually(async () => (await rig.scratchSchemas()).length === 1);
    const stopped = rig.verify();
    await isThere();
    stopped.child.kill('SIGTERM');
    await stopped.ended;
    expect([stopped.child.signalCode, stopped.out]).toEqual(['SIGTERM', '']);
    expect(await rig.scratchSchemas()).toEqual([]);
    const killed = rig.verify();
    await isThere();
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await rig.scratchSchemas()).toHaveLength(1);
    const next = rig.verify();
    await eventually(() => next.log.includes('The schema of a dead verify was dropped.'));
    await isThere();
    const beside = rig.verify(); // The one before it is alive, and so is its schema.
    expect([await next.ended, await beside.ended], next.log + beside.log).toEqual([0, 0]);
    expect(beside.log).not.toContain('dead verify');
    const [{ n }] = await rig.rows('SELECT count(*) AS n FROM bars');
    expect(next.reports[0].tables.bars).toEqual({ equal: n, ...noDifference });
    expect(Number(n)).toBeGreaterThan(50_000); // Several slices.
    expect(await rig.scratchSchemas()).toEqual([]);
  });
});
