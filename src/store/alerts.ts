import type { AlertStore, HistoryQuery, ListedRule, StoredAlert } from '../model/alert-store.ts';
import type { Database, Limit } from '../postgres.ts';
import { changeRule, createRule, deleteRule, ruleColumns } from './alert-rules.ts';
import { timestamp } from './bar-records.ts';
import { asking } from './store-error.ts';

export function createAlertStore(database: Database, deadlineMs: number): AlertStore {
  const find = async (id: string, limit: Limit): Promise<ListedRule | null> => (
    (await listRules(database, limit, id))[0] ?? null);
  const limit = (abort: AbortSignal): Limit => ({ deadlineMs, abort });
  return {
    list: (abort) => asking(() => listRules(database, limit(abort), null)),
    find: (id, abort) => asking(() => find(id, limit(abort))),
    create: (rule, abort) => asking(async () => {
      const made = await createRule(database, limit(abort), rule);
      return made === 'created' ? (await find(rule.id, limit(abort)))! : made;
    }),
    change: (change, abort) => asking(async () => {
      const made = await changeRule(database, limit(abort), change);
      return made === 'changed' ? await find(change.id, limit(abort)) ?? 'missing' : made;
    }),
    remove: (id, nowMs, abort) => asking(() => deleteRule(database, limit(abort), { id, nowMs })),
    history: (query, abort) => asking(() => readHistory(database, limit(abort), query)),
  };
}

/** The newest bar of its series, and what the present version came to last, are each one step in the index of a key. */
async function listRules(database: Database, limit: Limit, id: string | null): Promise<readonly ListedRule[]> {
  const { rows } = await database.query<ListedRule>(limit, `
    SELECT ${ruleColumns}, coalesce(newest.close_time >= rule.expires, false) AS "isOver",
           CASE WHEN alert.state IS NULL THEN NULL ELSE json_build_object(
             'state', CASE alert.state WHEN 1 THEN 'triggered' ELSE 'withdrawn' END, 'value', alert.value,
             'closeTimeMs', (extract(epoch FROM alert.close_time) * 1000)::double precision) END AS last
      FROM (SELECT DISTINCT ON (id) * FROM alert_rules
             WHERE $1::uuid IS NULL OR id = $1::uuid ORDER BY id, version DESC) AS rule
      LEFT JOIN LATERAL (SELECT close_time FROM bars
                          WHERE venue = rule.venue AND symbol = rule.symbol AND bar_spec = rule.bar_spec
                            AND rule.expires IS NOT NULL ORDER BY open_time DESC LIMIT 1) AS newest ON true
      LEFT JOIN LATERAL (SELECT state, value, close_time FROM alerts
                          WHERE rule_id = rule.id AND rule_version = rule.version AND state > 0
                          ORDER BY open_time DESC, bar_index DESC LIMIT 1) AS alert ON true
     WHERE NOT rule.deleted ORDER BY rule.created_at, rule.id`, [id]);
  return rows;
}

export const alertColumns = `alert.rule_id::text AS "ruleId", alert.rule_version AS "ruleVersion", alert.venue, alert.symbol,
  alert.bar_spec AS "barSpec", rule.condition, rule.threshold, rule.indicator, alert.bar_index AS "barIndex", alert.value,
  alert.bar_state::integer AS "barState", CASE alert.state WHEN 1 THEN 'triggered' ELSE 'withdrawn' END AS state,
  (extract(epoch FROM alert.open_time) * 1000)::double precision AS "openTimeMs",
  (extract(epoch FROM alert.close_time) * 1000)::double precision AS "closeTimeMs",
  (extract(epoch FROM alert.changed_at) * 1000)::double precision AS "changedMs",
  (extract(epoch FROM alert.notified_at) * 1000)::double precision AS "notifiedMs"`;

/** Alerts of versions that are forgotten are told by none. */
export const alertsWithRules = `alerts AS alert
  JOIN alert_rules AS rule ON rule.id = alert.rule_id AND rule.version = alert.rule_version`;

async function readHistory(
  database: Database, limit: Limit, { ruleId, behind, limit: rowsMax }: HistoryQuery,
): Promise<readonly StoredAlert[]> {
  const { rows } = await database.query<StoredAlert>(limit, `
    SELECT ${alertColumns} FROM ${alertsWithRules}
     WHERE alert.state > 0 AND ($1::uuid IS NULL OR alert.rule_id = $1::uuid)
       AND ($2::timestamptz IS NULL
            OR (alert.close_time, alert.rule_id, alert.rule_version, alert.open_time, alert.bar_index)
            < ($2::timestamptz, $3::uuid, $4::integer, $5::timestamptz, $6::integer))
     ORDER BY alert.close_time DESC, alert.rule_id DESC, alert.rule_version DESC, alert.open_time DESC, alert.bar_index DESC
     LIMIT $7`,
  [
    ruleId, behind === null ? null : timestamp(behind.closeTimeMs), behind?.ruleId ?? null, behind?.ruleVersion ?? null,
    behind === null ? null : timestamp(behind.openTimeMs), behind?.barIndex ?? null, rowsMax,
  ]);
  return rows;
}
