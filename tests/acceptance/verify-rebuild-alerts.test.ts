import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AlertTerms } from '../../src/model/alert.ts';
import { createAlertStore } from '../../src/store/alerts.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { noDifference, VerifyRig } from '../support/verify-rig.ts';

const never = new AbortController().signal;
const setup = { rest: { indicators: { specs: ['sma(5)@1s'] } } };

describeOnEachServer('what rules have come to, beside a log that is folded again', (server) => {
  let rig: VerifyRig;
  beforeEach(async () => {
    rig = await VerifyRig.make(server);
  });
  afterEach(() => rig.dispose());

  const store = () => createAlertStore(rig.database, 30_000);
  async function add(symbol: string, terms: Pick<AlertTerms, 'condition' | 'threshold' | 'indicator'>, barSpec = '1s'): Promise<string> {
    const id = randomUUID();
    const others = { expiresMs: null, note: '', muted: false, nowMs: Date.now(), rulesMax: 100 };
    await store().create({ id, venue: 'v', symbol, barSpec, ...terms, ...others }, never);
    return id;
  }
  const above = { condition: 'price_above', threshold: 108, indicator: null } as const;
  const busy = { condition: 'volume_above', threshold: 3, indicator: null } as const;
  const crossing = { condition: 'crosses_indicator', threshold: null, indicator: 'sma(5)' } as const;

  /** Rules come, change and go while a log is told, and after each part of it the daemon ends. */
  async function told(): Promise<void> {
    rig.write(0, 1_000);
    await rig.told(setup);
    const changed = await add('S1', above);
    await add('S2', above, '10s');
    await add('S3', busy);
    await add('S4', crossing);
    const gone = await add('S0', above);
    await add('nowhere', above);
    rig.write(0, 4_000);
    await rig.told(setup);
    const rule = (await store().find(changed, never))!;
    await store().change({ id: changed, version: 1, next: { ...rule, threshold: 104 }, nowMs: Date.now() }, never);
    await store().remove(gone, Date.now(), never);
    rig.write(0, 6_000);
    await rig.told(setup);
  }

  const counted = async (where: string): Promise<number> => (
    Number((await rig.rows(`SELECT count(*) AS n FROM alerts WHERE ${where}`))[0]['n']));
  const onAny = async (where: string, change: string): Promise<number> => (
    await rig.rows(`${change} WHERE (rule_id, rule_version, open_time) IN (
      SELECT rule_id, rule_version, open_time FROM alerts WHERE ${where} ORDER BY open_time LIMIT 1) RETURNING 1`)).length;

  it('agrees in every alert, of every version of a rule, until somebody changes one', async () => {
    await told();
    expect(await counted('rule_version = 2 AND state = 1')).toBeGreaterThan(5);
    expect(await counted("symbol = 'S4' AND state = 1")).toBeGreaterThan(20);
    const { tables, differences } = await rig.verified(setup);
    expect(differences).toEqual([]);
    const before = await counted('state = 1');
    expect(tables.alerts).toEqual({ ...noDifference, equal: before });
    await namesChanges(before);
    await leavesOut();
  });

  /** What was told wrongly, what was not told, what should not have been told. */
  async function namesChanges(before: number): Promise<void> {
    const at = (symbol: string): string => `state = 1 AND symbol = '${symbol}'`;
    expect(await onAny(at('S1'), 'UPDATE alerts SET value = 1')).toBe(1);
    expect(await onAny(at('S2'), 'UPDATE alerts SET state = 2')).toBe(1);
    expect(await onAny(at('S3'), 'DELETE FROM alerts')).toBe(1);
    await rig.rows(`INSERT INTO alerts SELECT rule_id, rule_version, lane, venue, symbol, bar_spec, open_time + interval '1 ms', bar_index,
      close_time, state, value, bar_state, whole, generation, position FROM alerts WHERE ${at('S4')} ORDER BY open_time LIMIT 1`);
    const found = rig.verify(setup);
    expect(await found.ended, found.log).toBe(6);
    const [{ tables, differences }] = found.reports;
    expect(tables.alerts).toEqual({ equal: before - 3, different: 2, missing: 1, extra: 1, leftOut: {} });
    const bySymbol = differences.toSorted((one, other) => String(one['symbol']).localeCompare(String(other['symbol'])));
    expect(bySymbol).toMatchObject([
      { table: 'alerts', symbol: 'S1', spec: expect.stringMatching(/^[0-9a-f-]{36}@1s$/), field: 'value', stored: '1' },
      { table: 'alerts', symbol: 'S2', field: 'state', stored: '2', folded: '1' },
      { table: 'alerts', symbol: 'S3', field: null, stored: null, folded: 'a row' },
      { table: 'alerts', symbol: 'S4', field: null, stored: 'a row', folded: null },
    ]);
  }

  /** What nobody can judge again: forgotten versions, lines that are not there. */
  async function leavesOut(): Promise<void> {
    const crossings = await counted("symbol = 'S4' AND state = 1");
    await rig.rows("DELETE FROM alert_rules WHERE symbol IN ('S1', 'S2', 'S3')");
    const { tables } = await rig.verified({ rest: { indicators: { specs: [] } } });
    expect(tables.alerts).toMatchObject({ ...noDifference, leftOut: { 'other-spec': crossings } });
    expect(tables.alerts.leftOut['forgotten']).toBeGreaterThan(100);
  }

  it('leaves out rules on a line that came when the lane had been told in part, until it knows what it missed', async () => {
    rig.write(0, 1_000);
    await rig.told({ rest: { indicators: { specs: [] } } });
    await add('S4', crossing);
    const withEma = { rest: { indicators: { specs: ['ema(5)@1s'] } } };
    await add('S3', { ...crossing, indicator: 'ema(5)' });
    rig.write(0, 3_000);
    await rig.told(withEma);
    const told = await counted("symbol = 'S3' AND state = 1");
    expect(told).toBeGreaterThan(10);
    const { tables } = await rig.verified(withEma);
    expect(tables.alerts).toMatchObject({ ...noDifference, equal: 0 });
    expect(tables.alerts.leftOut['begun-later']).toBeGreaterThanOrEqual(told);
  });
});
