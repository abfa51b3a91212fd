import type { Database, Limit } from '../postgres.ts';
import { qualityInWords, stateInWords } from './indicators.ts';
import type { StoredSymbol, SymbolQuery } from './reads.ts';

export interface Instrument {
  readonly venue: string;
  readonly symbol: string;
}

/** A day, whatever the clocks do. */
const changeMs = 86_400_000;

/**
 * Instruments with their bar specs, their last price and that of a day before. Jumps along the key from one series to
 * the next and takes two bars of each: the time grows with the number of series (and of chunks), not of bars.
 */
export async function readSymbols(database: Database, limit: Limit, query: SymbolQuery): Promise<StoredSymbol[]> {
  const { venue, symbol } = query.after ?? { venue: null, symbol: null };
  const after = query.after === null ? 'NULL' : '($3::text, $4::text)';
  const { rows } = await database.query<Row>(
    limit, symbolsText(after), [query.venue, query.limit, ...(query.after === null ? [] : [venue, symbol])]);
  return rows.map(({ quality, state, ...row }) => (
    { ...row, quality: qualityInWords(quality), state: stateInWords(state) }));
}

interface Row extends Omit<StoredSymbol, 'quality' | 'state'> {
  readonly quality: number;
  readonly state: number;
}

/**
 * $1: venue or null, $2: limit. The last price is that of the bar that opened last: of the shortest, where several end
 * together.
 */
export const symbolsText = (after: string): string => `
  WITH RECURSIVE instruments AS (${walkFrom('$1::text', after)}),
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
       ),
       newest AS MATERIALIZED (
         SELECT series.venue, series.symbol, series.spec, last.*
           FROM series, LATERAL (
             SELECT open_time, close_time, close, quality, state FROM bars
              WHERE bars.venue = series.venue AND bars.symbol = series.symbol AND bar_spec = series.spec
              ORDER BY open_time DESC, bar_index DESC LIMIT 1) AS last
          WHERE spec IS NOT NULL
       ),
       last AS MATERIALIZED (
         SELECT DISTINCT ON (venue, symbol) *, array_agg(spec) OVER (PARTITION BY venue, symbol) AS specs
           FROM newest ORDER BY venue, symbol, open_time DESC, close_time, spec
       ),
       day_before AS (
         SELECT DISTINCT ON (last.venue, last.symbol) last.venue, last.symbol, base.close, base.close_time
           FROM last, unnest(last.specs) AS of (spec), LATERAL (
             SELECT close, close_time FROM bars
              WHERE bars.venue = last.venue AND bars.symbol = last.symbol AND bar_spec = of.spec
                AND open_time < last.close_time - interval '${changeMs} ms'
                AND close_time <= last.close_time - interval '${changeMs} ms'
              ORDER BY open_time DESC, bar_index DESC LIMIT 1) AS base
          ORDER BY last.venue, last.symbol, base.close_time DESC, of.spec
       )
  SELECT venue, symbol, (SELECT array_agg(one ORDER BY one) FROM unnest(last.specs) AS one) AS specs,
         last.spec AS "lastSpec", last.close AS "lastPrice", quality, state,
         (extract(epoch FROM last.open_time) * 1000)::double precision AS "newestOpenTimeMs",
         (extract(epoch FROM last.close_time) * 1000)::double precision AS "newestCloseTimeMs",
         day_before.close AS "basePrice",
         (extract(epoch FROM day_before.close_time) * 1000)::double precision AS "baseTimeMs"
    FROM last LEFT JOIN day_before USING (venue, symbol)
   ORDER BY venue, symbol`;

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
