import type { Database, Limit } from '../postgres.ts';

export interface LastClose {
  readonly venue: string;
  readonly symbol: string;
  /** Ms since 1970 UTC. */
  readonly openMs: number;
  readonly close: number;
}

export interface LastCloseQuery {
  /** Canonical name of a bar spec. */
  readonly spec: string;
  readonly instruments: readonly Pick<LastClose, 'venue' | 'symbol'>[];
}

/** The newest stored bar of one spec of each of these instruments; those that have none are left out. */
export async function readLastCloses(
  database: Database, limit: Limit, { spec, instruments }: LastCloseQuery,
): Promise<LastClose[]> {
  const { rows } = await database.query<LastClose>(
    limit,
    `SELECT wanted.venue, wanted.symbol, newest.close,
            (extract(epoch FROM newest.open_time) * 1000)::double precision AS "openMs"
       FROM unnest($2::text[], $3::text[]) AS wanted (venue, symbol),
            LATERAL (SELECT open_time, close FROM bars
                      WHERE bars.venue = wanted.venue AND bars.symbol = wanted.symbol AND bar_spec = $1
                      ORDER BY open_time DESC, bar_index DESC LIMIT 1) AS newest`,
    [spec, instruments.map(({ venue }) => venue), instruments.map(({ symbol }) => symbol)],
  );
  return rows;
}
