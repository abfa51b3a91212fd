import type { StoredAlert } from '../model/alert-store.ts';

/** Names what a version of a rule came to on a bar, whatever its state. */
export function alertIdOf(alert: Pick<StoredAlert, 'ruleId' | 'ruleVersion' | 'openTimeMs' | 'barIndex'>): string {
  return `${alert.ruleId}.${alert.ruleVersion}.${alert.openTimeMs}.${alert.barIndex}`;
}
