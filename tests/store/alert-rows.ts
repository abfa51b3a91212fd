import type { NewRule } from '../../src/store/alert-rules.ts';
import type { Database } from '../../src/postgres.ts';

const limit = { deadlineMs: 30_000 };
export const noonMs = Date.UTC(2024, 0, 10, 12);

export function uuidOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

export function newRule(rule: Partial<NewRule> = {}): NewRule {
  return {
    id: uuidOf(1), venue: 'v', symbol: 'BTC', barSpec: '1m', condition: 'price_above', threshold: 100, indicator: null,
    expiresMs: null, note: '', muted: false, nowMs: noonMs, rulesMax: 1_000, ...rule,
  };
}

export interface PlainAlert {
  readonly rule?: number;
  readonly version?: number;
  /** Minute of its bar, from noon. */
  readonly minute?: number;
  readonly state?: number;
  readonly generation?: number;
}

/** By the test's own SQL. */
export async function storeAlerts(database: Database, alerts: readonly PlainAlert[]): Promise<void> {
  for (const { rule = 1, version = 1, minute = 0, state = 1, generation = 1 } of alerts) {
    await database.query(limit, `
      INSERT INTO alerts (rule_id, rule_version, lane, venue, symbol, bar_spec, open_time, bar_index, close_time, state, value,
                          bar_state, whole, generation, position)
      SELECT $1::uuid, $2, 'p/a', 'v', 'BTC', '1m', at, 0, at + interval '1 minute', $4, 101.5, 3, true, $5, 10
        FROM (SELECT to_timestamp($3::double precision / 1000) AS at) AS bar`,
    [uuidOf(rule), version, noonMs + minute * 60_000, state, generation]);
  }
}
