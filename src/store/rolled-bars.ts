import { barState, quality } from '../model/bar.ts';
import { parseBarSpec, type BarSpec } from '../model/bar-spec.ts';
import { ownLosses } from '../model/gap.ts';
import { childOf } from '../model/spec-division.ts';
import type { Database, Limit } from '../postgres.ts';
import { selectBars, timestamp, type BarRecord, type BarSelection, type BarSeries } from './bar-records.ts';
import { selectHoles, settledUntil, type SelectBars } from './bars.ts';
import { rollText, type RolledRow } from './roll-sql.ts';

/*
 * Bars of a spec that nobody stores, made of stored ones whose boundaries divide its own: first, max, min, last, sums, the
 * worst quality. They are what the operators would have written, but for two fields: `revision` is the sum over the
 * children, some of whose late ticks came while the parent was still open, and `position` is the greatest of theirs.
 */

/**
 * The spec of which bars of this series can be made, or null: where it is stored itself, or no stored one divides it.
 */
export async function childSpecOf(
  database: Database, limit: Limit, { venue, symbol, spec }: BarSeries,
): Promise<string | null> {
  const { rows } = await database.query<{ spec: string }>(
    limit,
    `WITH RECURSIVE specs AS (
       SELECT min(bar_spec) AS spec FROM bars WHERE venue = $1 AND symbol = $2
       UNION ALL
       SELECT (SELECT min(bar_spec) FROM bars WHERE venue = $1 AND symbol = $2 AND bar_spec > specs.spec)
         FROM specs WHERE spec IS NOT NULL
     )
     SELECT spec FROM specs WHERE spec IS NOT NULL`, [venue, symbol]);
  const names = rows.map((row) => row.spec);
  return names.includes(spec) ? null : childOf(parseBarSpec(spec), names)?.name ?? null;
}

export interface Rolling {
  /** Canonical name of the spec that the bars are made of. */
  readonly child: string;
  /** Whether old bars of it are removed: the first window may then have lost children, whatever these say. */
  readonly isPruned: boolean;
}

/** As `selectBars`, for a spec that is not stored. A window that is not over, as far as anybody knows, has no bar yet. */
export function rollingBars({ child, isPruned }: Rolling): SelectBars {
  return async (database, limit, query) => {
    const series = await seriesOf(database, limit, { query, child: parseBarSpec(child), isPruned });
    if (series === null) return [];
    return query.order === 'asc' ? forwards(series, query) : backwards(series, query);
  };
}

/** Of the child's bars that one statement reads; ten days of minutes. */
const childrenMax = 20_000;
/** Boundaries are sent along with the statement. */
const windowsMax = 2_000;

interface Series {
  readonly database: Database;
  readonly limit: Limit;
  readonly query: BarSelection;
  readonly spec: BarSpec;
  readonly child: BarSpec;
  readonly windowsMax: number;
  /** No window that closes later is over. */
  readonly knownUntilMs: number;
  /** Windows that open before this have no children of their beginning, and may have had some. */
  readonly wholeFromMs: number;
}

async function seriesOf(
  database: Database, limit: Limit, of: { query: BarSelection; child: BarSpec; isPruned: boolean },
): Promise<Series | null> {
  const { query, child, isPruned } = of;
  const spec = parseBarSpec(query.spec);
  const end = (order: 'asc' | 'desc'): Promise<BarRecord[]> => (
    selectBars(database, limit, { ...query, spec: child.name, fromMs: null, untilMs: null, order, limit: 1 }));
  const [[oldest], [newest]] = [await end('asc'), await end('desc')];
  if (oldest === undefined) return null;
  const settledMs = await settledUntil(database, limit, { venue: query.venue, lane: newest.lane });
  const fits = spec.openAt(oldest.openTimeMs) === oldest.openTimeMs;
  const isBeginning = fits || (!isPruned && oldest.whole && await isComplete(database, limit, oldest.lane));
  return {
    database, limit, query, spec, child, knownUntilMs: Math.max(newest.closeTimeMs, settledMs ?? -Infinity),
    windowsMax: Math.max(1, Math.min(windowsMax, Math.floor(childrenMax / (spec.intervalMs / child.intervalMs)))),
    wholeFromMs: isBeginning ? -Infinity : oldest.openTimeMs,
  };
}

/** Whether the log is declared to begin at the beginning. */
async function isComplete(database: Database, limit: Limit, lane: string): Promise<boolean> {
  const { rows: [found] } = await database.query<{ complete: boolean }>(
    limit, 'SELECT complete FROM lanes WHERE name = $1', [lane]);
  return found?.complete ?? false;
}

