import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from '../../src/postgres.ts';
import { RowComparison, type RowDifference } from '../../src/store/compare-rows.ts';
import { comparedTables, type ComparedTable } from '../../src/store/compared-tables.ts';
import { migrate } from '../../src/store/migrate.ts';
import { ScratchSchema } from '../../src/store/scratch-schema.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const lane = 'p/a';
const generations = [3, 5] as const;
const position = 10;
const expiredMs = Date.UTC(2024, 0, 1, 0, 1);

/** A bar in the few columns that decide anything; its key is symbol, spec and minute. */
interface Row {
  readonly symbol: string;
  readonly spec: string;
  readonly minute: number;
  readonly lane: string;
  readonly generation: number;
  readonly position: number;
  readonly state: number;
  readonly whole: boolean;
  readonly close: number;
  readonly vwap: number | null;
}

const keyOf = ({ symbol, spec, minute }: Row): string => `${symbol} ${spec} ${minute}`;

const key = {
  symbol: fc.constantFrom('A', 'B', 'b', 'C'), spec: fc.constantFrom('1m', '1m', '5m', 'gone'), minute: fc.nat({ max: 3 }),
};
const values = { close: fc.constantFrom(1, 1, 2), vwap: fc.constantFrom(1, 1, null), whole: fc.boolean() };
const liveRows = fc.uniqueArray(fc.record({
  ...key, ...values, lane: fc.constantFrom(lane, lane, lane, 'p/other'), generation: fc.constantFrom(2, 3, 4, 4, 5, 6),
  position: fc.constantFrom(8, 8, 9, 10, 11), state: fc.constantFrom(2, 3, 3, 3),
}), { selector: keyOf, maxLength: 40, size: 'max' });
const foldedRows = fc.uniqueArray(fc.record({
  ...key, ...values, spec: fc.constantFrom('1m', '1m', '5m'), lane: fc.constant(lane), generation: fc.constant(5),
  position: fc.constantFrom(8, 8, 9), state: fc.constant(3),
}), { selector: keyOf, maxLength: 40, size: 'max' });

/** The rule in words of its own: what a pair of rows is called. */
function verdictOn(live: Row | undefined, folded: Row | undefined): string {
  if (live === undefined) return folded!.spec === '1m' && folded!.minute === 0 ? 'expired' : 'missing';
  const isOurs = live.lane === lane;
  if (folded === undefined) {
    if (!isOurs) return 'foreign';
    if (live.spec === 'gone') return 'other-spec';
    if (live.generation < generations[0]) return 'older';
    if (live.generation > generations[1] || live.position >= position) return 'later';
    return live.state === 2 ? 'provisional' : 'extra';
  }
  const isOld = live.generation < generations[0];
  if (isOurs && isOld && live.whole && live.state === 3 && !folded.whole) return 'older';
  if (isOurs && !isOld && (live.generation > generations[1] || live.position >= position)) return 'later';
  return !isOld && fieldsOf(live, folded).length === 0 ? 'equal' : 'different';
}

function fieldsOf(live: Row, folded: Row): string[] {
  const fields = (['close', 'lane', 'position', 'state', 'vwap', 'whole'] as const).filter((field) => live[field] !== folded[field]);
  return live.generation < generations[0] ? [...fields, 'generation'].toSorted() : fields;
}

