import type { StoredAlert } from '../model/alert-store.ts';
import type { Database, Limit } from '../postgres.ts';
import { alertColumns, alertsWithRules } from './alerts.ts';
import { timestamp } from './bar-records.ts';
import { asking } from './store-error.ts';

/** A look reads this many changes at most; of more the newest. */
const recentMax = 1_000;

/** Alerts that came to their state within `spanMs`, the oldest change first. */
export async function recentAlerts(database: Database, limit: Limit, spanMs: number): Promise<readonly StoredAlert[]> {
  const { rows } = await asking(() => database.query<StoredAlert>(limit, `
    SELECT ${alertColumns} FROM ${alertsWithRules}
     WHERE alert.state > 0 AND alert.changed_at >= now() - $1 * interval '1 millisecond'
     ORDER BY alert.changed_at DESC, alert.rule_id, alert.open_time LIMIT ${recentMax}`, [spanMs]));
  return rows.toReversed();
}

const isKey = `alert.rule_id = $1::uuid AND alert.rule_version = $2 AND alert.open_time = $3::timestamptz
  AND alert.bar_index = $4 AND alert.state = $5`;

function keyOf(alert: StoredAlert): unknown[] {
  return [
    alert.ruleId, alert.ruleVersion, timestamp(alert.openTimeMs), alert.barIndex, alert.state === 'triggered' ? 1 : 2,
  ];
}

/** What is older was told by nobody, and is news to nobody: a webhook that is set up anew is not told the past. */
const isDue = `alert.state > 0 AND alert.delivered_state IS DISTINCT FROM alert.state AND alert.deliver_after <= now()
  AND alert.changed_at > now() - interval '1 hour'`;

/** Of muted rules nobody is called, neither now nor when they are heard again. */
const passMuted = `UPDATE alerts AS alert SET delivered_state = alert.state FROM alert_rules AS rule
  WHERE rule.id = alert.rule_id AND rule.version = alert.rule_version AND rule.muted AND ${isDue}`;

const claimDue = `
  UPDATE alerts AS alert
     SET deliver_attempts = alert.deliver_attempts + 1, deliver_after = now() + $2 * interval '1 millisecond'
    FROM alert_rules AS rule
   WHERE rule.id = alert.rule_id AND rule.version = alert.rule_version
     AND (alert.rule_id, alert.rule_version, alert.open_time, alert.bar_index) IN (
           SELECT alert.rule_id, alert.rule_version, alert.open_time, alert.bar_index FROM alerts AS alert
            WHERE ${isDue} ORDER BY alert.changed_at LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING ${alertColumns}, alert.deliver_attempts AS attempts`;

/** Claims alerts that no webhook was told of; another process passes them by until the lease is over. */
export async function claimAlerts(
  database: Database, limit: Limit, { rowsMax, leaseMs }: { readonly rowsMax: number; readonly leaseMs: number },
): Promise<readonly (StoredAlert & { readonly attempts: number })[]> {
  await asking(() => database.query(limit, passMuted));
  const { rows } = await asking(() => (
    database.query<StoredAlert & { attempts: number }>(limit, claimDue, [rowsMax, leaseMs])));
  return rows;
}

/** One that has come to another state meanwhile is told of that one too. */
export async function alertDelivered(database: Database, limit: Limit, alert: StoredAlert): Promise<void> {
  await asking(() => database.query(limit, `
    UPDATE alerts AS alert SET delivered_state = alert.state, notified_at = now() WHERE ${isKey}`, keyOf(alert)));
}

export async function postponeAlert(database: Database, limit: Limit, alert: StoredAlert, waitMs: number): Promise<void> {
  await asking(() => database.query(limit, `
    UPDATE alerts AS alert SET deliver_after = CASE WHEN $6::double precision IS NULL THEN 'infinity'
           ELSE now() + $6 * interval '1 millisecond' END
     WHERE ${isKey}`, [...keyOf(alert), Number.isFinite(waitMs) ? waitMs : null]));
}
