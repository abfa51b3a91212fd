import { MdpError } from '../errors.ts';
import { parseBarSpec } from '../model/bar-spec.ts';
import type { Checkpoint, PassedWindows } from '../model/checkpoint.ts';
import { ownLosses } from '../model/gap.ts';
import type { AnnounceRemoved, RemovedRow } from '../model/removed-rows.ts';
import { faultOf, sqlStateOf, type PoolClient } from '../postgres.ts';
import { timestamp } from './bar-records.ts';

/** A lane that is being told anew. */
export interface RebuiltLane {
  /** The generation that this telling began with: rows of earlier ones are those of older tellings. */
  readonly toldSince: number;
  /** The first generation that told the log that it has now. */
  readonly logSince: number;
  /** By venue: up to where the checkpoint before this one has removed what was older; empty where there is none. */
  readonly removedUntilMs: Readonly<Record<string, number>>;
}

/**
 * Inside the transaction of a checkpoint: removes what older tellings have left in windows that this one holds whole and
 * has passed. All that this one had to say of them is stored by then, and has replaced rows of the same keys: what is
 * still there of the older ones is not in the log any more. Others are told of bars and values before they go: should the
 * transaction fail they are told again. Returns whether the rebuild is over. Throws an MdpError `store-misconfigured` where
 * the server does not let us, and what `announce` throws.
 */
export async function removeOlder(
  client: PoolClient, checkpoint: Checkpoint, lane: RebuiltLane & { readonly announce: AnnounceRemoved | null },
): Promise<boolean> {
  try {
    await client.query(unpackWithoutLimit);
    for (const table of ['bars', 'indicators'] as const) {
      if (lane.announce !== null) await announceRows(client, table, { checkpoint, lane, announce: lane.announce });
      await removeRows(client, table, { checkpoint, lane });
    }
    await withdrawOlder(client, { checkpoint, lane });
    await removeBesides(client, checkpoint, lane);
    await removeLetters(client, checkpoint, lane);
  } catch (error) {
    throw refusalOf(error) ?? error;
  }
  return isOver(checkpoint);
}

/** Rows of older tellings were all there when the lane was taken up. */
function isOver({ isEnded, settledUntilMs, storedUntilMs }: Checkpoint): boolean {
  if (isEnded) return true;
  return settledUntilMs.size > 0 && Math.min(...settledUntilMs.values()) >= storedUntilMs;
}

/** Of compressed chunks the rows in question are unpacked, as many as there are, until the next compression. */
const unpackWithoutLimit = `SELECT set_config(name, '0', true) FROM pg_settings
  WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`;

/**
 * $3 to $6 are arrays, an entry for each venue (null: all) and bar spec; $7 and $8 bound them all, so that the server
 * leaves other chunks alone. A window that we lost something of ourselves is not whole: its gap is stored already.
 */
const inPassedWindows = `
     told.lane = $1 AND told.generation < $2
     AND told.open_time >= $7::timestamptz AND told.open_time < $8::timestamptz
     AND told.bar_spec = passed.bar_spec AND (passed.venue IS NULL OR told.venue = passed.venue)
     AND told.open_time >= passed.from_time AND told.close_time <= passed.until_time
     AND NOT EXISTS (SELECT FROM gaps
                      WHERE gaps.lane = $1 AND gaps.generation >= $2 AND gaps.reason = ANY ($9)
                        AND gaps.from_time < told.close_time AND gaps.until_time > told.open_time
                        AND gaps.venue IN ('', told.venue) AND gaps.symbol IN ('', told.symbol)
                        AND gaps.bar_spec IN ('', told.bar_spec))`;
const passedWindows = `unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
                         AS passed (venue, bar_spec, from_time, until_time)`;

interface Passed {
  readonly checkpoint: Checkpoint;
  readonly lane: RebuiltLane;
}

async function removeRows(client: PoolClient, table: 'bars' | 'indicators', of: Passed): Promise<void> {
  await inWindows(client, `DELETE FROM ${table} AS told USING ${passedWindows} WHERE ${inPassedWindows}`, of);
}

/** Rows that are told of at a time: some 200 bytes each. */
const announcedRows = 5_000;

async function announceRows(
  client: PoolClient, table: 'bars' | 'indicators', { announce, ...of }: Passed & { readonly announce: AnnounceRemoved },
): Promise<void> {
  const { lane, generation, position } = of.checkpoint;
  const isOpen = await inWindows(client, `
    DECLARE removed NO SCROLL CURSOR FOR
     SELECT told.venue, told.symbol, told.bar_spec AS "barSpec", told.bar_index AS "barIndex",
            ${table === 'bars' ? 'NULL' : 'told.indicator'} AS indicator,
            (extract(epoch FROM told.open_time) * 1000)::double precision AS "openTimeMs",
            (extract(epoch FROM told.close_time) * 1000)::double precision AS "closeTimeMs"
       FROM ${table} AS told, ${passedWindows} WHERE ${inPassedWindows}`, of);
  if (!isOpen) return;
  for (;;) {
    const { rows } = await client.query<RemovedRow>(`FETCH ${announcedRows} FROM removed`);
    if (rows.length === 0) break;
    await announce({ lane, generation, position, rows });
  }
  await client.query('CLOSE removed');
}

