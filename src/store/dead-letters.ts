import type { LetterCount, LetterFilter, LetterKey, StoredLetter } from '../model/dead-letter.ts';
import { faultOf, type Database, type Limit, type PoolClient } from '../postgres.ts';
import { timestamp } from './bar-records.ts';
import { asking } from './store-error.ts';

/** Of a list, what a letter shows of its bytes. */
const excerptBytes = 200;

const columns = (bytes: string): string => `lane, generation, position, origin, counter, reason, message, place, retries,
  (extract(epoch FROM first_at) * 1000)::double precision AS "firstAtMs",
  (extract(epoch FROM last_at) * 1000)::double precision AS "lastAtMs",
  ${bytes} AS bytes, octet_length(bytes) AS "bytesTotal"`;

const isOfKey = 'lane = $1 AND generation = $2 AND position = $3 AND origin = $4 AND counter = $5';

const passes = `($1::text IS NULL OR lane = $1) AND ($2::text IS NULL OR origin = $2)
  AND ($3::text IS NULL OR reason = $3) AND last_at >= $4::timestamptz`;

/** `newest`: last seen first. `log`: as the records stand in their logs. */
export type LetterOrder = 'newest' | 'log';

const orders: { readonly [O in LetterOrder]: string } = {
  newest: 'last_at DESC, lane, generation, position, origin, counter',
  log: 'lane, generation, position, origin, counter',
};

/** Letters with the beginnings of their bytes. Throws an MdpError, like everything here. */
export async function listLetters(
  database: Database, limit: Limit, query: LetterFilter & { readonly order: LetterOrder; readonly limit: number },
): Promise<readonly StoredLetter[]> {
  const { rows } = await asking(() => database.query<StoredLetter>(limit,
    `SELECT ${columns(`substring(bytes FROM 1 FOR ${excerptBytes})`)} FROM dead_letters
      WHERE ${passes} ORDER BY ${orders[query.order]} LIMIT $5`,
    [...filterValues(query), query.limit]));
  return rows;
}

/** How many there are of each lane, origin and reason; the most first. */
export async function countLetters(
  database: Database, limit: Limit, filter: LetterFilter,
): Promise<readonly LetterCount[]> {
  const { rows } = await asking(() => database.query<LetterCount>(limit,
    `SELECT lane, origin, reason, count(*) AS letters,
            (extract(epoch FROM max(last_at)) * 1000)::double precision AS "lastAtMs"
       FROM dead_letters WHERE ${passes} GROUP BY lane, origin, reason ORDER BY 4 DESC, 1, 2, 3`,
    filterValues(filter)));
  return rows;
}

/** A letter with all its bytes, or null. */
export async function readLetter(database: Database, limit: Limit, key: LetterKey): Promise<StoredLetter | null> {
  const { rows } = await asking(() => database.query<StoredLetter>(
    limit, `SELECT ${columns('bytes')} FROM dead_letters WHERE ${isOfKey}`, keyValues(key)));
  return rows[0] ?? null;
}

/** Deletes the letters that pass the filter; returns how many. */
export async function dropLetters(database: Database, limit: Limit, filter: LetterFilter): Promise<number> {
  const { rowCount } = await asking(() =>
    database.query(limit, `DELETE FROM dead_letters WHERE ${passes}`, filterValues(filter)));
  return rowCount ?? 0;
}

/** Returns whether the letter was there. */
export async function dropLetter(database: Database, limit: Limit, key: LetterKey): Promise<boolean> {
  const { rowCount } = await asking(() =>
    database.query(limit, `DELETE FROM dead_letters WHERE ${isOfKey}`, keyValues(key)));
  return rowCount === 1;
}

/** What became of an attempt to replay a letter. */
export type Attempt =
  | { readonly kind: 'done'; readonly note: string }
  | { readonly kind: 'refused'; readonly message: string } // It was tried: a retry more.
  | { readonly kind: 'unfit'; readonly message: string }; // It cannot even be tried as it is.

