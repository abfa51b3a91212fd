import type { AlertStore, ListedRule, StoredAlert } from '../../src/model/alert-store.ts';

/** Rules as the routes see them, without a database; of `history` what stands there. */
export function memoryAlerts(alerts: readonly StoredAlert[] = []): AlertStore {
  const stored = new Map<string, ListedRule>();
  return {
    list: () => Promise.resolve([...stored.values()]),
    find: (id) => Promise.resolve(stored.get(id) ?? null),
    create: ({ nowMs, rulesMax, ...rule }) => {
      if (stored.has(rule.id)) return Promise.resolve('exists');
      if (stored.size >= rulesMax) return Promise.resolve('full');
      stored.set(rule.id, {
        ...rule, version: 1, validFromMs: null, isDeleted: false, createdMs: nowMs, updatedMs: nowMs, last: null, isOver: false,
      });
      return Promise.resolve(stored.get(rule.id)!);
    },
    change: ({ id, version, next, nowMs }) => {
      const before = stored.get(id);
      if (before === undefined) return Promise.resolve('missing');
      if (before.version !== version) return Promise.resolve('stale');
      stored.set(id, { ...before, ...next, version: version + 1, updatedMs: nowMs });
      return Promise.resolve(stored.get(id)!);
    },
    remove: (id) => Promise.resolve(stored.delete(id)),
    history: ({ ruleId, limit }) => Promise.resolve(
      alerts.filter((alert) => ruleId === null || alert.ruleId === ruleId).slice(0, limit)),
  };
}
