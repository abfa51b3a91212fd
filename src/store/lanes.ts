import { MdpError } from '../errors.ts';
import type { LaneRequest, LaneStart } from '../model/lane.ts';
import type { Database, Limit, PoolClient } from '../postgres.ts';
import { asking } from './store-error.ts';

/** A lane as its pipeline knows it before the database does. Its name starts with the pipeline's. */
export interface LaneWish {
  readonly name: string;
  readonly source: string;
  readonly pausable: boolean;
  readonly complete: boolean;
  readonly request: LaneRequest;
  /** Our clock: the start time of a lane that is taken up for the first time. */
  readonly nowMs: number;
  /** The longest of the configured bar specs, ms: a bar that closes after a time opens at most so long before it. */
  readonly intervalMsMax: number;
}

/** What the database knows of a lane from before. */
export interface KnownLane {
  readonly generation: number;
  readonly logIdentity: string;
  readonly repeatable: boolean;
}

export type LaneVerdict =
  | { readonly kind: 'keep'; readonly generation: number }
  | { readonly kind: 'next'; readonly generation: number }
  | { readonly kind: 'log-changed' };

/**
 * Which telling of the history a take-up is: a log that can be read again keeps its generation over restarts, another
 * one gets the next at every take-up. A log that was exchanged for another is refused where its bars are stored.
 */
export function judgeLane(known: KnownLane, request: LaneRequest): LaneVerdict {
  if (!request.repeatable) return { kind: 'next', generation: known.generation + 1 };
  const same = known.repeatable && known.logIdentity === request.logIdentity;
  return same ? { kind: 'keep', generation: known.generation } : { kind: 'log-changed' };
}

/** Longest that looking for a lane's newest bar may take. */
const searchMsMax = 5_000;

/**
 * Takes a lane up: the row in `lanes` is made or moved on in one transaction, which waits for sink transactions of the
 * lane that are under way. Throws an MdpError: `log-changed`, `store-unavailable`, `store-misconfigured`.
 */
export async function takeLane(database: Database, limit: Limit, wish: LaneWish): Promise<LaneStart> {
  const taken = await asking(() => database.use(limit, (client) => takeRow(client, wish)));
  const stored = taken.isNew ? nothingStored : await findNewestBar(database, limit, { ...wish, ...taken });
  const { name, source, pausable, complete } = wish;
  return {
    lane: { name, source, pausable, complete, generation: taken.generation, storedUntilMs: stored.untilMs },
    position: 0,
    startTimeMs: taken.startTimeMs,
    newestEventTimeMs: stored.newestMs,
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

interface TakenRow {
  readonly isNew: boolean;
  readonly generation: number;
  readonly startTimeMs: number;
  /** Least of the venues' settled times; null where none is known. */
  readonly settledMs: number | null;
}

interface LaneRow extends KnownLane {
  readonly startTimeMs: number;
  readonly settled: Readonly<Record<string, number>>;
}

async function takeRow(client: PoolClient, wish: LaneWish): Promise<TakenRow> {
  const { name, source, complete, request, nowMs } = wish;
  await client.query('BEGIN');
  const inserted = await client.query(
    `INSERT INTO lanes (name, source, generation, log_identity, complete, repeatable, start_time)
     VALUES ($1, $2, 1, $3, $4, $5, to_timestamp($6::double precision / 1000)) ON CONFLICT (name) DO NOTHING`,
    [name, source, request.logIdentity, complete, request.repeatable, nowMs],
  );
  const { rows } = await client.query<LaneRow>(
    `SELECT generation, log_identity AS "logIdentity", repeatable, settled_until AS settled,
            (extract(epoch FROM start_time) * 1000)::double precision AS "startTimeMs"
       FROM lanes WHERE name = $1 FOR UPDATE`,
    [name],
  );
  const known = rows[0];
  const isNew = inserted.rowCount === 1;
  const generation = isNew ? 1 : await moveOn(client, wish, known);
  await client.query('COMMIT');
  const settled = Object.values(known.settled);
  const settledMs = settled.length === 0 ? null : Math.min(...settled);
  return { isNew, generation, startTimeMs: Math.round(known.startTimeMs), settledMs };
}

async function moveOn(client: PoolClient, wish: LaneWish, known: KnownLane): Promise<number> {
  const { name, source, complete, request } = wish;
  const verdict = judgeLane(known, request);
  if (verdict.kind === 'log-changed' && (await hasBars(client, name))) throw logChanged(wish, known);
  const generation = verdict.kind === 'log-changed' ? known.generation + 1 : verdict.generation;
  await client.query(
    `UPDATE lanes SET source = $2, generation = $3, log_identity = $4, complete = $5, repeatable = $6, taken_at = now()
      WHERE name = $1`,
    [name, source, generation, request.logIdentity, complete, request.repeatable],
  );
  return generation;
}

async function hasBars(client: PoolClient, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM bars WHERE lane = $1) AS found', [name]);
  return rows[0].found;
}

function logChanged(wish: LaneWish, known: KnownLane): MdpError {
  const literal = `'${wish.name.replaceAll("'", "''")}'`;
  const tables = ['bars', 'late_ticks', 'gaps', 'dead_letters'];
  const deletions = tables.map((table) => `DELETE FROM ${table} WHERE lane = ${literal};`);
  const before = `"${known.logIdentity}"${known.repeatable ? '' : ' (which could not be read again)'}`;
  return new MdpError(
    'log-changed',
    `The log of lane ${wish.name} is another one than the log that its stored bars were folded from: it is now ` +
      `"${wish.request.logIdentity}", it was ${before}. Give the source another name, take the old log back, or ` +
      `delete what the lane has stored: ${deletions.join(' ')} DELETE FROM lanes WHERE name = ${literal};`,
  );
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
