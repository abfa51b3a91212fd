import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { positionsMax, type PositionStore } from '../../src/model/position.ts';
import type { Database } from '../../src/postgres.ts';
import { createPositionStore } from '../../src/store/positions.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 60_000 };
const nowMs = Date.UTC(2026, 0, 5, 12, 0, 0, 123);
const abort = new AbortController().signal;
const held = { venue: 'binance', symbol: 'XRPETH', size: -2.5, entryPrice: 0.1 + 0.2, entryTimeMs: nowMs - 1, note: '比特 "quoted"; DROP TABLE' };

describeOnEachServer('positions', (server) => {
  let database: Database;
  let store: PositionStore;
  beforeAll(async () => {
    database = await server.migratedDatabase();
    store = createPositionStore(database, 60_000);
  });

  it('are kept as they were written, every digit, and found again', async () => {
    const id = randomUUID();
    const stored = { ...held, id, revision: 0, createdMs: nowMs, updatedMs: nowMs };
    expect(await store.create({ ...held, id, nowMs }, abort)).toEqual(stored);
    expect(await store.find(id.toUpperCase(), abort)).toEqual(stored);
    expect(await store.list(abort)).toEqual([stored]);
    expect(await store.remove(id, abort)).toBe(true);
    expect([await store.remove(id, abort), await store.find(id, abort)]).toEqual([false, null]);
  });

  it('an id is taken once, and the one who came first keeps it', async () => {
    const id = randomUUID();
    await store.create({ ...held, id, nowMs }, abort);
    expect(await store.create({ ...held, id, size: 9, nowMs }, abort)).toBe('exists');
    expect(await store.find(id, abort)).toMatchObject({ size: -2.5 });
    await store.remove(id, abort);
  });

  it('what is not changed stays, and every change counts', async () => {
    const id = randomUUID();
    await store.create({ ...held, id, nowMs }, abort);
    const changed = await store.change({ id, changed: { size: 7 }, revision: null, nowMs: nowMs + 5 }, abort);
    expect(changed).toEqual({ ...held, id, size: 7, revision: 1, createdMs: nowMs, updatedMs: nowMs + 5 });
    expect(await store.change({ id, changed: { note: '' }, revision: 1, nowMs }, abort)).toMatchObject({ note: '', size: 7, revision: 2 });
    await store.remove(id, abort);
  });

  it('two who change what both have read: one of them is told', async () => {
    const id = randomUUID();
    await store.create({ ...held, id, nowMs }, abort);
    const outcomes = await Promise.all([1, 2, 3].map((size) => store.change({ id, changed: { size }, revision: 0, nowMs }, abort)));
    expect(outcomes.filter((outcome) => outcome === 'stale')).toHaveLength(2);
    await store.remove(id, abort);
    expect(await store.change({ id, changed: {}, revision: null, nowMs }, abort)).toBe('missing');
  });

  it('there are never more than the limit, however many come at once', async () => {
    await database.query(limit, `
      INSERT INTO positions (id, venue, symbol, size, entry_price, entry_time, note, created_at, updated_at)
      SELECT md5(n::text)::uuid, 'v', 's', 1, 1, now(), '', now(), now() FROM generate_series(1, $1) AS n`, [positionsMax - 2]);
    const other = createPositionStore(server.another(), 60_000);
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) =>
      (index % 2 === 0 ? store : other).create({ ...held, id: randomUUID(), nowMs }, abort)));
    expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(6);
    expect(await store.list(abort)).toHaveLength(positionsMax);
  });
});
