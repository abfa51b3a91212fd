import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { readBars, streamBars } from '../../src/store/bars.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars, storeGaps } from './stored-rows.ts';

/*
 * The model: every interval of the range is looked at by itself, in the words of SEMANTICS 8, with boundaries that are
 * found by asking for the local time of every half hour.
 */

const limit = { deadlineMs: 60_000 };
const hourMs = 3_600_000;

interface Case {
  readonly spec: string;
  /** Boundaries of consecutive intervals. */
  readonly edges: readonly number[];
}

const minuteCase: Case = {
  spec: '1m', edges: Array.from({ length: 16 }, (_, index) => Date.UTC(2024, 2, 9, 23, 52) + index * 60_000),
};
/** Around the night of 10 March 2024, which has 23 hours, and of 3 November, which has 25. */
const dayCases: readonly Case[] = [Date.UTC(2024, 2, 1), Date.UTC(2024, 9, 25)].map((fromMs) => ({
  spec: '1d@America/New_York', edges: midnights(fromMs, 'America/New_York'),
}));

function midnights(fromMs: number, zone: string): number[] {
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const found: number[] = [];
  for (let at = fromMs; found.length < 20; at += hourMs / 2) if (local.format(at) === '00:00') found.push(at);
  return found;
}

interface Scenario {
  readonly of: Case;
  readonly stored: readonly number[]; // Indices of intervals.
  readonly holes: readonly { readonly fromMs: number; readonly untilMs: number }[];
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  readonly settledMs: number | null;
  readonly order: 'asc' | 'desc';
  readonly fill: 'carry' | 'null';
  readonly limit: number;
}

interface Expected {
  readonly openTimeMs: number;
  readonly close: number | null;
  readonly filled: boolean;
}

function modelOf(scenario: Scenario): Expected[] {
  const { of: { edges }, stored, holes, fromMs, untilMs } = scenario;
  const intervals = edges.slice(0, -1).map((openMs, index) => ({ openMs, closeMs: edges[index + 1], index }));
  const bars = intervals.filter(({ index }) => stored.includes(index));
  if (bars.length === 0) return [];
  const knownMs = Math.max(bars.at(-1)!.closeMs, scenario.settledMs ?? -Infinity);
  const startMs = fromMs ?? bars[0].openMs;
  const rows: Expected[] = [];
  for (const interval of intervals) {
    if (interval.openMs < startMs || interval.openMs >= (untilMs ?? Infinity)) continue;
    if (stored.includes(interval.index)) {
      rows.push({ openTimeMs: interval.openMs, close: interval.index + 10, filled: false });
      continue;
    }
    if (interval.closeMs > knownMs) continue;
    const previous = bars.filter(({ openMs }) => openMs < interval.openMs).at(-1);
    if (scenario.fill === 'null') {
      rows.push({ openTimeMs: interval.openMs, close: null, filled: true });
      continue;
    }
    if (previous === undefined) continue;
    const crossed = holes.some((hole) => hole.fromMs < interval.closeMs && hole.untilMs >= previous.closeMs);
    if (!crossed) rows.push({ openTimeMs: interval.openMs, close: previous.index + 10, filled: true });
  }
  return scenario.order === 'asc' ? rows.slice(0, scenario.limit) : rows.toReversed().slice(0, scenario.limit);
}

function scenarios(of: Case): fc.Arbitrary<Scenario> {
  const [firstMs, lastMs] = [of.edges[0], of.edges.at(-1)!];
  const moment = fc.oneof(fc.integer({ min: firstMs - 1, max: lastMs }), fc.constantFrom(...of.edges));
  return fc.record({
    of: fc.constant(of),
    stored: fc.uniqueArray(fc.integer({ min: 0, max: of.edges.length - 2 }), { minLength: 0, maxLength: 8 })
      .map((indices) => indices.toSorted((a, b) => a - b)),
    holes: fc.array(fc.tuple(moment, moment).map(([a, b]) => ({ fromMs: Math.min(a, b), untilMs: Math.max(a, b) })), { maxLength: 2 }),
    fromMs: fc.option(moment),
    untilMs: fc.option(moment),
    settledMs: fc.option(moment),
    order: fc.constantFrom('asc', 'desc'),
    fill: fc.constantFrom('carry', 'null'),
    limit: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 20 })),
  });
}

