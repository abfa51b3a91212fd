import type { BarRecord } from './bar-records.ts';

export interface RolledRow extends Omit<BarRecord, 'lane' | 'barIndex' | 'openTimeMs' | 'closeTimeMs' | 'vwap'> {
  /** Which of the windows, from 1 on. */
  readonly window: number;
  /** Those that wrote the children. */
  readonly lanes: readonly string[];
}

/**
 * $1 venue, $2 symbol, $3 the child's spec, $4 and $5 the range of its open times, $6 where the windows open. A window that
 * nothing was traded in has no row. Sums are taken of decimals, exactly, and rounded once: those of doubles would miss the
 * last place by one for every few children. The shortest decimal of a double is within half a unit of its last place.
 */
export const rollText = `
  SELECT width_bucket(open_time, $6::timestamptz[]) AS "window",
         (array_agg(open ORDER BY open_time, bar_index))[1] AS open, max(high) AS high, min(low) AS low,
         (array_agg(close ORDER BY open_time, bar_index))[count(*)] AS close,
         ${sumOf('volume')} AS volume, ${sumOf('notional')} AS notional, sum(trades)::bigint AS trades,
         ${sumOf('buy_volume')} AS "buyVolume", ${sumOf('sell_volume')} AS "sellVolume",
         max(quality)::integer AS quality, min(state)::integer AS state, sum(revision)::integer AS revision,
         bool_and(whole) AS whole, max(generation) AS generation, max(position) AS position,
         array_agg(DISTINCT lane) AS lanes
    FROM bars
   WHERE venue = $1 AND symbol = $2 AND bar_spec = $3 AND open_time >= $4::timestamptz AND open_time < $5::timestamptz
   GROUP BY 1 ORDER BY 1`;

function sumOf(column: string): string {
  return `sum(${column}::text::numeric)::double precision`;
}
