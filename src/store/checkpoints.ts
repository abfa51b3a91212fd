import type { Checkpoint, CheckpointOutcome } from '../model/checkpoint.ts';
import type { AnnounceRemoved } from '../model/removed-rows.ts';
import type { Database, Limit, PoolClient } from '../postgres.ts';
import { faultOf } from '../postgres.ts';
import { removeOlder, type RebuiltLane } from './rebuild.ts';
import { asking } from './store-error.ts';

/** What `lane_checkpoints` holds of a lane. */
export interface StoredCheckpoint {
  readonly generation: number;
  readonly position: number;
  readonly lastRecordHash: string | null;
  /** Of each venue. */
  readonly settledUntilMs: readonly number[];
  readonly state: Uint8Array;
}

/** Whoever went on from a checkpoint and found nothing more to read has not seen the record before it: it is still known. */
const keptRecord = `CASE WHEN (stored.generation, stored.position) = (excluded.generation, excluded.position)
                         THEN coalesce(excluded.last_record, stored.last_record) ELSE excluded.last_record END`;

const writeForward = `
  INSERT INTO lane_checkpoints AS stored (lane, generation, position, last_record, settled_until, state, taken_at, ended)
  VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::double precision / 1000), $8)
  ON CONFLICT (lane) DO UPDATE
     SET generation = excluded.generation, position = excluded.position, last_record = ${keptRecord},
         settled_until = excluded.settled_until, state = excluded.state, ended = excluded.ended,
         taken_at = excluded.taken_at, written_at = now()
   WHERE (stored.generation, stored.position) <= (excluded.generation, excluded.position)`;

/**
 * Writes a checkpoint, forward only and never under a newer telling: the fence stands in the same transaction, and so does
 * the removal of what older tellings have left where the lane is being rebuilt. Throws an
 * MdpError: `store-unavailable` (try again), `store-misconfigured`, and what `announce` throws, which is told of bars and
 * values before they are removed.
 */
export async function writeCheckpoint(
  database: Database, limit: Limit, checkpoint: Checkpoint & { readonly announce?: AnnounceRemoved | null },
): Promise<CheckpointOutcome> {
  const { announce = null, ...written } = checkpoint;
  return asking(async () => {
    try {
      return await database.use(limit, (client) => writeInside(client, written, announce));
    } catch (error) {
      if (faultOf(error).action === 'lane-lost') return 'lost';
      throw error;
    }
  });
}

async function writeInside(
  client: PoolClient, checkpoint: Checkpoint, announce: AnnounceRemoved | null,
): Promise<CheckpointOutcome> {
  const { lane, generation, position, lastRecordHash, settledUntilMs, state, takenAtMs, isEnded } = checkpoint;
  await client.query('BEGIN');
  const rebuilt = await readRebuilt(client, checkpoint);
  const settled = JSON.stringify(Object.fromEntries(settledUntilMs));
  // Before the fence: of two that write at once the second waits here. Behind it both would share the row in `lanes` that
  // each wants for itself in the end, a deadlock.
  const { rowCount } = await client.query(
    writeForward, [lane, generation, position, lastRecordHash, settled, Buffer.from(state), takenAtMs, isEnded]);
  await client.query('SELECT mdp_fence(ARRAY[$1], ARRAY[$2::bigint])', [lane, generation]);
  if (rowCount === 1) {
    const isOver = rebuilt !== null && (await removeOlder(client, checkpoint, { ...rebuilt, announce }));
    await client.query(
      'UPDATE lanes SET settled_until = settled_until || $2::jsonb, rebuilding = rebuilding AND NOT $3 WHERE name = $1',
      [lane, settled, isOver]);
  }
  await client.query('COMMIT');
  return rowCount === 1 ? 'written' : 'overtaken';
}

/** Before the checkpoint is written over the one before it. Null: nothing is being rebuilt. */
async function readRebuilt(client: PoolClient, { lane, generation }: Checkpoint): Promise<RebuiltLane | null> {
  const { rows } = await client.query<RebuiltLane>(
    `SELECT told_since AS "toldSince", log_since AS "logSince", coalesce(saved.settled_until, '{}') AS "removedUntilMs"
       FROM lanes LEFT JOIN lane_checkpoints AS saved ON saved.lane = name AND saved.generation = $2
      WHERE name = $1 AND rebuilding`,
    [lane, generation]);
  return rows[0] ?? null;
}

/** The checkpoint of a lane, inside a transaction that holds its row in `lanes`; null where there is none. */
export async function readCheckpoint(client: PoolClient, lane: string): Promise<StoredCheckpoint | null> {
  type Row = Omit<StoredCheckpoint, 'settledUntilMs'> & { readonly settled: Readonly<Record<string, number>> };
  const { rows } = await client.query<Row>(
    `SELECT generation, position, last_record AS "lastRecordHash", settled_until AS settled, state
       FROM lane_checkpoints WHERE lane = $1`,
    [lane],
  );
  if (rows.length === 0) return null;
  const { settled, ...rest } = rows[0];
  return { ...rest, settledUntilMs: Object.values(settled) };
}
