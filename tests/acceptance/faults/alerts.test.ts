import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AlertTerms } from '../../../src/model/alert.ts';
import { createAlertStore } from '../../../src/store/alerts.ts';
import { eventually } from '../../support/eventually.ts';
import { DaemonRun } from '../../support/faults/daemon-run.ts';
import { expectInvariants } from '../../support/faults/invariants.ts';
import { SeededRandom, seedOfRun } from '../../support/faults/random.ts';
import { journalOptions, prepareGround, Trial } from '../../support/faults/trial.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';
import { reached } from '../../support/reached.ts';
import { expectStoredAlerts } from '../../support/stored-alerts.ts';

const never = new AbortController().signal;
const seed = seedOfRun();
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const symbols = ['BTC-USD', 'ETH-USD', 'SOL-USD'];

describe.skipIf(why !== null)(`rules on the bars of daemons that die, seed ${seed}${leftOut}`, () => {
  let postgres: TestPostgres;
  let trial: Trial;
  let random: SeededRandom;
  let venues: string[];
  const running: DaemonRun[] = [];
  beforeAll(async () => { postgres = await TestPostgres.start(journalOptions); });
  afterAll(() => postgres.dispose());
  beforeEach(async () => {
    random = new SeededRandom(seed);
    // What is broken here are processes: a database that is slow on a busy machine is no fault that belongs to it.
    const store = { connect_timeout_ms: 20_000, statement_timeout_ms: 20_000 };
    trial = new Trial(await prepareGround(postgres), { seed, records: 4_000, perSecond: 1_000, sections: { store } });
    venues = [1, 2].map((number) => `${trial.name}-file-${number}`);
  });
  afterEach(async () => {
    for (const run of running.splice(0)) await run.daemon.stop('SIGKILL');
    trial.dispose();
  });

  const start = async (wish: Parameters<typeof DaemonRun.start>[1] = {}): Promise<DaemonRun> => {
    const run = await DaemonRun.start(trial, wish);
    running.push(run);
    return run;
  };
  const store = () => createAlertStore(trial.database, 30_000);
  const numbers = (condition: AlertTerms['condition']): Pick<AlertTerms, 'condition' | 'threshold' | 'indicator'> => ({
    condition, threshold: condition === 'volume_above' ? 12 : 100 + random.between(-2, 2), indicator: null,
  });

  async function addRules(count: number): Promise<void> {
    for (let rule = 0; rule < count; rule++) {
      const barSpec = random.pick(['1s', '5s']);
      const terms = numbers(random.pick(['price_above', 'price_below', 'volume_above'] as const));
      await store().create({
        id: randomUUID(), venue: random.pick(venues), symbol: random.pick(symbols), barSpec, ...terms, expiresMs: null, note: '',
        muted: false, nowMs: Date.now(), rulesMax: 1_000,
      }, never);
    }
  }

  async function editRules(): Promise<void> {
    const rules = await store().list(never);
    for (const rule of rules.slice(0, 3)) {
      const next = { ...rule, threshold: rule.threshold! + 0.5 };
      expect(await store().change({ id: rule.id, version: rule.version, next, nowMs: Date.now() }, never)).toMatchObject({ version: 2 });
    }
    await store().remove(rules[3].id, Date.now(), never);
  }

  it('come to what one undisturbed process finds: kills, rules that come, change and go meanwhile', async () => {
    await addRules(12);
    for (let kill = 0; kill < 4; kill++) {
      const run = await start();
      await run.daemon.ready();
      await wait(random.between(100, 800)); // The moment is the fault.
      if (kill === 1) await addRules(6);
      if (kill === 2) await editRules();
      await run.kill();
    }
    const last = await start();
    await last.daemon.ready();
    await addRules(4);
    expect(await last.ended(), last.daemon.log).toBe(0);
    await expectInvariants(trial, { faults: 4, readAgain: true });
    const { triggered, withdrawn } = await expectStoredAlerts(trial.database, venues);
    expect(triggered).toBeGreaterThan(50);
    // Which bars a rule begins with is a matter of the moment, and only those that late ticks change are taken back.
    reached('an alert that was withdrawn', withdrawn > 0);
  });

  it('come to the same where two processes fold the same log, one of which stood still for a while', async () => {
    await addRules(12);
    // Ten seconds of log: the first is still in its midst when the second has started, also where that takes a while.
    const slow = { keys: { max_msgs_per_sec: 400 } };
    const zombie = await start(slow);
    await eventually(() => zombie.status !== null && zombie.status.lanes.every((lane) => lane.checkpoint.written > 1));
    const other = await start(slow);
    await eventually(() => !zombie.isAlive || other.status?.lanes.length === 2);
    reached('two processes that fold at once', zombie.isAlive);
    zombie.daemon.signal('SIGSTOP');
    await wait(random.between(100, 500));
    zombie.daemon.signal('SIGCONT');
    expect(await zombie.ended(), zombie.daemon.log).toBe(0);
    expect(await other.ended(), other.daemon.log).toBe(0);
    expect((await expectStoredAlerts(trial.database, venues)).triggered).toBeGreaterThan(50);
  });

  it('come to the same after a rebuild', async () => {
    await addRules(12);
    const first = await start({ keys: { max_msgs_per_sec: 0 } });
    expect(await first.ended(), first.daemon.log).toBe(0);
    const before = await expectStoredAlerts(trial.database, venues);
    const again = await start({ keys: { max_msgs_per_sec: 0 }, args: ['--rebuild', 'all'] });
    expect(await again.ended(), again.daemon.log).toBe(0);
    expect((await expectStoredAlerts(trial.database, venues)).triggered).toBe(before.triggered);
    const { rows } = await trial.database.query<{ generation: number }>(
      { deadlineMs: 30_000 }, 'SELECT DISTINCT generation FROM alerts WHERE venue = ANY ($1) AND state = 1', [venues]);
    expect(rows.map(({ generation }) => generation)).toEqual([2]);
  });
});