export interface Settling {
  readonly key: LetterKey;
  /** When the attempt is made: `last_at` of a letter that was refused. */
  readonly nowMs: number;
  /** Works inside of the transaction, with the letter locked. A refusal by the database may be thrown. */
  readonly attempt: (letter: StoredLetter, client: PoolClient) => Promise<Attempt>;
}

/**
 * Tries a letter in one transaction: it is deleted when the attempt is done; else whatever the attempt wrote is taken back,
 * and the letter stays, when it was refused with a retry more and what was said to it. Null when there is no such letter
 * (any more): of two who try it at the same time one gets that answer.
 */
export function settleLetter(database: Database, limit: Limit, settling: Settling): Promise<Attempt | null> {
  return asking(() => database.use(limit, async (client) => {
    await client.query('BEGIN');
    const { rows } = await client.query<StoredLetter>(
      `SELECT ${columns('bytes')} FROM dead_letters WHERE ${isOfKey} FOR UPDATE`, keyValues(settling.key));
    const letter = rows[0];
    const settled = letter === undefined ? null : await settle(client, letter, settling);
    await client.query('COMMIT');
    return settled;
  }));
}

async function settle(client: PoolClient, letter: StoredLetter, { attempt, nowMs }: Settling): Promise<Attempt> {
  await client.query('SAVEPOINT attempt');
  const settled = await attempt(letter, client).catch((error: unknown) => refusalOf(error, letter));
  if (settled.kind === 'done') {
    await client.query(`DELETE FROM dead_letters WHERE ${isOfKey}`, keyValues(letter));
    return settled;
  }
  await client.query('ROLLBACK TO SAVEPOINT attempt');
  if (settled.kind === 'unfit') return settled;
  await client.query(
    `UPDATE dead_letters SET retries = retries + 1, last_at = greatest(last_at, $6::timestamptz), message = $7
      WHERE ${isOfKey}`,
    [...keyValues(letter), timestamp(nowMs), settled.message.replaceAll('\0', '\uFFFD')]);
  return settled;
}

/** What the database says to a row is an answer; what it says of itself is not, and is thrown. */
function refusalOf(error: unknown, { lane, generation }: StoredLetter): Attempt {
  const { action, message } = faultOf(error);
  if (action === 'set-aside') return { kind: 'refused', message };
  if (action !== 'lane-lost') throw error;
  return {
    kind: 'unfit', message: `Lane ${lane} has a newer generation than ${generation}, which this row belongs to: the ` +
      'newer telling of the log decides what stands in the table. Drop the letter.',
  };
}

/** A lane as the table `lanes` has it. */
export interface LaneOfLetters {
  readonly source: string;
  readonly logIdentity: string;
}

export async function readLane(database: Database, limit: Limit, name: string): Promise<LaneOfLetters | null> {
  const { rows } = await asking(() => database.query<LaneOfLetters>(
    limit, 'SELECT source, log_identity AS "logIdentity" FROM lanes WHERE name = $1', [name]));
  return rows[0] ?? null;
}

/** Lanes that have letters or are known otherwise, by name. */
export async function laneNames(database: Database, limit: Limit): Promise<readonly string[]> {
  const { rows } = await asking(() => database.query<{ name: string }>(
    limit, 'SELECT name FROM lanes UNION SELECT lane FROM dead_letters ORDER BY 1'));
  return rows.map(({ name }) => name);
}

/** Whether a newer telling of the lane's log has a letter for the same record. */
export async function hasNewerTwin(client: PoolClient, letter: LetterKey): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM dead_letters WHERE lane = $1 AND generation > $2 AND position = $3 AND origin = $4
       AND counter = $5) AS found`, keyValues(letter));
  return rows[0].found;
}

function keyValues({ lane, generation, position, origin, counter }: LetterKey): unknown[] {
  return [lane, generation, position, origin, counter];
}

function filterValues({ lane, origin, reason, sinceMs }: LetterFilter): unknown[] {
  return [lane, origin, reason, timestamp(sinceMs ?? -Infinity)];
}
