import type { AlertTerms } from '../model/alert.ts';
import type { RuleChange, RuleTexts, StoredRule } from '../model/alert-store.ts';
import type { Database, Limit, PoolClient } from '../postgres.ts';
import { timestamp } from './bar-records.ts';
import { asking } from './store-error.ts';

/**
 * Versions of a rule that are kept: older ones can be told no more by a rebuild. With 1,000 rules and as many deleted ones
 * the lanes hold 40,000 versions at most, some 16 MB.
 */
const versionsMax = 20;
const deletedMax = 1_000;

export const ruleColumns = `rule.id::text, rule.version, rule.venue, rule.symbol, rule.bar_spec AS "barSpec", rule.condition,
  rule.threshold, rule.indicator, rule.note, rule.muted, rule.deleted AS "isDeleted",
  (extract(epoch FROM rule.expires) * 1000)::double precision AS "expiresMs",
  (extract(epoch FROM rule.valid_from) * 1000)::double precision AS "validFromMs",
  (extract(epoch FROM rule.created_at) * 1000)::double precision AS "createdMs",
  (extract(epoch FROM rule.updated_at) * 1000)::double precision AS "updatedMs"`;

/** Another number whenever a rule was written. */
export async function newestRuleChange(database: Database, limit: Limit): Promise<number> {
  const { rows } = await asking(() => database.query<{ change: number }>(
    limit, 'SELECT coalesce(max(change), 0) AS change FROM alert_rules'));
  return rows[0].change;
}

/** Every version of every rule. */
export async function readRules(database: Database, limit: Limit): Promise<readonly StoredRule[]> {
  const { rows } = await asking(() => database.query<StoredRule>(
    limit, `SELECT ${ruleColumns} FROM alert_rules AS rule ORDER BY id, version`));
  return rows;
}

/** Writes down from where on a version holds, for every process to see; who comes second changes nothing. */
export async function beginRule(
  database: Database, limit: Limit, begun: { readonly id: string; readonly version: number; readonly validFromMs: number },
): Promise<void> {
  await asking(() => changing(database, limit, (client) => client.query(
    `UPDATE alert_rules SET valid_from = coalesce(valid_from, $3::timestamptz), change = ${nextChange}
      WHERE id = $1::uuid AND version = $2`,
    [begun.id, begun.version, timestamp(begun.validFromMs)])));
}

export type NewRule = AlertTerms & RuleTexts & { readonly id: string; readonly nowMs: number; readonly rulesMax: number };

export function createRule(database: Database, limit: Limit, rule: NewRule): Promise<'created' | 'full' | 'exists'> {
  return changing(database, limit, async (client) => {
    if (await newestVersion(client, rule.id) !== null) return 'exists';
    const { rows: [found] } = await client.query<{ count: number }>(
      `SELECT count(*) FROM alert_rules AS rule WHERE NOT deleted AND ${isNewest}`);
    if (found.count >= rule.rulesMax) return 'full';
    await insertVersion(client, { ...rule, version: 1, createdMs: rule.nowMs, isDeleted: false }, rule.nowMs);
    return 'created';
  });
}

/** Other terms are another version, which nobody has begun yet; note and mute are those of all versions. */
export function changeRule(
  database: Database, limit: Limit, { id, version, next, nowMs }: RuleChange,
): Promise<'changed' | 'missing' | 'stale'> {
  return changing(database, limit, async (client) => {
    const rule = await newestVersion(client, id);
    if (rule === null || rule.isDeleted) return 'missing';
    if (rule.version !== version) return 'stale';
    await client.query(
      `UPDATE alert_rules SET note = $2, muted = $3, updated_at = $4::timestamptz, change = ${nextChange}
        WHERE id = $1::uuid`, [id, next.note, next.muted, timestamp(nowMs)]);
    if (termsOf(next) === termsOf(rule)) return 'changed';
    const { venue, symbol, barSpec, createdMs } = rule;
    await insertVersion(
      client, { ...next, id, venue, symbol, barSpec, createdMs, version: version + 1, isDeleted: false }, nowMs);
    await client.query(
      'DELETE FROM alert_rules WHERE id = $1::uuid AND version <= $2', [id, rule.version + 1 - versionsMax]);
    return 'changed';
  });
}

/** A last version that asks nothing: the ones before hold up to where it begins. Returns whether there was a rule. */
export function deleteRule(
  database: Database, limit: Limit, { id, nowMs }: { readonly id: string; readonly nowMs: number },
): Promise<boolean> {
  return changing(database, limit, async (client) => {
    const rule = await newestVersion(client, id);
    if (rule === null || rule.isDeleted) return false;
    await insertVersion(client, { ...rule, version: rule.version + 1, isDeleted: true }, nowMs);
    await client.query(
      `DELETE FROM alert_rules WHERE id IN (
         SELECT id FROM alert_rules WHERE deleted ORDER BY updated_at DESC, id OFFSET ${deletedMax})`);
    return true;
  });
}

const isNewest = `NOT EXISTS (SELECT FROM alert_rules AS newer WHERE newer.id = rule.id AND newer.version > rule.version)`;
const nextChange = '(SELECT coalesce(max(change), 0) + 1 FROM alert_rules)';

/** One writer at a time, so that changes are seen in the order of their numbers; readers do not wait. */
async function changing<T>(database: Database, limit: Limit, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return database.use(limit, async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE alert_rules IN SHARE ROW EXCLUSIVE MODE');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}

async function newestVersion(client: PoolClient, id: string): Promise<StoredRule | null> {
  const { rows } = await client.query<StoredRule>(
    `SELECT ${ruleColumns} FROM alert_rules AS rule WHERE id = $1::uuid ORDER BY version DESC LIMIT 1`, [id]);
  return rows[0] ?? null;
}

type NewVersion = Omit<StoredRule, 'validFromMs' | 'updatedMs'>;

async function insertVersion(client: PoolClient, rule: NewVersion, nowMs: number): Promise<void> {
  await client.query(
    `INSERT INTO alert_rules (id, version, venue, symbol, bar_spec, condition, threshold, indicator, note, muted, deleted,
                              expires, created_at, updated_at, change)
     VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::double precision, $8, $9, $10, $11, $12::timestamptz, $13::timestamptz,
             $14::timestamptz, ${nextChange})`,
    [
      rule.id, rule.version, rule.venue, rule.symbol, rule.barSpec, rule.condition, rule.threshold, rule.indicator,
      rule.note, rule.muted, rule.isDeleted, rule.expiresMs === null ? null : timestamp(rule.expiresMs),
      timestamp(rule.createdMs), timestamp(nowMs),
    ]);
}

function termsOf({ condition, threshold, indicator, expiresMs }: AlertTerms): string {
  return JSON.stringify([condition, threshold, indicator, expiresMs]);
}
