import { MdpError } from '../errors.ts';
import { faultOf, sqlStateOf, type Database, type Limit, type PoolClient } from '../postgres.ts';
import { asking } from './store-error.ts';

/*
 * What people do with lanes by hand. Each takes two transactions. The first gives every lane that it touches its next
 * generation: whoever still writes one of them is fenced off and stops. The second moves the rows; it meets a writer at
 * most once more, as a deadlock, and is then tried again.
 */

/** Identity of a log that nobody has read yet: a lane that was made by a hand-over takes the first that comes. */
export const unknownLog = '';

export interface RenameReport {
  /** Rows that have the new name now, by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** All that a lane has stored gets another name. Throws an MdpError `lane-unknown` or `lane-refused`. */
export async function renameLane(
  database: Database, limit: Limit, { from, to }: { readonly from: string; readonly to: string },
): Promise<RenameReport> {
  await transaction(database, limit, async (client) => {
    const lanes = await lockLanes(client, [from, to]);
    requireLane(lanes, from);
    if (lanes.has(to)) throw refusal(`The lane ${to} is there already; two lanes cannot be joined by renaming.`);
    await moveOn(client, from, lanes.get(from)! + 1);
  });
  return transaction(database, limit, async (client) => {
    requireLane(await lockLanes(client, [from]), from);
    await client.query('UPDATE lanes SET name = $2, source = $3 WHERE name = $1', [from, to, to.split('/')[1]]);
    const rows: Record<string, number> = {};
    for (const table of await tablesOfLanes(client)) {
      const { rowCount } = await client.query(`UPDATE ${table} SET lane = $2 WHERE lane = $1`, [from, to]);
      rows[table] = rowCount ?? 0;
    }
    return { rows };
  });
}

/**
 * Logs that were added beside those of these lanes may be taken up from now on; each lane that was there goes on in its
 * next generation. Returns their names. Throws an MdpError `lane-unknown`.
 */
export function adoptLanes(database: Database, limit: Limit, { prefix }: { readonly prefix: string }): Promise<string[]> {
  return transaction(database, limit, async (client) => {
    const { rows } = await client.query<{ name: string; generation: number }>(
      "SELECT name, generation FROM lanes WHERE starts_with(name, $1 || '/') ORDER BY name FOR UPDATE", [prefix]);
    if (rows.length === 0) throw new MdpError('lane-unknown', `There is no lane of ${prefix}: see \`mdp lanes list\`.`);
    for (const { name, generation } of rows) await moveOn(client, name, generation + 1);
    await client.query("UPDATE lanes SET siblings = NULL WHERE starts_with(name, $1 || '/')", [prefix]);
    return rows.map(({ name }) => name);
  });
}

export interface HandOver {
  readonly from: string;
  readonly to: string;
  /** A boundary of every bar spec: what opens here or later changes hands. */
  readonly atMs: number;
  /** Our clock: the start time of a lane that is made by this. */
  readonly nowMs: number;
}

export interface HandOverReport {
  readonly bars: number;
  readonly indicators: number;
  readonly lateTicks: number;
  readonly gaps: number;
  readonly generations: { readonly from: number; readonly to: number };
  /** The receiving lane had never been taken up. */
  readonly isNew: boolean;
}

/**
 * Bars, values of indicators, alerts, gaps and late ticks of a lane from a time on become another lane's, whose generation
 * is then greater than both, so that what it tells wins where it is whole. Dead letters stay: they are records of the old
 * lane's log. Throws an MdpError `lane-unknown` or `lane-refused`.
 */
export async function handOverLane(database: Database, limit: Limit, handOver: HandOver): Promise<HandOverReport> {
  const { from, to } = handOver;
  const fenced = await transaction(database, limit, async (client) => {
    const isNew = await makeLane(client, handOver);
    const lanes = await lockLanes(client, [from, to]);
    requireLane(lanes, from);
    await refuseStraddling(client, handOver);
    const [fromGeneration, toGeneration] = [lanes.get(from)!, lanes.get(to)!];
    // Greater than every generation in any row of either, also after `moveSideTables` has raised some of them.
    const generations = { from: fromGeneration + 1, to: fromGeneration + toGeneration + 1 };
    await moveOn(client, from, generations.from);
    await moveOn(client, to, generations.to);
    return { generations, raiseBy: toGeneration, isNew };
  });
  const { generations, isNew, raiseBy } = fenced;
  return transaction(database, limit, async (client) => {
    requireUnchanged(await lockLanes(client, [from, to]), { [from]: generations.from, [to]: generations.to });
    await refuseStraddling(client, handOver);
    const bars = await client.query(
      `UPDATE bars SET lane = $2 WHERE lane = $1 AND open_time >= ${timeOf('$3')}`, [from, to, handOver.atMs]);
    const values = await client.query(
      `UPDATE indicators SET lane = $2 WHERE lane = $1 AND open_time >= ${timeOf('$3')}`, [from, to, handOver.atMs]);
    await client.query(
      `UPDATE alerts SET lane = $2 WHERE lane = $1 AND open_time >= ${timeOf('$3')}`, [from, to, handOver.atMs]);
    const side = await moveSideTables(client, handOver, raiseBy);
    await endSettled(client, handOver);
    return { bars: bars.rowCount ?? 0, indicators: values.rowCount ?? 0, ...side, generations, isNew };
  });
}

function refusal(message: string, cause?: unknown): MdpError {
  return new MdpError('lane-refused', message, cause);
}

/** Of a parameter that holds ms since 1970. */
function timeOf(parameter: string): string {
  return `to_timestamp(${parameter}::double precision / 1000)`;
}

const attemptsMax = 5;

/** Rows of compressed chunks are unpacked, as many as there are, until the next compression. */
const unpackWithoutLimit = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`;

/** One transaction, tried again when it and a writer stood in each other's way. */
async function transaction<T>(database: Database, limit: Limit, work: (client: PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await asking(() => database.use(limit, async (client) => {
        await client.query('BEGIN');
        await client.query('SET LOCAL statement_timeout = 0'); // The limit bounds the whole.
        await client.query(unpackWithoutLimit);
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      }));
    } catch (error) {
      const cause = error instanceof MdpError ? error.cause : error;
      if (sqlStateOf(cause) === '0A000') throw compressed(cause);
      if (!['40P01', '40001'].includes(sqlStateOf(cause) ?? '') || attempt === attemptsMax) throw error;
    }
  }
}

/** TimescaleDB before 2.11 cannot change rows in compressed chunks. */
function compressed(cause: unknown): MdpError {
  return refusal(`${faultOf(cause).message} Older versions of TimescaleDB cannot change rows in compressed ` +
    "chunks: run SELECT decompress_chunk(chunk, true) FROM show_chunks('bars') AS chunk; and try again.", cause);
}

/** Generations by name, of those that are there; their rows stay locked. In order of name, as the fence takes them. */
async function lockLanes(client: PoolClient, names: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await client.query<{ name: string; generation: number }>(
    'SELECT name, generation FROM lanes WHERE name = ANY ($1) ORDER BY name FOR UPDATE', [names]);
  return new Map(rows.map(({ name, generation }) => [name, generation]));
}

function requireLane(lanes: ReadonlyMap<string, number>, name: string): void {
  if (lanes.has(name)) return;
  throw new MdpError('lane-unknown', `There is no lane ${name}; \`mdp lanes list\` shows those that there are.`);
}

