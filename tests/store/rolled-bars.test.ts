import * as fc from 'fast-check';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { readBars, type BarPage } from '../../src/store/bars.ts';
import type { FilledBar } from '../../src/store/fill.ts';
import { readSeriesGaps } from '../../src/store/gaps.ts';
import { childSpecOf, rollingBars } from '../../src/store/rolled-bars.ts';
import { exactSum, unitsInLastPlaceBetween } from '../oracle/exact.ts';
import { randomFrom } from '../support/document-fuzz.ts';
import { differencesOf, type ActualBar } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { OracleBar } from '../oracle/log.ts';
import { scenarios } from '../support/log-generator.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars, storeGaps } from './stored-rows.ts';

const limit = { deadlineMs: 60_000 };
const minuteMs = 60_000;
const startMs = Date.UTC(2024, 2, 9, 12);
const all = { venue: 'v', symbol: 's', fromMs: null, untilMs: null, order: 'asc', limit: 100_000, fill: 'none' } as const;

/** What is stored of the log, and what is made of it. */
const families = [
  { child: '1m', parents: ['3m', '1h/30m', '1w', '1d@America/New_York'] },
  { child: '1m', parents: ['7m', '1h', '1d', '4h@Europe/Berlin'] },
  { child: '5s', parents: ['90s', '1m/20s', '1d/17h@America/Chicago'] },
  { child: '1d@America/New_York', parents: ['1w@America/New_York', '2d@America/New_York'] },
];

async function storeOracleBars(database: Database, bars: readonly OracleBar[]): Promise<void> {
  await database.query(limit, `
    INSERT INTO bars (lane, venue, symbol, bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
                      notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position)
    SELECT 'test/a', venue, symbol, spec, to_timestamp("openTimeMs" / 1000), 0, to_timestamp("closeTimeMs" / 1000), open, high, low,
           close, volume, notional, vwap, trades, "buyVolume", "sellVolume", quality, state, revision, whole, 1, position
      FROM jsonb_to_recordset($1::jsonb) AS given (venue text, symbol text, spec text, "openTimeMs" double precision,
           "closeTimeMs" double precision, open double precision, high double precision, low double precision, close double precision,
           volume double precision, notional double precision, vwap double precision, trades bigint, "buyVolume" double precision,
           "sellVolume" double precision, quality smallint, state smallint, revision integer, whole boolean, position bigint)`,
  [JSON.stringify(bars)]);
}

