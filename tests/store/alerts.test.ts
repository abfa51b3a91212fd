import { beforeEach, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/model/checkpoint.ts';
import type { AlertStore } from '../../src/model/alert-store.ts';
import type { Database } from '../../src/postgres.ts';
import { recentAlerts } from '../../src/store/alert-deliveries.ts';
import { beginRule, newestRuleChange, readRules } from '../../src/store/alert-rules.ts';
import { createAlertStore } from '../../src/store/alerts.ts';
import { writeCheckpoint } from '../../src/store/checkpoints.ts';
import { takeLane } from '../../src/store/lanes.ts';
import { deleteOldRows } from '../../src/store/side-tables.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { newRule, noonMs, storeAlerts, uuidOf } from './alert-rows.ts';
import { storeBars } from './stored-rows.ts';

const limit = { deadlineMs: 30_000 };
const never = new AbortController().signal;
const minuteMs = 60_000;

describeOnEachServer('rules in the database', (server) => {
  let database: Database;
  let store: AlertStore;
  beforeEach(async () => {
    database = await server.migratedDatabase();
    store = createAlertStore(database, 30_000);
  });

  const create = (rule: Parameters<typeof newRule>[0] = {}) => store.create(newRule(rule), never);

  it('are made, found, listed and removed', async () => {
    const made = await create({ note: 'mine', expiresMs: noonMs + 1 });
    expect(made).toMatchObject({
      id: uuidOf(1), version: 1, venue: 'v', symbol: 'BTC', barSpec: '1m', condition: 'price_above', threshold: 100,
      indicator: null, expiresMs: noonMs + 1, note: 'mine', muted: false, validFromMs: null, isDeleted: false,
      createdMs: noonMs, updatedMs: noonMs, last: null, isOver: false,
    });
    expect(await store.find(uuidOf(1), never)).toEqual(made);
    expect(await store.list(never)).toEqual([made]);
    expect(await create()).toBe('exists');
    expect(await store.remove(uuidOf(1), noonMs, never)).toBe(true);
    expect(await store.remove(uuidOf(1), noonMs, never)).toBe(false);
    expect(await store.list(never)).toEqual([]);
    expect(await create()).toBe('exists'); // What it came to belongs to it.
  });

  it('are no more than there may be, also when several are made at once', async () => {
    const made = await Promise.all([1, 2, 3, 4].map((index) => create({ id: uuidOf(index), rulesMax: 2 })));
    expect(made.filter((one) => one === 'full')).toHaveLength(2);
    expect(await store.list(never)).toHaveLength(2);
  });

  it('get another version with other terms, and keep theirs with another note', async () => {
    const rule = await create();
    if (typeof rule === 'string') throw new Error(rule);
    const noted = await store.change({ id: rule.id, version: 1, next: { ...rule, note: 'n', muted: true }, nowMs: noonMs + 5 }, never);
    expect(noted).toMatchObject({ version: 1, note: 'n', muted: true, updatedMs: noonMs + 5 });
    const edited = await store.change({ id: rule.id, version: 1, next: { ...rule, threshold: 7 }, nowMs: noonMs }, never);
    expect(edited).toMatchObject({ version: 2, threshold: 7, validFromMs: null, createdMs: noonMs });
    expect(await store.change({ id: rule.id, version: 1, next: rule, nowMs: noonMs }, never)).toBe('stale');
    expect(await store.change({ id: uuidOf(9), version: 1, next: rule, nowMs: noonMs }, never)).toBe('missing');
    expect((await readRules(database, limit)).map(({ version, threshold }) => [version, threshold])).toEqual([[1, 100], [2, 7]]);
  });

  it('keep twenty versions', async () => {
    const rule = await create();
    if (typeof rule === 'string') throw new Error(rule);
    for (let version = 1; version <= 25; version++) {
      await store.change({ id: rule.id, version, next: { ...rule, threshold: version }, nowMs: noonMs }, never);
    }
    const kept = (await readRules(database, limit)).map(({ version }) => version);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([20, 7, 26]);
  });

  it('have another change with everything that is written', async () => {
    const seen = [await newestRuleChange(database, limit)];
    const rule = await create();
    if (typeof rule === 'string') throw new Error(rule);
    seen.push(await newestRuleChange(database, limit));
    await beginRule(database, limit, { id: rule.id, version: 1, validFromMs: noonMs });
    seen.push(await newestRuleChange(database, limit));
    await store.change({ id: rule.id, version: 1, next: { ...rule, muted: true }, nowMs: noonMs }, never);
    seen.push(await newestRuleChange(database, limit));
    await store.remove(rule.id, noonMs, never);
    seen.push(await newestRuleChange(database, limit));
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen).toHaveLength(5);
  });

  it('begin once', async () => {
    await create();
    await beginRule(database, limit, { id: uuidOf(1), version: 1, validFromMs: noonMs });
    await beginRule(database, limit, { id: uuidOf(1), version: 1, validFromMs: noonMs + 9_000 });
    expect((await store.find(uuidOf(1), never))?.validFromMs).toBe(noonMs);
  });

  it('show what their present version came to last, and when they are over', async () => {
    await create({ expiresMs: noonMs + 2 * minuteMs });
    await storeAlerts(database, [{ minute: 0 }, { minute: 3, state: 2 }, { minute: 4, state: 0 }, { minute: 5, version: 2 }]);
    expect(await store.find(uuidOf(1), never)).toMatchObject({
      last: { state: 'withdrawn', closeTimeMs: noonMs + 4 * minuteMs, value: 101.5 }, isOver: false,
    });
    await storeBars(database, [{ lane: 'p/a', venue: 'v', symbol: 'BTC', openMs: noonMs + minuteMs, closeMs: noonMs + 2 * minuteMs }]);
    expect((await store.find(uuidOf(1), never))?.isOver).toBe(true);
  });

  it('have a history that can be read page by page', async () => {
    await create();
    await create({ id: uuidOf(2) });
    await storeAlerts(database, [0, 1, 2, 3].flatMap((minute) => [{ minute }, { rule: 2, minute, state: 2 }, { rule: 2, minute: minute + 50, state: 0 }]));
    const pages: unknown[] = [];
    let behind: Parameters<AlertStore['history']>[0]['behind'] = null;
    for (;;) {
      const page = await store.history({ ruleId: null, behind, limit: 3 }, never);
      pages.push(...page.map(({ ruleId, state, openTimeMs }) => `${ruleId.at(-1)} ${state} ${(openTimeMs - noonMs) / minuteMs}`));
      behind = page.at(-1) ?? null;
      if (page.length < 3) break;
    }
    expect(pages).toEqual([3, 2, 1, 0].flatMap((minute) => [`2 withdrawn ${minute}`, `1 triggered ${minute}`]));
    expect(await store.history({ ruleId: uuidOf(2), behind: null, limit: 100 }, never)).toHaveLength(4);
  });

  it('and what they came to lately are told, the oldest change first', async () => {
    await create();
    await storeAlerts(database, [{ minute: 2 }, { minute: 1, state: 0 }]);
    await storeAlerts(database, [{ minute: 0, state: 2 }]);
    expect((await recentAlerts(database, limit, 60_000)).map(({ state }) => state)).toEqual(['triggered', 'withdrawn']);
    await database.query(limit, "UPDATE alerts SET changed_at = now() - interval '2 minutes'");
    expect(await recentAlerts(database, limit, 60_000)).toEqual([]);
  });

  it('are withdrawn by a rebuild that does not tell them again, as far as it has passed and their rules are known', async () => {
    const wish = {
      name: 'p/a', source: 'a', pausable: true, complete: false, nowMs: noonMs, intervalMsMax: minuteMs, baseSpec: null,
      request: { logIdentity: 'log', repeatable: true },
    };
    await takeLane(database, limit, { ...wish, mode: 'resume' });
    await storeBars(database, [{ lane: 'p/a', venue: 'v', symbol: 'BTC', openMs: noonMs, closeMs: noonMs + minuteMs }]);
    await takeLane(database, limit, { ...wish, mode: 'rebuild' });
    await create();
    await storeAlerts(database, [{ minute: 1 }, { minute: 2, generation: 2 }, { minute: 3, rule: 7 }, { minute: 9 }]);
    const checkpoint: Checkpoint = {
      lane: 'p/a', generation: 2, position: 100, lastRecordHash: null, settledUntilMs: new Map(), isEnded: false,
      passed: [{ venue: 'v', spec: '1m', fromMs: noonMs, untilMs: noonMs + 5 * minuteMs }], storedUntilMs: Infinity,
      state: new Uint8Array([1]), takenAtMs: noonMs,
    };
    await writeCheckpoint(database, limit, checkpoint);
    const { rows } = await database.query(limit, 'SELECT state::integer FROM alerts ORDER BY open_time');
    expect(rows.map(({ state }) => state)).toEqual([2, 1, 1, 1]);
  });

  it('leave alerts that grow old, which are deleted by the close of their bars', async () => {
    await storeAlerts(database, [{ minute: 0 }, { minute: 1 }]);
    expect(await deleteOldRows(database, limit, { table: 'alerts', untilMs: noonMs + minuteMs + 1 })).toBe(1);
  });
});
