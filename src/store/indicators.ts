import { barState, quality } from '../model/bar.ts';
import type { Database, Limit } from '../postgres.ts';
import { timestamp } from './bar-records.ts';
import type { BarQuality, IndicatorQuery, StoredValue } from './reads.ts';

interface Row extends Omit<StoredValue, 'quality' | 'state'> {
  readonly quality: number;
  readonly state: number;
}

/** Values of one line of an indicator by open time and index, along the key. Rejects with what the database throws. */
export async function readIndicators(
  database: Database, limit: Limit, query: IndicatorQuery,
): Promise<readonly StoredValue[]> {
  const { order } = query;
  const { rows } = await database.query<Row>(
    limit,
    `SELECT (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs",
            (extract(epoch FROM close_time) * 1000)::double precision AS "closeTimeMs",
            bar_index AS "barIndex", value, quality, state, revision, whole
       FROM indicators
      WHERE venue = $1 AND symbol = $2 AND bar_spec = $3 AND indicator = $4
        AND open_time >= $5::timestamptz AND open_time < $6::timestamptz
      ORDER BY open_time ${order}, bar_index ${order}
      LIMIT $7`,
    [
      query.venue, query.symbol, query.spec, query.indicator,
      timestamp(query.fromMs ?? -Infinity), timestamp(query.untilMs ?? Infinity), query.limit,
    ],
  );
  return rows.map((row) => ({ ...row, quality: qualityInWords(row.quality), state: stateInWords(row.state) }));
}

export function qualityInWords(code: number): BarQuality {
  return qualityWords[code] ?? 'gap';
}

export function stateInWords(code: number): 'provisional' | 'closed' {
  return code === barState.provisional ? 'provisional' : 'closed';
}

const qualityWords: Readonly<Record<number, BarQuality>> = {
  [quality.complete]: 'complete', [quality.partial]: 'partial', [quality.gap]: 'gap',
};
