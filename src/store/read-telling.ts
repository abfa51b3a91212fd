import { escapeIdentifier, type Database, type Limit } from '../postgres.ts';
import { asking } from './store-error.ts';

/** What the database knows of a lane and of the telling that its table holds. Looked at, never taken. */
export interface Telling {
  readonly lane: string;
  readonly generation: number;
  /** Rows of earlier generations are those of older tellings. */
  readonly toldSince: number;
  readonly fromPosition: number;
  readonly logIdentity: string;
  readonly logId: string | null;
  readonly repeatable: boolean;
  readonly complete: boolean;
  readonly startTimeMs: number;
  /** Null where this telling has none yet. */
  readonly checkpoint: {
    /** Of the next record: what the records before it say is stored. */
    readonly position: number;
    /** A complete log was told to its end. */
    readonly isEnded: boolean;
    /** As in `Checkpoint`. */
    readonly lastRecordHash: string | null;
    readonly state: Uint8Array;
  } | null;
}

type Row = Omit<Telling, 'checkpoint'> & {
  readonly position: number | null;
  readonly isEnded: boolean;
  readonly lastRecordHash: string | null;
  readonly state: Uint8Array;
};

/** Null: there is no such lane. Locks nothing. Throws an MdpError. */
export async function readTelling(database: Database, limit: Limit, lane: string): Promise<Telling | null> {
  const { rows } = await asking(() => database.query<Row>(
    limit,
    `SELECT name AS lane, lanes.generation, told_since AS "toldSince", from_position AS "fromPosition",
            log_identity AS "logIdentity", log_id AS "logId", repeatable, complete,
            (extract(epoch FROM start_time) * 1000)::double precision AS "startTimeMs",
            saved.position, saved.ended AS "isEnded", saved.last_record AS "lastRecordHash", saved.state
       FROM lanes LEFT JOIN lane_checkpoints AS saved
         ON saved.lane = name AND saved.generation BETWEEN told_since AND lanes.generation
      WHERE name = $1`,
    [lane]));
  if (rows.length === 0) return null;
  const { position, isEnded, lastRecordHash, state, ...telling } = rows[0];
  const checkpoint = position === null ? null : { position, isEnded, lastRecordHash, state };
  return { ...telling, startTimeMs: Math.round(telling.startTimeMs), checkpoint };
}

/** The parts of a source of several logs that have lanes: what follows `<pipeline>/<source>/` in their names. */
export async function partsOf(database: Database, limit: Limit, lane: string): Promise<readonly string[]> {
  const { rows } = await asking(() => database.query<{ name: string }>(
    limit, "SELECT name FROM lanes WHERE starts_with(name, $1 || '/') ORDER BY name", [lane]));
  return rows.map(({ name }) => name.slice(lane.length + 1));
}

/** Makes the lane known to a scratch schema, so that rows of this generation may be written there. */
export async function copyLane(
  database: Database, limit: Limit, { schema, of }: { readonly schema: string; readonly of: Telling },
): Promise<void> {
  await asking(() => database.query(
    limit,
    `INSERT INTO ${escapeIdentifier(schema)}.lanes
            (name, source, generation, log_identity, complete, repeatable, start_time, from_position, told_since)
     SELECT name, source, $2, log_identity, complete, repeatable, start_time, from_position, told_since
       FROM lanes WHERE name = $1`,
    [of.lane, of.generation]));
}