describeOnEachServer('rows that are held against those of a scratch schema', (server) => {
  let database: Database;
  let scratch: ScratchSchema;

  beforeAll(async () => {
    database = await server.migratedDatabase();
    scratch = await ScratchSchema.create({ database, limit }, 'test', { host: 'here', pid: 1 });
    const inside = new Database({
      url: scratch.urlIn(server.url()), applicationName: 'test', clientsMax: 1, connectTimeoutMs: 10_000,
      statementTimeoutMs: 30_000, idleInTransactionTimeoutMs: 30_000,
    });
    await migrate(inside, limit);
    await inside.close();
  });
  afterAll(() => scratch.drop());

  const store = (table: string, rows: readonly Row[]): Promise<unknown> => database.query(limit, `
    INSERT INTO ${table} (lane, venue, symbol, bar_spec, open_time, bar_index, close_time, open, high, low, close, volume,
           notional, vwap, trades, buy_volume, sell_volume, quality, state, revision, whole, generation, position)
    SELECT lane, 'v', symbol, spec, timestamptz '2024-01-01 00:00Z' + minute * interval '1 minute', 0,
           timestamptz '2024-01-01 00:01Z' + minute * interval '1 minute', 1, 1, 1, close, 1, 1, vwap, 1, 0, 0, 0, state, 0,
           whole, generation, position
      FROM jsonb_to_recordset($1::jsonb) AS given (lane text, symbol text, spec text, minute integer, close float8, vwap float8,
           state smallint, whole boolean, generation bigint, position bigint)`, [JSON.stringify(rows)]);

  async function compare(
    name: ComparedTable['name'], sliceRows: number,
  ): Promise<{ counts: Record<string, number>; found: RowDifference[]; slices: number }> {
    const table = comparedTables.find((one) => one.name === name)!;
    const expiredUntilMs = new Map([['1m', expiredMs], ['5m', -Infinity], ['late_ticks', expiredMs], ['gaps', expiredMs]]);
    const of = { lane, generations, position, expiredUntilMs };
    const counts: Record<string, number> = {};
    const found: RowDifference[] = [];
    let slices = 0;
    await new RowComparison(database, { table, schema: scratch.name, of, sliceRows }).run(limit, ({ leftOut, ...rest }, differences) => {
      slices++;
      for (const [verdict, count] of Object.entries({ ...rest, ...leftOut })) {
        if (count > 0) counts[verdict] = (counts[verdict] ?? 0) + count;
      }
      found.push(...differences);
    }, () => 1_000);
    return { counts, found, slices };
  }

  it('are judged one by one, whatever stands on either side, in slices of any size', async () => {
    const seen = new Set<string>();
    await fc.assert(fc.asyncProperty(liveRows, foldedRows, fc.integer({ min: 1, max: 12 }), async (live, folded, sliceRows) => {
      await database.query(limit, `TRUNCATE bars, ${scratch.name}.bars`);
      await store('bars', live);
      await store(`${scratch.name}.bars`, folded);
      const byKey = new Map([...live, ...folded].map((row) => [keyOf(row), {
        live: live.find((one) => keyOf(one) === keyOf(row)), folded: folded.find((one) => keyOf(one) === keyOf(row)),
      }]));
      const judged = [...byKey].map(([name, pair]) => ({ name, ...pair, verdict: verdictOn(pair.live, pair.folded) }));
      for (const { verdict } of judged) seen.add(verdict);
      const expected = Object.fromEntries([...Map.groupBy(judged, ({ verdict }) => verdict)].map(([verdict, of]) => [verdict, of.length]));
      delete expected['foreign'];
      const { counts, found, slices } = await compare('bars', sliceRows);
      expect(counts).toEqual(expected);
      expect(slices).toBe(Math.floor(folded.length / sliceRows) + 1);
      const cells = judged.flatMap(({ name, verdict, live: one, folded: other }) => {
        if (verdict === 'different') return fieldsOf(one!, other!).map((field) => `${name} ${field}`);
        return verdict === 'missing' || verdict === 'extra' ? [`${name} null`] : [];
      });
      const minuteOf = ({ time }: RowDifference): number => (Date.parse(time) - Date.UTC(2024, 0, 1)) / 60_000;
      expect(found.map((one) => `${one.symbol} ${one.spec} ${minuteOf(one)} ${one.field}`).toSorted()).toEqual(cells.toSorted());
    }), { numRuns: 60 });
    expect(seen.size, [...seen].join(' ')).toBe(10);
  }, 120_000);

  it('that a hand has told again under another generation count once', async () => {
    const late = (schema: string, rows: string): Promise<unknown> => database.query(limit, `
      INSERT INTO ${schema}late_ticks (lane, generation, position, counter, venue, symbol, event_time, price, size, side, watermark)
      SELECT '${lane}', generation, position, counter, 'v', 's', now(), price, 1, 0, now()
        FROM (VALUES ${rows}) AS given (generation, position, counter, price)`);
    await database.use(limit, async (client) => {
      await client.query('BEGIN'); // One now() for both sides.
      await client.query(`INSERT INTO ${scratch.name}.late_ticks SELECT '${lane}', 5, position, 0, 'v', 's', now(), 1, 1, 0, NULL, now()
        FROM generate_series(6, 9) AS position`);
      await client.query(`INSERT INTO late_ticks SELECT '${lane}', generation, position, 0, 'v', 's', now(), 1, 1, 0, NULL, now()
        FROM (VALUES (3, 6), (3, 7), (4, 7), (5, 8)) AS given (generation, position)`);
      await client.query('COMMIT');
    });
    await late('', '(2, 6, 1, 1), (5, 8, 1, 1), (5, 11, 0, 1)'); // Of an older telling; extra; later.
    expect((await compare('late_ticks', 2)).counts).toEqual({ equal: 3, missing: 1, extra: 1, later: 1 });
  });

  it('that are late ticks and gaps past their retention may be gone, and younger ones may not', async () => {
    const [old, young] = [new Date(expiredMs), new Date(expiredMs + 1)];
    await database.query(limit, `TRUNCATE late_ticks, gaps, ${scratch.name}.late_ticks, ${scratch.name}.gaps`);
    for (const [position, time] of [old, young, old].entries()) {
      await database.query(limit, `INSERT INTO ${scratch.name}.late_ticks VALUES ($1, 5, $2, 0, 'v', 's', $3, 1, 1, 0, NULL, $3, $3)`,
        [lane, position, time]);
      await database.query(limit, `INSERT INTO ${scratch.name}.gaps VALUES ($1, 5, $2, 'v', 's', '', $3, $3, 'restart', 0, $3)`,
        [lane, position, time]);
    }
    for (const table of ['late_ticks', 'gaps']) { // One that no round has deleted yet.
      await database.query(limit, `INSERT INTO ${table} SELECT * FROM ${scratch.name}.${table} WHERE position = 2`);
    }
    for (const table of ['late_ticks', 'gaps'] as const) {
      expect([table, (await compare(table, 2)).counts]).toEqual([table, { equal: 1, missing: 1, expired: 1 }]);
    }
  });
});