/** Jumps from each stretch of windows to the next that has a child in it. */
async function forwards(series: Series, { fromMs, untilMs, limit }: BarSelection): Promise<BarRecord[]> {
  const { spec } = series;
  const bars: BarRecord[] = [];
  let nextMs = fromMs === null ? null : firstOpen(spec, fromMs);
  while (bars.length < limit) {
    const [first] = await childBars(series, { fromMs: nextMs, untilMs: null, order: 'asc' });
    if (first === undefined) break;
    const opens: number[] = [];
    for (let openMs = spec.openAt(first.openTimeMs); isOver(series, openMs, untilMs); openMs = spec.closeOf(openMs)) {
      if (opens.push(openMs) === series.windowsMax) break;
    }
    if (opens.length === 0) break;
    bars.push(...await rolled(series, opens));
    nextMs = spec.closeOf(opens.at(-1)!);
  }
  return bars.slice(0, limit);
}

async function backwards(series: Series, { fromMs, untilMs, limit }: BarSelection): Promise<BarRecord[]> {
  const { spec, knownUntilMs } = series;
  const bars: BarRecord[] = [];
  // The end of the last window of the range, or of the last that is over.
  const asked = untilMs === null ? Infinity : spec.closeOf(spec.openAt(untilMs - 1));
  let endMs = Math.min(asked, spec.openAt(knownUntilMs));
  while (bars.length < limit) {
    const [last] = await childBars(series, { fromMs: null, untilMs: endMs, order: 'desc' });
    if (last === undefined) break;
    const opens: number[] = [];
    for (let openMs = spec.openAt(last.openTimeMs); openMs >= (fromMs ?? -Infinity); openMs = spec.openAt(openMs - 1)) {
      if (opens.push(openMs) === series.windowsMax) break;
    }
    if (opens.length === 0) break;
    bars.push(...(await rolled(series, opens.toReversed())).toReversed());
    endMs = opens.at(-1)!;
  }
  return bars.slice(0, limit);
}

function isOver({ spec, knownUntilMs }: Series, openMs: number, untilMs: number | null): boolean {
  return openMs < (untilMs ?? Infinity) && spec.closeOf(openMs) <= knownUntilMs;
}

function firstOpen(spec: BarSpec, fromMs: number): number {
  const openMs = spec.openAt(fromMs);
  return openMs === fromMs ? openMs : spec.closeOf(openMs);
}

function childBars(
  { database, limit, query, child }: Series, range: Pick<BarSelection, 'fromMs' | 'untilMs' | 'order'>,
): Promise<BarRecord[]> {
  return selectBars(database, limit, { venue: query.venue, symbol: query.symbol, spec: child.name, ...range, limit: 1 });
}

/** Bars of the windows that open at these times, one after another; of those only that have a child. */
async function rolled(series: Series, opens: readonly number[]): Promise<BarRecord[]> {
  const { database, limit, query: { venue, symbol }, spec, child } = series;
  const endMs = spec.closeOf(opens.at(-1)!);
  const { rows } = await database.query<RolledRow>(
    limit, rollText, [venue, symbol, child.name, timestamp(opens[0]), timestamp(endMs), opens.map(timestamp)]);
  const lanes = [...new Set(rows.flatMap((row) => row.lanes))];
  const holes = lanes.length === 0 ? [] : await selectHoles(
    database, limit, { venue, symbol, spec: child.name, lanes, fromMs: opens[0], untilMs: endMs });
  return rows.map(({ window, lanes: of, ...row }) => {
    const openTimeMs = opens[window - 1];
    const closeTimeMs = spec.closeOf(openTimeMs);
    const missing = holes.filter((hole) => hole.fromMs < closeTimeMs && hole.untilMs > openTimeMs);
    const isPartial = openTimeMs < series.wholeFromMs;
    return {
      ...row, lane: of.at(-1)!, barIndex: 0, openTimeMs, closeTimeMs,
      vwap: row.volume === 0 ? null : row.notional / row.volume,
      quality: Math.max(row.quality, isPartial ? quality.partial : 0, missing.length > 0 ? quality.gap : 0),
      state: row.state === barState.provisional ? barState.provisional : barState.closed,
      whole: row.whole && !isPartial && !missing.some(({ reason }) => losses.has(reason)),
    };
  });
}

const losses: ReadonlySet<string> = ownLosses;
