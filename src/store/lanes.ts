import { MdpError } from '../errors.ts';
import type { LaneRequest, LaneStart, TakeMode } from '../model/lane.ts';
import type { Database, Limit, PoolClient } from '../postgres.ts';
import type { StoredBar } from '../model/stored-bar.ts';
import { readCheckpoint, type StoredCheckpoint } from './checkpoints.ts';
import { logChanged, notRepeatable } from './lane-errors.ts';
import { asking } from './store-error.ts';
import { refuseAdded } from './siblings.ts';
import { barsSince } from './stored-bars.ts';
import { firstOf, firstTelling, isSameLog, judgeLane, tellingOf, type Telling, type ToldLane } from './tellings.ts';

/** A lane as its pipeline knows it before the database does. Its name starts with the pipeline's. */
export interface LaneWish {
  readonly name: string;
  readonly source: string;
  readonly pausable: boolean;
  readonly complete: boolean;
  readonly request: LaneRequest;
  readonly mode: TakeMode;
  /** Our clock: the start time of a lane that is taken up for the first time. */
  readonly nowMs: number;
  /** The longest of the configured bar specs, ms: a bar that closes after a time opens at most so long before it. */
  readonly intervalMsMax: number;
  /** The spec whose bars are the base grid; null where that is not stored. */
  readonly baseSpec: string | null;
}

/** A lane and what it knew. */
export interface TakenLane {
  readonly start: LaneStart;
  /** Encoded state at `start.position`; null: there is none, or it does not count. */
  readonly state: Uint8Array | null;
  /** Of a log that cannot be read again: bars of the base grid that were stored after `state`. */
  readonly storedBars: readonly StoredBar[];
}

/** Longest that looking for a lane's newest bar may take. */
const searchMsMax = 5_000;

/**
 * Takes a lane up: the row in `lanes` is made or moved on in one transaction, which waits for sink transactions of the
 * lane that are under way. Throws an MdpError: `log-changed`, `rebuild-refused`, `store-unavailable`, `store-misconfigured`.
 */
export async function takeLane(database: Database, limit: Limit, wish: LaneWish): Promise<TakenLane> {
  if (wish.mode === 'rebuild' && !wish.request.repeatable) throw notRepeatable(wish);
  const taken = await asking(() => database.use(limit, (client) => takeRow(client, wish)));
  const stored = taken.isNew ? nothingStored : await findNewestBar(database, limit, { ...wish, ...taken });
  const { name, source, pausable, complete, mode } = wish;
  const { generation, fromPosition, checkpoint, startTimeMs } = taken;
  // Who goes on from now has been told that the log may be another one.
  const lastRecordHash = mode === 'from-now' ? null : checkpoint?.lastRecordHash ?? null;
  return {
    start: {
      lane: { name, source, pausable, complete, generation, fromPosition, storedUntilMs: stored.untilMs },
      position: checkpoint?.position ?? fromPosition, lastRecordHash, startTimeMs, newestEventTimeMs: stored.newestMs,
    },
    state: mode === 'resume' ? checkpoint?.state ?? null : null,
    storedBars: await findStoredBars(database, limit, { wish, checkpoint }),
  };
}

/**
 * Moves on the close time, by venue, up to which nothing but a rebuild changes a bar of the lane. Only where the
 * generation still holds; returns whether it does.
 */
export async function settleLane(
  database: Database, limit: Limit, settled: { lane: string; generation: number; untilMs: ReadonlyMap<string, number> },
): Promise<boolean> {
  const venues = Object.fromEntries(settled.untilMs);
  const { rowCount } = await asking(() => database.query(
    limit, 'UPDATE lanes SET settled_until = settled_until || $3::jsonb WHERE name = $1 AND generation = $2',
    [settled.lane, settled.generation, JSON.stringify(venues)],
  ));
  return rowCount === 1;
}

interface TakenRow extends Telling {
  readonly isNew: boolean;
  readonly startTimeMs: number;
  /** Least of the venues' settled times; null where none is known. */
  readonly settledMs: number | null;
}

interface LaneRow extends ToldLane {
  readonly startTimeMs: number;
  readonly settled: Readonly<Record<string, number>>;
}

