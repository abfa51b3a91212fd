import type { Database, Limit } from '../postgres.ts';

export interface Instrument {
  readonly venue: string;
  readonly symbol: string;
}

export interface InstrumentSpecs extends Instrument {
  readonly specs: readonly string[];
  readonly newestOpenTimeMs: number;
}

/**
 * Instruments with their bar specs and newest bar, by venue and symbol. Jumps along the key from one series to the
 * next: the time grows with the number of series (and of chunks), not of bars.
 */
export async function readSymbols(
  database: Database, limit: Limit, query: { readonly venue: string | null; readonly limit: number },
): Promise<InstrumentSpecs[]> {
  const { rows } = await database.query<InstrumentSpecs>(
    limit,
    `WITH RECURSIVE instruments AS (${walkFrom('$1::text', 'NULL')}),
          series AS (
            SELECT instruments.venue, instruments.symbol,
                   (SELECT min(bar_spec) FROM bars
                     WHERE bars.venue = instruments.venue AND bars.symbol = instruments.symbol) AS spec
              FROM (SELECT venue, symbol FROM instruments LIMIT $2) AS instruments
            UNION ALL
            SELECT venue, symbol,
                   (SELECT min(bar_spec) FROM bars
                     WHERE bars.venue = series.venue AND bars.symbol = series.symbol AND bar_spec > series.spec)
              FROM series WHERE spec IS NOT NULL
          )
     SELECT venue, symbol, array_agg(spec ORDER BY spec) AS specs,
            (extract(epoch FROM max(newest)) * 1000)::double precision AS "newestOpenTimeMs"
       FROM (SELECT venue, symbol, spec,
                    (SELECT max(open_time) FROM bars
                      WHERE bars.venue = series.venue AND bars.symbol = series.symbol AND bar_spec = spec) AS newest
               FROM series WHERE spec IS NOT NULL) AS series
      GROUP BY venue, symbol
      ORDER BY venue, symbol`,
    [query.venue, query.limit],
  );
  return rows;
}

/** All instruments that have bars, by venue and symbol, read in pages. */
export async function* instruments(database: Database, limit: Limit): AsyncGenerator<Instrument> {
  const pageRows = 1_000;
  let after: Instrument = { venue: '', symbol: '' };
  for (;;) {
    const { rows } = await database.query<Instrument>(
      limit, `WITH RECURSIVE instruments AS (${walkFrom('NULL::text', '($1::text, $2::text)')})
              SELECT venue, symbol FROM instruments LIMIT ${pageRows}`,
      [after.venue, after.symbol]);
    yield* rows;
    if (rows.length < pageRows) return;
    after = rows.at(-1)!;
  }
}

/** A walk along the key: each step is one look into the index. Stops early under a LIMIT. */
function walkFrom(venue: string, after: string): string {
  const within = `(${venue} IS NULL OR venue = ${venue})`;
  const begin = after === 'NULL' ? 'true' : `(venue, symbol) > ${after}`;
  return `
    (SELECT venue, symbol FROM bars WHERE ${within} AND ${begin} ORDER BY venue, symbol LIMIT 1)
    UNION ALL
    SELECT next.venue, next.symbol
      FROM instruments, LATERAL (
        SELECT venue, symbol FROM bars
         WHERE ${within} AND (bars.venue, bars.symbol) > (instruments.venue, instruments.symbol)
         ORDER BY venue, symbol LIMIT 1) AS next`;
}
