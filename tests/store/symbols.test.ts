import { beforeAll, expect, it } from 'vitest';
import { streamSpec } from '../../src/store/bars.ts';
import { countSideRows, readGaps } from '../../src/store/gaps.ts';
import { createStoreReader } from '../../src/store/reader.ts';
import { instruments, readSymbols } from '../../src/store/symbols.ts';
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

  it('each instrument is listed once, with its specs and its newest bar', async () => {
    expect(await readSymbols(database, limit, { venue: null, limit: 100 })).toEqual([
      { venue: 'a', symbol: 'Z', specs: ['5m'], newestOpenTimeMs: startMs },
      { venue: 'a', symbol: '__proto__', specs: ['1m'], newestOpenTimeMs: startMs + minuteMs },
      { venue: 'a', symbol: "o'b", specs: ['1m'], newestOpenTimeMs: startMs + 2 * minuteMs },
      { venue: 'b', symbol: 'X', specs: ['1m', '1s'], newestOpenTimeMs: startMs + 7 * minuteMs },
    ]);
  });

  it('a venue and a limit narrow the list', async () => {
    expect((await readSymbols(database, limit, { venue: 'a', limit: 2 })).map(({ symbol }) => symbol)).toEqual(['Z', '__proto__']);
    expect(await readSymbols(database, limit, { venue: 'c', limit: 2 })).toEqual([]);
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