/** Who was told of an alert is told that its bar is gone, where its rule is still known: others were not asked again. */
async function withdrawOlder(client: PoolClient, of: Passed): Promise<void> {
  await inWindows(client, `
    UPDATE alerts AS told
       SET state = 2, changed_at = now(), written_at = now(), deliver_attempts = 0, deliver_after = now()
      FROM ${passedWindows}
     WHERE told.state = 1 AND ${inPassedWindows}
       AND EXISTS (SELECT FROM alert_rules AS rule WHERE rule.id = told.rule_id AND rule.version = told.rule_version)`, of);
}

/** False: there are none, and nothing was done. */
async function inWindows(client: PoolClient, statement: string, { checkpoint, lane: rebuilt }: Passed): Promise<boolean> {
  const { lane, passed } = checkpoint;
  const windows = passed.map((of) => sinceLast(of, rebuilt.removedUntilMs)).filter((of) => of.fromMs < of.untilMs);
  if (windows.length === 0) return false;
  await client.query(statement, [
    lane, rebuilt.toldSince, windows.map(({ venue }) => venue), windows.map(({ spec }) => spec),
    windows.map(({ fromMs }) => timestamp(fromMs)), windows.map(({ untilMs }) => timestamp(untilMs)),
    timestamp(Math.min(...windows.map(({ fromMs }) => fromMs))),
    timestamp(Math.max(...windows.map(({ untilMs }) => untilMs))),
    [...ownLosses],
  ]);
  return true;
}

/** The windows that were passed since the last checkpoint; none where `fromMs` is not before `untilMs`. */
function sinceLast(of: PassedWindows, removedUntilMs: Readonly<Record<string, number>>): PassedWindows {
  const doneMs = of.venue === null ? undefined : removedUntilMs[of.venue];
  if (doneMs === undefined) return of;
  const spec = parseBarSpec(of.spec);
  const openMs = spec.openAt(doneMs); // The first window that closes after it.
  return spec.closeOf(openMs) > of.untilMs ? { ...of, fromMs: Infinity } : { ...of, fromMs: Math.max(of.fromMs, openMs) };
}

/**
 * A late tick stands in the time of the log where the watermark stood when it came: its own time may be any. A gap goes once
 * all of it is passed; one of all venues ('') when all have passed it.
 */
const removeLateTicks = `
  DELETE FROM late_ticks USING unnest($3::text[], $4::timestamptz[], $5::timestamptz[])
                               AS passed (venue, from_time, until_time)
   WHERE lane = $1 AND generation < $2 AND (passed.venue IS NULL OR late_ticks.venue = passed.venue)
     AND watermark >= passed.from_time AND watermark < passed.until_time`;
const removeGaps = `
  DELETE FROM gaps USING unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS passed (venue, from_time, until_time)
   WHERE lane = $1 AND generation < $2 AND (passed.venue IS NULL OR gaps.venue = passed.venue)
     AND gaps.from_time >= passed.from_time AND gaps.until_time <= passed.until_time`;

async function removeBesides(
  client: PoolClient, { lane, passed }: Checkpoint, { toldSince }: RebuiltLane,
): Promise<void> {
  if (passed.length === 0) return;
  const byVenue = [...Map.groupBy(passed, ({ venue }) => venue).values()].map(stretchOf);
  const common = {
    venue: '', fromMs: Math.max(...byVenue.map(({ fromMs }) => fromMs)),
    untilMs: Math.min(...byVenue.map(({ untilMs }) => untilMs)),
  };
  for (const [statement, stretches] of [[removeLateTicks, byVenue], [removeGaps, [...byVenue, common]]] as const) {
    await client.query(statement, [
      lane, toldSince, stretches.map(({ venue }) => venue), stretches.map(({ fromMs }) => timestamp(fromMs)),
      stretches.map(({ untilMs }) => timestamp(untilMs)),
    ]);
  }
}

/** What the windows of one venue cover, whatever their spec. */
function stretchOf(windows: readonly PassedWindows[]): Pick<PassedWindows, 'venue' | 'fromMs' | 'untilMs'> {
  const [{ venue, untilMs }] = windows;
  return { venue, fromMs: Math.min(...windows.map(({ fromMs }) => fromMs)), untilMs };
}

/**
 * A letter goes when its record was read again: then it is told, or has a letter of this telling. Letters of a log that was
 * exchanged for another stay, because nobody will read their records again.
 */
async function removeLetters(
  client: PoolClient, { lane, position, isEnded }: Checkpoint, { toldSince, logSince }: RebuiltLane,
): Promise<void> {
  await client.query(
    `DELETE FROM dead_letters
      WHERE lane = $1 AND generation < $2 AND generation >= $3 AND (position < $4 OR $5)`,
    [lane, toldSince, logSince, position, isEnded]);
}

function refusalOf(error: unknown): MdpError | null {
  const sqlState = sqlStateOf(error);
  const { message } = faultOf(error);
  if (sqlState === '42501') {
    return new MdpError('store-misconfigured', 'A rebuild removes what older tellings have left: the user of store.url ' +
      `(DATABASE_URL) needs DELETE on bars, indicators, late_ticks, gaps and dead_letters. ${message}`, error);
  }
  if (sqlState !== '0A000') return null;
  return new MdpError('store-misconfigured', `${message} Versions of TimescaleDB before 2.11 cannot change rows in ` +
    "compressed chunks: run SELECT decompress_chunk(chunk, true) FROM show_chunks('bars') AS chunk; and the same of " +
    "'indicators'; the rebuild then goes on.", error);
}
