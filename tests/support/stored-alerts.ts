import { expect } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { expectedAlerts, type AlertOracleBar, type OracleRule } from '../oracle/alerts.ts';
import { storedTable, storedValues } from './stored-table.ts';

const limit = { deadlineMs: 60_000 };

export interface StoredCounts {
  readonly triggered: number;
  readonly withdrawn: number;
}

/** Every version of every rule, by the test's own SQL. */
async function storedRules(database: Database, venues: readonly string[]): Promise<OracleRule[]> {
  const { rows } = await database.query<OracleRule>(limit, `
    SELECT id::text, version, venue, symbol, bar_spec AS spec, condition, threshold, indicator, deleted AS "isDeleted",
           (extract(epoch FROM valid_from) * 1000)::double precision AS "validFromMs",
           (extract(epoch FROM expires) * 1000)::double precision AS "expiresMs"
      FROM alert_rules WHERE venue = ANY ($1)`, [venues]);
  return rows;
}

/** What is triggered in the table is what the oracle makes of the bars and values there; how much there is of both states. */
export async function expectStoredAlerts(database: Database, venues: readonly string[]): Promise<StoredCounts> {
  const values = Map.groupBy(await storedValues(database, venues), ({ venue, symbol, spec, openTimeMs }) =>
    `${venue}/${symbol}/${spec}/${openTimeMs}`);
  const bars = (await storedTable(database, venues)).map((bar): AlertOracleBar => ({
    ...bar, values: new Map((values.get(`${bar.venue}/${bar.symbol}/${bar.spec}/${bar.openTimeMs}`) ?? [])
      .map(({ indicator, value }) => [indicator, value])),
  }));
  const { rows } = await database.query<{ key: string; value: number; state: number }>(limit, `
    SELECT rule_id || '/' || rule_version || '/' || (extract(epoch FROM open_time) * 1000)::bigint AS key, value, state::integer
      FROM alerts WHERE venue = ANY ($1)`, [venues]);
  const stored = rows.filter(({ state }) => state === 1).map(({ key, value }) => `${key} ${value}`);
  const expected = [...expectedAlerts(await storedRules(database, venues), bars)].map(([key, value]) => `${key} ${value}`);
  expect(stored.sort()).toEqual(expected.sort());
  return { triggered: stored.length, withdrawn: rows.filter(({ state }) => state === 2).length };
}