describeOnEachServer('bars of a spec that is not stored', (server) => {
  let database: Database;
  beforeAll(async () => {
    database = await server.migratedDatabase();
  });
  beforeEach(async () => {
    await database.query(limit, 'DELETE FROM bars');
    await database.query(limit, 'DELETE FROM gaps');
    await database.query(limit, 'DELETE FROM lanes');
    await database.query(limit, `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time, settled_until)
      VALUES ('test/a', 'a', 1, '', true, now(), '{}')`);
  });

  const read = (spec: string, child: string, page: Partial<BarPage> = {}, isPruned = false): Promise<FilledBar[]> => (
    readBars(database, limit, { ...all, spec, ...page, select: rollingBars({ child, isPruned }) }));

  it('are what a fold of the log gives, sums to one unit in the last place', async () => {
    const family = fc.constantFrom(...families);
    const told = family.chain((one) => fc.tuple(fc.constant(one), scenarios({
      stepsMax: 50, asFile: true, given: { specs: [one.child, ...one.parents], complete: true, fromMs: null, untilMs: null },
    })));
    await fc.assert(fc.asyncProperty(told, async ([{ child, parents }, { settings, log }]) => {
      const { bars } = foldLog(log, { ...settings, fromMs: null, untilMs: null });
      await database.query(limit, 'DELETE FROM bars');
      await storeOracleBars(database, bars.filter(({ spec }) => spec === child));
      const venues = [...new Set(bars.map(({ venue }) => venue))];
      await database.query(limit, 'UPDATE lanes SET settled_until = $1::jsonb', [JSON.stringify(Object.fromEntries(venues.map((venue) => [venue, 1e15])))]);
      const series = new Map(bars.map(({ venue, symbol }) => [`${venue} ${symbol}`, { venue, symbol }]));
      for (const { venue, symbol } of series.values()) {
        for (const spec of parents) {
          const made = await read(spec, child, { venue, symbol });
          const actual: ActualBar[] = made.map((bar) => ({ ...bar, venue, symbol, spec }) as FilledBar & ActualBar);
          const expected = bars.filter((bar) => bar.venue === venue && bar.symbol === symbol && bar.spec === spec);
          expect(differencesOf(expected, actual, ['revision', 'position'])).toEqual([]);
          const backwards = await read(spec, child, { venue, symbol, order: 'desc' });
          expect(backwards.toReversed()).toEqual(made);
        }
      }
    }), { numRuns: server.isTimescale ? 3 : 5 });
  });

  const minute = (n: number, overrides: object = {}): Parameters<typeof storeBars>[1][number] => (
    { openMs: startMs + n * minuteMs, closeMs: startMs + (n + 1) * minuteMs, close: n + 1, ...overrides });
  const opensOf = (bars: readonly FilledBar[]): number[] => bars.map((bar) => (bar.openTimeMs - startMs) / minuteMs);

  it('a sum over a day of minutes is exact to one unit in the last place', async () => {
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const sizes = Array.from({ length: 1_440 }, () => random() / 2 ** 32 / 10 ** (random() % 4));
    const midnightMs = Date.UTC(2024, 0, 1);
    await database.query(limit, `
      INSERT INTO bars (lane, venue, symbol, bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
                        notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position)
      SELECT 'test/a', 'v', 's', '1m', at, 0, at + interval '1 min', 1, 1, 1, 1, size, 3 * size, 3, 1, size / 7, size / 3, 0, 3, 0, true, 1, 1
        FROM unnest($1::double precision[]) WITH ORDINALITY AS given (size, n),
             LATERAL (SELECT to_timestamp($2) + (n - 1) * interval '1 min' AS at) AS time`, [sizes, midnightMs / 1_000]);
    const [day] = await read('1d', '1m');
    const sums = { volume: sizes, notional: sizes.map((size) => 3 * size), buyVolume: sizes.map((size) => size / 7), sellVolume: sizes.map((size) => size / 3) };
    for (const [field, children] of Object.entries(sums)) {
      const off = unitsInLastPlaceBetween(day[field as keyof typeof sums], exactSum(children));
      expect(off, `${field}, seed ${seed}`).toBeLessThanOrEqual(1n);
    }
  });

  it('keep range, order and limit as stored ones do, over empty stretches of any length', async () => {
    await storeBars(database, [0, 1, 2, 5, 9, 10, 400_000, 400_001, 400_006].map((n) => minute(n)));
    const open = await read('3m', '1m');
    expect(opensOf(open)).toEqual([0, 3, 9, 399_999]); // That of 400,005 is not over: nothing was seen after it.
    expect(open[0]).toMatchObject({ open: 1, high: 4, low: 0, close: 3, volume: 6, trades: 9, closeTimeMs: startMs + 3 * minuteMs });
    const at = (n: number): number => startMs + n * minuteMs;
    expect(opensOf(await read('3m', '1m', { limit: 2 }))).toEqual([0, 3]);
    expect(opensOf(await read('3m', '1m', { limit: 2, order: 'desc' }))).toEqual([399_999, 9]);
    expect(opensOf(await read('3m', '1m', { fromMs: at(1) }))).toEqual([3, 9, 399_999]);
    expect(opensOf(await read('3m', '1m', { fromMs: at(3), untilMs: at(9) }))).toEqual([3]);
    expect(opensOf(await read('3m', '1m', { fromMs: at(3), untilMs: at(9) + 1, order: 'desc' }))).toEqual([9, 3]);
    expect(opensOf(await read('3m', '1m', { fromMs: at(20), untilMs: at(30) }))).toEqual([]);
  });

  it('are over when a later child is there, or the lane has settled that far', async () => {
    await storeBars(database, [0, 1].map((n) => minute(n)));
    expect(await read('3m', '1m')).toEqual([]);
    expect(await read('3m', '1m', { order: 'desc' })).toEqual([]);
    await database.query(limit, 'UPDATE lanes SET settled_until = $1::jsonb', [JSON.stringify({ v: startMs + 3 * minuteMs })]);
    expect(opensOf(await read('3m', '1m'))).toEqual([0]);
  });

  it('know of every gap that touches them, also where no child does, and are whole only without a loss of our own', async () => {
    await storeBars(database, [0, 2, 3, 4, 5, 6].map((n) => minute(n)));
    const gap = (n: number): Parameters<typeof storeGaps>[1][number] => ({ fromMs: startMs + n * minuteMs, untilMs: startMs + (n + 1) * minuteMs });
    await storeGaps(database, [gap(1)]);
    const marks = async (): Promise<unknown[]> => (await read('3m', '1m')).map(({ quality, whole }) => [quality, whole]);
    expect(await marks()).toEqual([[2, false], [0, true]]);
    await database.query(limit, "UPDATE gaps SET reason = 'venue-outage'");
    expect(await marks()).toEqual([[2, true], [0, true]]);
    await database.query(limit, "UPDATE gaps SET bar_spec = '1h'");
    expect(await marks()).toEqual([[0, true], [0, true]]);
    await database.query(limit, 'UPDATE bars SET quality = 1, whole = false WHERE open_time = $1', [new Date(startMs + 4 * minuteMs)]);
    expect(await marks()).toEqual([[0, true], [1, false]]);
  });

  it('the first one is in doubt where its beginning may be missing', async () => {
    await storeBars(database, [1, 2, 3, 6].map((n) => minute(n)));
    const first = async (isPruned: boolean): Promise<unknown> => {
      const [bar] = await read('3m', '1m', {}, isPruned);
      return [bar.quality, bar.whole];
    };
    expect(await first(false)).toEqual([0, true]); // The log begins at its beginning, and nothing is ever removed.
    expect(await first(true)).toEqual([1, false]);
    await database.query(limit, 'UPDATE lanes SET complete = false');
    expect(await first(false)).toEqual([1, false]);
  });

  it('are filled as stored ones are', async () => {
    await storeBars(database, [0, 1, 2, 12, 15].map((n) => minute(n)));
    const carried = await read('3m', '1m', { fill: 'carry', fromMs: startMs });
    expect(carried.map(({ openTimeMs, close, filled }) => [(openTimeMs - startMs) / minuteMs, close, filled])).toEqual(
      [[0, 3, false], [3, 3, true], [6, 3, true], [9, 3, true], [12, 13, false]]);
  });

  it('the gaps of a series are those of the lanes that wrote it, of its names or of all, within the range', async () => {
    await storeBars(database, [0, 1, 2].map((n) => minute(n)));
    const at = (n: number): { fromMs: number; untilMs: number } => ({ fromMs: startMs + n * minuteMs, untilMs: startMs + (n + 1) * minuteMs });
    await storeGaps(database, [
      at(1), { ...at(0), venue: 'v', symbol: 's', spec: '1m' }, { ...at(1), venue: 'v', symbol: 'other' }, { ...at(1), spec: '5m' },
      { ...at(1), lane: 'test/other' }, at(3), at(-1),
    ]);
    const query = { venue: 'v', symbol: 's', spec: '1m', fromMs: startMs, untilMs: startMs + 3 * minuteMs, limit: 10 };
    const found = await readSeriesGaps(database, limit, query);
    expect(found.map(({ fromTimeMs }) => (fromTimeMs - startMs) / minuteMs)).toEqual([0, 1]);
    expect(await readSeriesGaps(database, limit, { ...query, limit: 1 })).toHaveLength(1);
  });

  it('are made of the longest stored spec that divides them, and of none where they are stored themselves', async () => {
    for (const spec of ['1s', '1m', '5m', '1d@America/New_York']) await storeBars(database, [minute(0, { spec })]);
    const series = { venue: 'v', symbol: 's' };
    const children = ['3m', '15m', '5m', '1w@America/New_York', '7s', '1m/30s', '1m'].map((spec) => childSpecOf(database, limit, { ...series, spec }));
    expect(await Promise.all(children)).toEqual(['1m', '5m', null, '1d@America/New_York', '1s', '1s', null]);
    expect(await childSpecOf(database, limit, { ...series, symbol: 'none', spec: '3m' })).toBeNull();
  });
});