function requireUnchanged(lanes: ReadonlyMap<string, number>, generations: Readonly<Record<string, number>>): void {
  for (const [name, generation] of Object.entries(generations)) {
    if (lanes.get(name) === generation) continue;
    throw refusal(`The lane ${name} was taken up while its rows were about to be moved. Nothing was moved: ` +
      'stop its process, and try again.');
  }
}

/** The next telling goes on where the last one was: its checkpoint comes along. */
async function moveOn(client: PoolClient, name: string, generation: number): Promise<void> {
  await client.query(
    `UPDATE lane_checkpoints SET generation = $2 FROM lanes
      WHERE lane = $1 AND name = $1 AND lane_checkpoints.generation = lanes.generation`, [name, generation]);
  await client.query('UPDATE lanes SET generation = $2 WHERE name = $1', [name, generation]);
}

/** Only tables: `bars_in_words` is a view. Names as SQL writes them. */
async function tablesOfLanes(client: PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ table: string }>(`
    SELECT quote_ident(columns.table_name) AS table
      FROM information_schema.columns
      JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = current_schema() AND column_name = 'lane' AND table_type = 'BASE TABLE'
     ORDER BY 1`);
  return rows.map(({ table }) => table);
}

/** A lane that has never been taken up: whatever log it comes with will be its own. False where it was there. */
async function makeLane(client: PoolClient, { to, nowMs }: HandOver): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO lanes (name, source, generation, log_identity, complete, repeatable, start_time)
     VALUES ($1, $2, 1, $3, false, true, ${timeOf('$4')}) ON CONFLICT (name) DO NOTHING`,
    [to, to.split('/')[1], unknownLog, nowMs]);
  return rowCount === 1;
}

/** A bar has one owner. */
async function refuseStraddling(client: PoolClient, { from, atMs }: HandOver): Promise<void> {
  const { rows: [bar] } = await client.query<{ venue: string; symbol: string; spec: string; open: Date; close: Date }>(
    `SELECT venue, symbol, bar_spec AS spec, open_time AS open, close_time AS close FROM bars
      WHERE lane = $1 AND open_time < ${timeOf('$2')} AND close_time > ${timeOf('$2')}
        AND open_time > ${timeOf('$2')} - interval '8 days'
      ORDER BY open_time LIMIT 1`, [from, atMs]);
  if (bar === undefined) return;
  const { venue, symbol, spec, open, close } = bar;
  throw refusal(`${new Date(atMs).toISOString()} lies within a stored bar of lane ${from}: ${venue} ${symbol} ${spec} ` +
    `from ${open.toISOString()} until ${close.toISOString()}. Choose a time at which a window of every stored bar spec ` +
    'begins.');
}

/**
 * Keys of side tables hold lane and stamp: generations are raised beyond those of the new lane's own rows, so that no two
 * keys meet. A gap that lies on both sides of the time is cut in two.
 */
async function moveSideTables(
  client: PoolClient, { from, to, atMs }: HandOver, raiseBy: number,
): Promise<{ readonly lateTicks: number; readonly gaps: number }> {
  const values = [from, to, atMs, raiseBy];
  const at = timeOf('$3');
  const late = await client.query(
    `UPDATE late_ticks SET lane = $2, generation = generation + $4 WHERE lane = $1 AND event_time >= ${at}`, values);
  const gaps = await client.query(
    `UPDATE gaps SET lane = $2, generation = generation + $4 WHERE lane = $1 AND from_time >= ${at}`, values);
  const cut = await client.query(`
    INSERT INTO gaps (lane, generation, position, venue, symbol, bar_spec, from_time, until_time, reason, ticks_lost)
    SELECT $2, generation + $4, position, venue, symbol, bar_spec, ${at}, max(until_time), reason, 0
      FROM gaps WHERE lane = $1 AND from_time < ${at} AND until_time > ${at}
     GROUP BY generation, position, venue, symbol, bar_spec, reason
    ON CONFLICT (lane, generation, position, venue, symbol, bar_spec, reason, from_time)
    DO UPDATE SET until_time = greatest(gaps.until_time, excluded.until_time)`, values);
  await client.query(
    `UPDATE gaps SET until_time = ${timeOf('$2')} WHERE lane = $1 AND until_time > ${timeOf('$2')}`, [from, atMs]);
  return { lateTicks: late.rowCount ?? 0, gaps: (gaps.rowCount ?? 0) + (cut.rowCount ?? 0) };
}

/** The old lane can say nothing any more about what comes after the time. */
async function endSettled(client: PoolClient, { from, atMs }: HandOver): Promise<void> {
  for (const [table, name] of [['lanes', 'name'], ['lane_checkpoints', 'lane']]) {
    await client.query(
      `UPDATE ${table} SET settled_until = (
         SELECT coalesce(jsonb_object_agg(key, least(value::text::double precision, $2)), '{}')
           FROM jsonb_each(settled_until))
        WHERE ${name} = $1`, [from, atMs]);
  }
}