describeOnEachServer('filled bars', (server) => {
  let database: Database;
  let count = 0;

  beforeAll(async () => {
    database = await server.migratedDatabase();
  });

  /** Each scenario has a lane and a symbol of its own. */
  async function store(scenario: Scenario): Promise<string> {
    const symbol = `s${++count}`;
    const lane = `test/${symbol}`;
    const { edges, spec } = scenario.of;
    await storeBars(database, scenario.stored.map((index) => (
      { lane, symbol, spec, openMs: edges[index], closeMs: edges[index + 1], close: index + 10 })));
    await storeGaps(database, scenario.holes.map((hole) => ({ lane, ...hole })));
    await database.query(
      limit,
      `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time, settled_until)
       VALUES ($1, 'test', 1, '', false, now(), $2)`,
      [lane, scenario.settledMs === null ? {} : { v: scenario.settledMs }],
    );
    return symbol;
  }

  for (const [title, of] of [['1m', minuteCase], ['days of 23 hours', dayCases[0]], ['days of 25 hours', dayCases[1]]] as const) {
    it(`a page is what the model says: ${title}`, async () => {
      await fc.assert(fc.asyncProperty(scenarios(of), async (scenario) => {
        const symbol = await store(scenario);
        const { fromMs, untilMs, order, fill } = scenario;
        const bars = await readBars(
          database, limit, { venue: 'v', symbol, spec: of.spec, fromMs, untilMs, order, fill, limit: scenario.limit });
        expect(bars.map(({ openTimeMs, close, filled }) => ({ openTimeMs, close, filled }))).toEqual(modelOf(scenario));
      }), { numRuns: 250 });
    });
  }

  it('bars_carried says the same in SQL', async () => {
    const always = scenarios(minuteCase).map((scenario): Scenario => ({
      ...scenario, order: 'asc', fill: 'carry', limit: 1_000,
      fromMs: scenario.fromMs ?? minuteCase.edges[0], untilMs: scenario.untilMs ?? minuteCase.edges.at(-1)!,
    }));
    await fc.assert(fc.asyncProperty(always, async (scenario) => {
      const symbol = await store(scenario);
      const { rows } = await database.query<Expected>(
        limit,
        `SELECT (extract(epoch FROM open_time) * 1000)::double precision AS "openTimeMs", close, filled
           FROM bars_carried('v', $1, '1m', to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000))`,
        [symbol, scenario.fromMs, scenario.untilMs],
      );
      expect(rows).toEqual(modelOf(scenario));
    }), { numRuns: 250 });
  });

  it('bars_carried refuses a spec without a fixed interval and says where to ask', async () => {
    await expect(database.query(limit, "SELECT * FROM bars_carried('v', 's', '1d@America/New_York', now(), now())"))
      .rejects.toThrow('bar spec 1d@America/New_York has no fixed interval');
  });

  it('a made row repeats the close, counts nothing and has no vwap', async () => {
    const edges = minuteCase.edges;
    await storeBars(database, [0, 2].map((index) => ({ symbol: 'one', openMs: edges[index], closeMs: edges[index + 1], close: 5 })));
    const bars = await readBars(
      database, limit, { venue: 'v', symbol: 'one', spec: '1m', fromMs: null, untilMs: null, order: 'asc', fill: 'carry', limit: 10 });
    expect(bars[1]).toMatchObject({
      openTimeMs: edges[1], closeTimeMs: edges[2], open: 5, high: 5, low: 5, close: 5, volume: 0, notional: 0, vwap: null,
      trades: 0, buyVolume: 0, sellVolume: 0, revision: 0, filled: true,
    });
    expect(bars[0]).toMatchObject({ high: 6, low: 4, volume: 2, vwap: 5, trades: 3, position: 7, filled: false });
  });

  it('a gap of another symbol, spec or lane stops nothing', async () => {
    const edges = minuteCase.edges;
    await storeBars(database, [0, 5].map((index) => (
      { lane: 'test/other', symbol: 'two', openMs: edges[index], closeMs: edges[index + 1] })));
    const gap = { fromMs: edges[2], untilMs: edges[3] };
    const page = { venue: 'v', symbol: 'two', spec: '1m', fromMs: null, untilMs: null, order: 'asc', fill: 'carry', limit: 10 } as const;
    await storeGaps(database, [
      { ...gap, lane: 'test/foreign' }, { ...gap, lane: 'test/other', symbol: 'one' },
      { ...gap, lane: 'test/other', spec: '5m' }, { ...gap, lane: 'test/other', venue: 'w' },
    ]);
    expect(await readBars(database, limit, page)).toHaveLength(6);
    await database.query(limit, "UPDATE gaps SET bar_spec = '1m' WHERE lane = 'test/other' AND bar_spec = '5m'");
    expect(await readBars(database, limit, page)).toHaveLength(3);
  });

  it('a gap that ends with a bar stops its close; one that ends within it does not', async () => {
    const edges = minuteCase.edges;
    await storeBars(database, [0, 5].map((index) => (
      { lane: 'test/end', symbol: 'three', openMs: edges[index], closeMs: edges[index + 1] })));
    await storeGaps(database, [{ lane: 'test/end', fromMs: edges[1] - 30_000, untilMs: edges[1] - 1 }]);
    const page = { venue: 'v', symbol: 'three', spec: '1m', fromMs: null, untilMs: null, order: 'desc', fill: 'carry', limit: 10 } as const;
    expect(await readBars(database, limit, page)).toHaveLength(6);
    await database.query(limit, "UPDATE gaps SET until_time = until_time + interval '1 ms' WHERE lane = 'test/end'");
    expect(await readBars(database, limit, page)).toHaveLength(2);
  });

  it('a stream gives the same rows as one page, however many pages it takes', async () => {
    const dayMs = 86_400_000;
    const openMs = Date.UTC(2024, 0, 1);
    await storeBars(database, [0, 1, 3, 9_990].map((index) => (
      { symbol: 'long', spec: '1m', openMs: openMs + index * 60_000, closeMs: openMs + (index + 1) * 60_000, close: index })));
    const series = { venue: 'v', symbol: 'long', spec: '1m', fromMs: openMs, untilMs: openMs + 7 * dayMs } as const;
    const streamed = await Array.fromAsync(streamBars(database, limit, { ...series, fill: 'carry' }));
    expect(streamed).toHaveLength(9_991);
    expect(streamed).toEqual(await readBars(database, limit, { ...series, fill: 'carry', order: 'asc', limit: 20_000 }));
    const stored = await Array.fromAsync(streamBars(database, limit, { ...series, fill: 'none' }));
    expect(stored.map((bar) => bar.close)).toEqual([0, 1, 3, 9_990]);
    const toTheEnd = await Array.fromAsync(streamBars(database, limit, { ...series, fill: 'carry', knownUntilMs: series.untilMs }));
    expect(toTheEnd).toHaveLength(7 * 1_440);
  });
});
