import type { Database, Limit } from '../postgres.ts';
import { asking } from './store-error.ts';

/** A lane as the database knows it. Times are ms since 1970 UTC. */
export interface StoredLane {
  readonly name: string;
  readonly source: string;
  readonly generation: number;
  readonly logIdentity: string;
  readonly repeatable: boolean;
  readonly complete: boolean;
  readonly startTimeMs: number;
  readonly takenAtMs: number;
  /** By venue: bars that close here or before can change no more. */
  readonly settledUntilMs: Readonly<Record<string, number>>;
  /** Null where there is none. */
  readonly checkpoint: StoredCheckpointFacts | null;
  /** Number of stored bars; null where it was not asked for. */
  readonly bars: number | null;
}

export interface StoredCheckpointFacts {
  readonly generation: number;
  readonly position: number;
  readonly takenAtMs: number;
  readonly bytes: number;
}

/** Every lane of the database, of all pipelines, by name. Counting bars reads the whole table. Throws an MdpError. */
export async function listLanes(
  database: Database, limit: Limit, { count }: { readonly count: boolean },
): Promise<readonly StoredLane[]> {
  const { rows } = await asking(() => database.query<StoredLane>(limit, selectLanes));
  if (!count) return rows;
  const counted = await asking(() => database.query<{ lane: string; bars: number }>(
    limit, 'SELECT lane, count(*) AS bars FROM bars GROUP BY lane'));
  const barsOf = new Map(counted.rows.map(({ lane, bars }) => [lane, bars]));
  return rows.map((lane) => ({ ...lane, bars: barsOf.get(lane.name) ?? 0 }));
}

const selectLanes = `
  SELECT name, source, lanes.generation, log_identity AS "logIdentity", repeatable, complete,
         (extract(epoch FROM start_time) * 1000)::double precision AS "startTimeMs",
         (extract(epoch FROM lanes.taken_at) * 1000)::double precision AS "takenAtMs",
         lanes.settled_until AS "settledUntilMs", NULL AS bars,
         CASE WHEN saved.lane IS NULL THEN NULL ELSE jsonb_build_object(
           'generation', saved.generation, 'position', saved.position, 'bytes', length(saved.state),
           'takenAtMs', (extract(epoch FROM saved.taken_at) * 1000)::double precision) END AS checkpoint
    FROM lanes LEFT JOIN lane_checkpoints AS saved ON saved.lane = lanes.name
   ORDER BY name`;