async function takeRow(client: PoolClient, wish: LaneWish): Promise<TakenRow> {
  const { name, source, complete, request, nowMs } = wish;
  const siblings = request.siblings?.count ?? null;
  await client.query('BEGIN');
  const inserted = await client.query(
    `INSERT INTO lanes (name, source, generation, log_identity, complete, repeatable, start_time, from_position, siblings,
                        log_id)
     VALUES ($1, $2, 1, $3, $4, $5, to_timestamp($6::double precision / 1000), $7, $8, $9) ON CONFLICT (name) DO NOTHING`,
    [name, source, request.logIdentity, complete, request.repeatable, nowMs, firstOf(request), siblings,
      request.logId ?? null],
  );
  const { rows } = await client.query<LaneRow>(
    `SELECT generation, log_identity AS "logIdentity", log_id AS "logId", repeatable, settled_until AS settled, rebuilding,
            from_position AS "fromPosition",
            (extract(epoch FROM start_time) * 1000)::double precision AS "startTimeMs"
       FROM lanes WHERE name = $1 FOR UPDATE`,
    [name],
  );
  const known = rows[0];
  const isNew = inserted.rowCount === 1;
  if (isNew) await refuseAdded(client, name, request);
  const moved = isNew ? firstTelling(request) : await moveOn(client, wish, known);
  await client.query('COMMIT');
  const settled = Object.values(known.settled);
  const settledMs = settled.length === 0 ? null : Math.min(...settled);
  return { ...moved, isNew, startTimeMs: Math.round(known.startTimeMs), settledMs };
}

async function moveOn(client: PoolClient, wish: LaneWish, known: LaneRow): Promise<Telling> {
  const { name, source, complete, request } = wish;
  const verdict = judgeLane(known, request, wish.mode);
  if (verdict.kind === 'log-changed' && (await hasBars(client, name))) throw logChanged(wish, known);
  const telling = tellingOf(verdict, { wish, known, stored: await readCheckpoint(client, name) });
  const isKept = telling.generation === known.generation;
  await client.query(
    `UPDATE lanes SET source = $2, generation = $3, log_identity = $4, complete = $5, repeatable = $6, from_position = $7,
            rebuilding = $8, told_since = CASE WHEN $9 THEN told_since ELSE $3 END,
            log_since = CASE WHEN $10 THEN log_since ELSE $3 END, taken_at = now(), siblings = coalesce(siblings, $11),
            log_id = CASE WHEN $10 THEN coalesce($12, log_id) ELSE $12 END
      WHERE name = $1`,
    [name, source, telling.generation, request.logIdentity, complete, request.repeatable, telling.fromPosition,
      telling.isRebuilding, isKept, isSameLog(known, request), request.siblings?.count ?? null,
      request.logId ?? null],
  );
  if (!isKept && wish.mode === 'resume' && request.repeatable && telling.checkpoint !== null) {
    await client.query('UPDATE lane_checkpoints SET generation = $2 WHERE lane = $1', [name, telling.generation]);
  }
  return telling;
}

async function hasBars(client: PoolClient, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM bars WHERE lane = $1) AS found', [name]);
  return rows[0].found;
}

/** A log that can be read again brings its ticks back by itself. */
async function findStoredBars(
  database: Database, limit: Limit, { wish, checkpoint }: { wish: LaneWish; checkpoint: StoredCheckpoint | null },
): Promise<readonly StoredBar[]> {
  if (wish.request.repeatable || wish.mode !== 'resume' || wish.baseSpec === null || checkpoint === null) return [];
  const { generation, position, settledUntilMs } = checkpoint;
  if (settledUntilMs.length === 0) return [];
  const search = { ...limit, deadlineMs: Math.min(limit.deadlineMs, searchMsMax) };
  const since = { lane: wish.name, spec: wish.baseSpec, generation, position, fromMs: Math.min(...settledUntilMs) };
  return barsSince(database, search, since).catch(() => []);
}

interface StoredUntil {
  /** No stored bar of the lane closes later. */
  readonly untilMs: number;
  readonly newestMs: number | null;
}

const nothingStored: StoredUntil = { untilMs: -Infinity, newestMs: null };

/**
 * The newest close time of a lane's bars. There is no index for it, which would cost every insert: a bar that closes
 * after the settled time opens less than the longest interval before it, so that only the newest chunks are read. When
 * that takes too long the answer is Infinity: every row is then written by upsert, which is slower and as right.
 */
async function findNewestBar(
  database: Database, limit: Limit, lane: { name: string; intervalMsMax: number; settledMs: number | null },
): Promise<StoredUntil> {
  const { name, settledMs } = lane;
  const since = settledMs === null ? '-infinity' : new Date(settledMs - lane.intervalMsMax - zoneShiftMs).toISOString();
  const search = { ...limit, deadlineMs: Math.min(limit.deadlineMs, searchMsMax) };
  try {
    const { rows } = await database.query<{ newest: number | null }>(
      search,
      `SELECT (extract(epoch FROM max(close_time)) * 1000)::double precision AS newest
         FROM bars WHERE lane = $1 AND open_time >= $2::timestamptz`,
      [name, since],
    );
    const newestMs = rows[0]?.newest ?? null;
    return { untilMs: Math.max(newestMs ?? -Infinity, settledMs ?? -Infinity), newestMs: newestMs ?? settledMs };
  } catch {
    if (limit.abort?.aborted === true) throw new MdpError('store-unavailable', 'Taking up the lane was aborted.');
    return { untilMs: Infinity, newestMs: settledMs };
  }
}

/** A local day may be an hour longer than its interval says. */
const zoneShiftMs = 3_600_000;
