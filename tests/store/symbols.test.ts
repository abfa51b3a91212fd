import { beforeAll, expect, it } from 'vitest';
import { streamSpec } from '../../src/store/bars.ts';
import { countSideRows, readGaps } from '../../src/store/gaps.ts';
import { createStoreReader } from '../../src/store/reader.ts';
import type { SymbolQuery } from '../../src/store/reads.ts';
import { instruments, readSymbols, symbolsText } from '../../src/store/symbols.ts';
import type { Database } from '../../src/postgres.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars, storeGaps, type BarRow } from './stored-rows.ts';

const limit = { deadlineMs: 60_000 };
const startMs = Date.UTC(2024, 0, 1);
const minuteMs = 60_000;

function bar(venue: string, symbol: string, spec: string, minute: number): BarRow {
  return { venue, symbol, spec, openMs: startMs + minute * minuteMs, closeMs: startMs + (minute + 1) * minuteMs };
}

describeOnEachServer('symbols and gaps', (server) => {
  let database: Database;

  beforeAll(async () => {
    database = await server.migratedDatabase();
    await storeBars(database, [
      bar('b', 'X', '1m', 0), bar('b', 'X', '1m', 7), bar('b', 'X', '1s', 3),
      bar('a', 'Z', '5m', 0), bar('a', '__proto__', '1m', 1), bar('a', "o'b", '1m', 2),
    ]);
  });

  const all = { venue: null, after: null, limit: 100 };

  it('each instrument is listed once, with its specs and its newest bar', async () => {
    const listed = await readSymbols(database, limit, all);
    expect(listed.map(({ venue, symbol, specs, newestOpenTimeMs }) => ({ venue, symbol, specs, newestOpenTimeMs }))).toEqual([
      { venue: 'a', symbol: 'Z', specs: ['5m'], newestOpenTimeMs: startMs },
      { venue: 'a', symbol: '__proto__', specs: ['1m'], newestOpenTimeMs: startMs + minuteMs },
      { venue: 'a', symbol: "o'b", specs: ['1m'], newestOpenTimeMs: startMs + 2 * minuteMs },
      { venue: 'b', symbol: 'X', specs: ['1m', '1s'], newestOpenTimeMs: startMs + 7 * minuteMs },
    ]);
    expect(listed[0]).toEqual({
      venue: 'a', symbol: 'Z', specs: ['5m'], lastSpec: '5m', lastPrice: 1, quality: 'complete', state: 'closed',
      newestOpenTimeMs: startMs, newestCloseTimeMs: startMs + minuteMs, basePrice: null, baseTimeMs: null,
    });
  });

  it('a venue, a limit and what came last narrow the list', async () => {
    const names = async (query: Partial<SymbolQuery>): Promise<string[]> => (
      (await readSymbols(database, limit, { ...all, ...query })).map(({ symbol }) => symbol));
    expect(await names({ venue: 'a', limit: 2 })).toEqual(['Z', '__proto__']);
    expect(await names({ after: { venue: 'a', symbol: 'Z' }, limit: 2 })).toEqual(['__proto__', "o'b"]);
    expect(await names({ after: { venue: 'a', symbol: "o'b" } })).toEqual(['X']);
    expect(await names({ venue: 'a', after: { venue: 'a', symbol: "o'b" } })).toEqual([]);
    expect(await names({ venue: 'c' })).toEqual([]);
  });

  it('the last price is that of the bar that opened last, and its base the last close a day before that', async () => {
    const dayMs = 86_400_000;
    const at = (spec: string, openMs: number, lengthMs: number, close: number): BarRow => (
      { venue: 'p', symbol: 'P', spec, openMs, closeMs: openMs + lengthMs, close });
    const newestMs = startMs + 3 * dayMs;
    await storeBars(database, [
      at('1m', newestMs, minuteMs, 110), at('1m', newestMs - minuteMs, minuteMs, 109), at('1h', newestMs - 3_600_000, 3_600_000, 109),
      at('1d', newestMs - dayMs, dayMs, 109), // Ends later than the base may.
      at('1m', newestMs + minuteMs - dayMs, minuteMs, 777), // A minute too late.
      at('1m', newestMs - dayMs - 10 * minuteMs, minuteMs, 100), at('1h', newestMs - dayMs - 3_600_000, 3_600_000, 101),
      at('1d', newestMs - 2 * dayMs, dayMs, 101), at('1d', newestMs - 3 * dayMs, dayMs, 55),
    ]);
    expect(await readSymbols(database, limit, { ...all, venue: 'p' })).toEqual([{
      venue: 'p', symbol: 'P', specs: ['1d', '1h', '1m'], lastSpec: '1m', lastPrice: 110, quality: 'complete', state: 'closed',
      newestOpenTimeMs: newestMs, newestCloseTimeMs: newestMs + minuteMs, basePrice: 101, baseTimeMs: newestMs - dayMs,
    }]);
    await database.query(limit, "DELETE FROM bars WHERE venue = 'p'");
  });

  it('the work grows with the series, not with the bars', async () => {
    const many = (bars: number): string => `
      INSERT INTO bars (lane, venue, symbol, bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
                        notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position)
      SELECT 'l', 'many', 'S' || s, spec, '2024-01-01'::timestamptz + n * interval '1 h', 0, '2024-01-01'::timestamptz + (n + 1) * interval '1 h',
             1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 3, 0, true, 1, 1
        FROM generate_series(1, 10) AS s, unnest(ARRAY['1m', '1h']) AS spec, generate_series(0, ${bars} - 1) AS n
      ON CONFLICT DO NOTHING`;
    const touched = async (bars: number): Promise<number> => {
      await database.query(limit, many(bars));
      await database.query(limit, 'ANALYZE bars');
      return rowsTouched(database, symbolsText('NULL'), ['many', 100]);
    };
    const few = await touched(30);
    const lot = await touched(200);
    expect(few).toBeGreaterThan(10 * 2 * 2);
    // A walk and two bars of each series, one more that is looked at and left, in each chunk that is looked into.
    expect(lot).toBeLessThan(few * 1.5 + 40);
    await database.query(limit, "DELETE FROM bars WHERE venue = 'many'");
  });

  it('more instruments than a page are walked through', async () => {
    const many = Array.from({ length: 2_100 }, (_, index) => bar('m', `S${String(index).padStart(4, '0')}`, '1m', 0));
    await storeBars(database, many);
    const walked = await Array.fromAsync(instruments(database, limit));
    expect(walked.filter(({ venue }) => venue === 'm').map(({ symbol }) => symbol)).toEqual(many.map(({ symbol }) => symbol));
  });

  it('all bars of a spec come series after series', async () => {
    const rows = await Array.fromAsync(streamSpec(database, limit, { spec: '1m', fromMs: startMs, untilMs: startMs + 7 * minuteMs }));
    const seen = rows.filter(({ venue }) => venue !== 'm').map(({ symbol, bar }) => [symbol, bar.openTimeMs - startMs]);
    expect(seen).toEqual([['__proto__', minuteMs], ["o'b", 2 * minuteMs], ['X', 0]]);
  });

  it('gaps of a symbol include those of all, newest first, within the range', async () => {
    const gap = (minute: number, of: { venue?: string; symbol?: string; lane?: string }) => (
      { ...of, fromMs: startMs + minute * minuteMs, untilMs: startMs + (minute + 1) * minuteMs });
    await storeGaps(database, [gap(0, {}), gap(1, { venue: 'b', symbol: 'X' }), gap(2, { venue: 'a' }), gap(3, { lane: 'test/b' })]);
    const all = { lane: null, venue: null, symbol: null, fromMs: null, untilMs: null, limit: 10 };
    const minutes = async (query: Partial<typeof all> | object): Promise<number[]> =>
      (await readGaps(database, limit, { ...all, ...query })).map((found) => (found.fromTimeMs - startMs) / minuteMs);
    expect(await minutes({})).toEqual([3, 2, 1, 0]);
    expect(await minutes({ venue: 'b', symbol: 'X' })).toEqual([3, 1, 0]);
    expect(await minutes({ venue: 'a', symbol: 'Y' })).toEqual([3, 2, 0]);
    expect(await minutes({ lane: 'test/b' })).toEqual([3]);
    expect(await minutes({ fromMs: startMs + minuteMs, untilMs: startMs + 3 * minuteMs })).toEqual([2, 1]);
    expect(await minutes({ limit: 1 })).toEqual([3]);
  });

  it('side tables are counted by lane and reason', async () => {
    await database.query(limit, `INSERT INTO dead_letters
      SELECT 'test/a', 1, position, 'tick', 0, reason, '', '', '', now(), now()
        FROM (VALUES (1, 'malformed'), (2, 'malformed'), (3, 'bad-price')) AS given (position, reason)`);
    expect(await countSideRows(database, limit)).toEqual([
      { lane: 'test/a', table: 'dead_letters', reason: 'bad-price', rows: 1 },
      { lane: 'test/a', table: 'dead_letters', reason: 'malformed', rows: 2 },
      { lane: 'test/a', table: 'gaps', reason: 'disconnect', rows: 3 },
      { lane: 'test/b', table: 'gaps', reason: 'disconnect', rows: 1 },
    ]);
  });

  it('the reader of the API speaks words, ends with its client, and says when the server is away', async () => {
    const reader = createStoreReader(database, 10_000);
    const query = { venue: 'b', symbol: 'X', spec: '1m', fromMs: null, untilMs: null, order: 'desc', limit: 1, fill: 'none' } as const;
    expect(await reader.bars(query, new AbortController().signal)).toMatchObject([
      { openTimeMs: startMs + 7 * minuteMs, quality: 'complete', state: 'closed', whole: true, filled: false }]);
    await expect(reader.bars(query, AbortSignal.abort())).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows that the scans of tables and indexes gave or threw away, by the server's own count. */
async function rowsTouched(database: Database, text: string, values: unknown[]): Promise<number> {
  const { rows } = await database.query<{ 'QUERY PLAN': readonly [{ Plan: PlanNode }] }>(
    limit, `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
  const walk = (node: PlanNode): number => {
    const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
    const isScan = /^(Seq|Index|Index Only|Bitmap Heap) Scan$/.test(node['Node Type']);
    return (isScan ? own : 0) + (node.Plans ?? []).reduce((sum, child) => sum + walk(child), 0);
  };
  return walk(rows[0]['QUERY PLAN'][0].Plan);
}
