import { parseBarSpec } from '../model/bar-spec.ts';
import type { Database, Limit } from '../postgres.ts';
import { selectBars, timestamp, type BarRange, type BarRecord, type BarSelection, type BarSeries } from './bar-records.ts';
import { fillBars, type FilledBar, type FillRequest, type Hole } from './fill.ts';
import { instruments } from './symbols.ts';

/** Reads bars of a series: stored ones, or such as are made of others. */
export type SelectBars = (database: Database, limit: Limit, query: BarSelection) => Promise<BarRecord[]>;

export interface BarPage extends BarSeries, BarRange {
  readonly order: 'asc' | 'desc';
  /** Rows of the answer, made ones included. */
  readonly limit: number;
  readonly fill: 'none' | 'carry' | 'null';
  /**
   * Up to where an interval without a bar is known to be empty, ms: for a caller who knows the log to its end. Absent:
   * what the lane says is settled, at least the close of the newest stored bar.
   */
  readonly knownUntilMs?: number;
}

/** One page of a series. Rejects with what the database throws. */
export async function readBars(
  database: Database, limit: Limit, { select = selectBars, ...page }: BarPage & { readonly select?: SelectBars },
): Promise<FilledBar[]> {
  const stored = await select(database, limit, page);
  if (page.fill === 'none') return stored.map((bar) => ({ ...bar, filled: false }));
  const last = (untilMs: number | null): Promise<BarRecord | null> => lastBar(select, database, limit)({ ...page, untilMs });
  const before = page.fromMs === null ? null : await last(page.fromMs);
  const request = await fillRequest(database, limit, { page, stored, before, newest: await last(null) });
  return [...fillBars(request, stored, before).take(page.limit)];
}

/** All bars of a series in order of open time, read in pages: memory holds one page. */
export async function* streamBars(
  database: Database, limit: Limit, range: BarSeries & BarRange & Pick<BarPage, 'fill' | 'knownUntilMs'>,
): AsyncGenerator<FilledBar> {
  if (range.fill === 'none') {
    for await (const bar of storedBars(database, limit, range)) yield { ...bar, filled: false };
    return;
  }
  let fromMs = range.fromMs;
  for (;;) {
    const page = await readBars(database, limit, { ...range, fromMs, order: 'asc', limit: pageRows });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return;
    fromMs = last.openTimeMs + 1;
  }
}

/** All stored bars of a spec, series after series, in the order of the key. */
export async function* streamSpec(
  database: Database, limit: Limit, range: BarRange & { readonly spec: string },
): AsyncGenerator<{ readonly venue: string; readonly symbol: string; readonly bar: BarRecord }> {
  for await (const { venue, symbol } of instruments(database, limit)) {
    for await (const bar of storedBars(database, limit, { ...range, venue, symbol })) yield { venue, symbol, bar };
  }
}

/** 5,000 bars are 2 MB on the wire. */
const pageRows = 5_000;

async function* storedBars(database: Database, limit: Limit, range: BarSeries & BarRange): AsyncGenerator<BarRecord> {
  let after: BarRecord | undefined;
  do {
    const beyond = after === undefined ? {} : { after };
    const page = await selectBars(database, limit, { ...range, ...beyond, order: 'asc', limit: pageRows });
    yield* page;
    after = page.length < pageRows ? undefined : page.at(-1);
  } while (after !== undefined);
}

/** What the fill must know beside the bars of the page. */
async function fillRequest(
  database: Database, limit: Limit,
  found: { page: BarPage; stored: readonly BarRecord[]; before: BarRecord | null; newest: BarRecord | null },
): Promise<FillRequest> {
  const { page, stored, before, newest } = found;
  const bars = [...stored, before, newest].filter((bar) => bar !== null);
  const oldestMs = Math.min(...bars.map((bar) => bar.openTimeMs), page.fromMs ?? Infinity);
  const holes = await selectHoles(database, limit, {
    ...page, fromMs: oldestMs, lanes: [...new Set(bars.map((bar) => bar.lane))],
  });
  const settledMs = newest === null ? null : await settledUntil(database, limit, { ...page, lane: newest.lane });
  return {
    spec: parseBarSpec(page.spec), kind: page.fill === 'null' ? 'null' : 'carry', order: page.order, holes,
    fromMs: page.fromMs ?? oldestMs, untilMs: page.untilMs ?? Infinity,
    knownUntilMs: Math.max(page.knownUntilMs ?? settledMs ?? -Infinity, newest?.closeTimeMs ?? -Infinity),
  };
}

/** A week, and an hour where the clocks go back: the last interval of a range ends at most so long after it. */
const longestBarMs = 7 * 86_400_000 + 3_600_000;

/** The last bar that opens before `untilMs`. */
function lastBar(select: SelectBars, database: Database, limit: Limit) {
  return async (series: BarSeries & { readonly untilMs: number | null }): Promise<BarRecord | null> => {
    const [bar] = await select(database, limit, { ...series, fromMs: null, order: 'desc', limit: 1 });
    return bar ?? null;
  };
}

/** Gaps of the lanes that wrote the series: of its venue and symbol, or of all. */
export async function selectHoles(
  database: Database, limit: Limit, of: BarSeries & BarRange & { readonly lanes: readonly string[] },
): Promise<(Hole & { readonly reason: string })[]> {
  const { rows } = await database.query<Hole & { readonly reason: string }>(
    limit,
    `SELECT (extract(epoch FROM from_time) * 1000)::double precision AS "fromMs",
            (extract(epoch FROM until_time) * 1000)::double precision AS "untilMs", reason
       FROM gaps
      WHERE lane = ANY ($1) AND venue IN ('', $2) AND symbol IN ('', $3) AND bar_spec IN ('', $4)
        AND until_time >= $5::timestamptz AND from_time < $6::timestamptz`,
    [
      of.lanes, of.venue, of.symbol, of.spec,
      timestamp(of.fromMs ?? -Infinity), timestamp((of.untilMs ?? Infinity) + longestBarMs),
    ],
  );
  return rows;
}

export async function settledUntil(
  database: Database, limit: Limit, of: { readonly venue: string; readonly lane: string },
): Promise<number | null> {
  const { rows } = await database.query<{ settledMs: number | null }>(
    limit,
    'SELECT (settled_until ->> $2)::double precision AS "settledMs" FROM lanes WHERE name = $1', [of.lane, of.venue]);
  return rows[0]?.settledMs ?? null;
}
