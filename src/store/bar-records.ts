import type { Database, Limit } from '../postgres.ts';

/** A row of `bars` as it is stored: times in ms since 1970 UTC, quality and state as numbers. */
export interface BarRecord {
  readonly lane: string;
  readonly openTimeMs: number;
  readonly barIndex: number;
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly vwap: number | null;
  readonly trades: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly quality: number;
  readonly state: number;
  readonly revision: number;
  readonly whole: boolean;
  readonly generation: number;
  readonly position: number;
}

export interface BarSeries {
  readonly venue: string;
  readonly symbol: string;
  /** Canonical name of a bar spec. */
  readonly spec: string;
}

/** Open times, from inclusive, until exclusive; null: no bound. */
export interface BarRange {
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

const columns = `
  lane, bar_index AS "barIndex", open, high, low, close, volume, notional, vwap, trades,
  buy_volume AS "buyVolume", sell_volume AS "sellVolume", quality, state, revision, whole, generation, position,
  (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs",
  (extract(epoch FROM close_time) * 1000)::double precision AS "closeTimeMs"`;

export interface BarSelection extends BarSeries, BarRange {
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Only what stands behind this bar along the key. */
  readonly after?: BarRecord;
}

/** Bars of a series by open time and index, along the key. */
export async function selectBars(database: Database, limit: Limit, query: BarSelection): Promise<BarRecord[]> {
  const { order, after } = query;
  const { rows } = await database.query<BarRecord>(
    limit,
    `SELECT ${columns} FROM bars
      WHERE venue = $1 AND symbol = $2 AND bar_spec = $3
        AND open_time >= $4::timestamptz AND open_time < $5::timestamptz
        ${after === undefined ? '' : 'AND (open_time, bar_index) > ($7::timestamptz, $8::integer)'}
      ORDER BY open_time ${order}, bar_index ${order}
      LIMIT $6`,
    [
      query.venue, query.symbol, query.spec,
      timestamp(query.fromMs ?? -Infinity), timestamp(query.untilMs ?? Infinity), query.limit,
      ...(after === undefined ? [] : [timestamp(after.openTimeMs), after.barIndex]),
    ],
  );
  return rows;
}

/** What PostgreSQL reads as the instant: its calendar goes further than ECMAScript's, and has both infinities. */
export function timestamp(ms: number): string {
  if (ms <= -8.64e15) return '-infinity';
  return ms >= 8.64e15 ? 'infinity' : isoFull(ms);
}

/** Fractions of a ms are floored to whole microseconds. Years beyond 9999 and before 1 as PostgreSQL has them. */
function isoFull(ms: number): string {
  const date = new Date(Math.floor(ms));
  const micros = Math.floor((ms - Math.floor(ms)) * 1_000);
  const year = date.getUTCFullYear();
  const text = date.toISOString().replace(/^[+-]?\d+/, String(year > 0 ? year : 1 - year).padStart(4, '0'));
  return `${text.slice(0, -1)}${String(micros).padStart(3, '0')}Z${year > 0 ? '' : ' BC'}`;
}
