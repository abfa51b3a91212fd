import type { PositionStore, StoredPosition } from '../../src/model/position.ts';

/** Positions as the routes see them, without a database. `max` of them are full. */
export function memoryPositions(max = 1_000): PositionStore {
  const stored = new Map<string, StoredPosition>();
  return {
    list: () => Promise.resolve([...stored.values()]),
    find: (id) => Promise.resolve(stored.get(id) ?? null),
    create: ({ nowMs, ...position }, abort) => {
      abort.throwIfAborted();
      if (stored.has(position.id)) return Promise.resolve('exists');
      if (stored.size >= max) return Promise.resolve('full');
      stored.set(position.id, { ...position, revision: 0, createdMs: nowMs, updatedMs: nowMs });
      return Promise.resolve(stored.get(position.id)!);
    },
    change: ({ id, changed, revision, nowMs }, abort) => {
      abort.throwIfAborted();
      const before = stored.get(id);
      if (before === undefined) return Promise.resolve('missing');
      if (revision !== null && revision !== before.revision) return Promise.resolve('stale');
      stored.set(id, { ...before, ...changed, revision: before.revision + 1, updatedMs: nowMs });
      return Promise.resolve(stored.get(id)!);
    },
    remove: (id) => Promise.resolve(stored.delete(id)),
  };
}
