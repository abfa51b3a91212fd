import {
  positionsMax, type Position, type PositionChange, type PositionStore, type StoredPosition,
} from '../model/position.ts';
import type { Database, Limit } from '../postgres.ts';
import { timestamp } from './bar-records.ts';
import { asking } from './store-error.ts';

export function createPositionStore(database: Database, deadlineMs: number): PositionStore {
  return {
    list: (abort) => asking(() => listPositions(database, { deadlineMs, abort })),
    find: (id, abort) => asking(() => findPosition(database, { deadlineMs, abort }, id)),
    create: (position, abort) => asking(() => insertPosition(database, { deadlineMs, abort }, position)),
    change: (change, abort) => asking(() => updatePosition(database, { deadlineMs, abort }, change)),
    remove: (id, abort) => asking(async () => {
      const { rowCount } = await database.query({ deadlineMs, abort }, 'DELETE FROM positions WHERE id = $1::uuid', [id]);
      return rowCount === 1;
    }),
  };
}

const columns = `
  id::text, venue, symbol, size, entry_price AS "entryPrice", note, revision,
  (extract(epoch FROM entry_time) * 1000)::double precision AS "entryTimeMs",
  (extract(epoch FROM created_at) * 1000)::double precision AS "createdMs",
  (extract(epoch FROM updated_at) * 1000)::double precision AS "updatedMs"`;

async function listPositions(database: Database, limit: Limit): Promise<readonly StoredPosition[]> {
  const { rows } = await database.query<StoredPosition>(
    limit, `SELECT ${columns} FROM positions ORDER BY venue, symbol, entry_time, id LIMIT ${positionsMax}`);
  return rows;
}

async function findPosition(database: Database, limit: Limit, id: string): Promise<StoredPosition | null> {
  const { rows } = await database.query<StoredPosition>(limit, `SELECT ${columns} FROM positions WHERE id = $1::uuid`, [id]);
  return rows[0] ?? null;
}

/** One at a time, by a lock that readers do not wait for: else two processes could each add the last one. */
function insertPosition(
  database: Database, limit: Limit, position: Position & { readonly id: string; readonly nowMs: number },
): Promise<StoredPosition | 'full' | 'exists'> {
  return database.use(limit, async (client) => {
    await client.query('BEGIN');
    await client.query('LOCK TABLE positions IN SHARE ROW EXCLUSIVE MODE');
    const { rows: [found] } = await client.query<{ count: number }>('SELECT count(*) FROM positions');
    const { rows } = found.count >= positionsMax ? { rows: [] } : await client.query<StoredPosition>(
      `INSERT INTO positions (id, venue, symbol, size, entry_price, entry_time, note, created_at, updated_at)
       VALUES ($1::uuid, $2, $3, $4, $5, $6::timestamptz, $7, $8::timestamptz, $8::timestamptz)
       ON CONFLICT (id) DO NOTHING RETURNING ${columns}`,
      [
        position.id, position.venue, position.symbol, position.size, position.entryPrice,
        timestamp(position.entryTimeMs), position.note, timestamp(position.nowMs),
      ]);
    const { rowCount: taken } = await client.query('SELECT FROM positions WHERE id = $1::uuid', [position.id]);
    await client.query('COMMIT');
    return rows[0] ?? (taken === 1 ? 'exists' : 'full');
  });
}

async function updatePosition(
  database: Database, limit: Limit, { id, changed, revision, nowMs }: PositionChange,
): Promise<StoredPosition | 'missing' | 'stale'> {
  const { rows: [updated] } = await database.query<StoredPosition>(
    limit,
    `UPDATE positions
        SET venue = coalesce($3, venue), symbol = coalesce($4, symbol), size = coalesce($5::double precision, size),
            entry_price = coalesce($6::double precision, entry_price), entry_time = coalesce($7::timestamptz, entry_time),
            note = coalesce($8, note), revision = revision + 1, updated_at = $9::timestamptz
      WHERE id = $1::uuid AND ($2::integer IS NULL OR revision = $2)
     RETURNING ${columns}`,
    [
      id, revision, changed.venue, changed.symbol, changed.size, changed.entryPrice,
      changed.entryTimeMs === undefined ? null : timestamp(changed.entryTimeMs), changed.note, timestamp(nowMs),
    ]);
  if (updated !== undefined) return updated;
  return await findPosition(database, limit, id) === null ? 'missing' : 'stale';
}
