import { beforeEach, describe, expect, it } from 'vitest';
import { handOverLane, renameLane } from '../../src/store/lane-admin.ts';
import { listLanes } from '../../src/store/lane-list.ts';
import type { Database } from '../../src/postgres.ts';
import { eventually } from '../support/eventually.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { compressBars } from './compressed-bars.ts';
import { storeBars, storeGaps, storeValues } from './stored-rows.ts';

const limit = { deadlineMs: 60_000 };
const waitingForLock = `SELECT pid AS value FROM pg_stat_activity
  WHERE wait_event_type = 'Lock' AND datname = current_database()`;
const minuteMs = 60_000;
const noonMs = Date.UTC(2024, 0, 10, 12);
const at = (minutes: number): number => noonMs + minutes * minuteMs;

describeOnEachServer('lanes in the hands of people', (server) => {
  let database: Database;

  beforeEach(async () => {
    database = await server.migratedDatabase();
  });

  async function makeLane(name: string, generation = 1, settledMs?: number): Promise<void> {
    await database.query(
      limit,
      `INSERT INTO lanes (name, source, generation, log_identity, complete, start_time, settled_until)
       VALUES ($1, split_part($1, '/', 2), $2, 'log of ' || $1, false, now(), $3)`,
      [name, generation, settledMs === undefined ? {} : { v: settledMs }]);
  }

  async function makeCheckpoint(lane: string, generation: number, settledMs: number): Promise<void> {
    await database.query(
      limit,
      `INSERT INTO lane_checkpoints (lane, generation, position, settled_until, state, taken_at)
       VALUES ($1, $2, 77, $3, 'abcde', to_timestamp(1000))`, [lane, generation, { v: settledMs }]);
  }

  async function makeLateTick(lane: string, generation: number, eventMs: number): Promise<void> {
    await database.query(
      limit,
      `INSERT INTO late_ticks (lane, generation, position, counter, venue, symbol, event_time, price, size, side, watermark)
       VALUES ($1, $2, 5, 0, 'v', 's', to_timestamp($3::double precision / 1000), 1, 1, 0, now())`, [lane, generation, eventMs]);
  }

  async function makeAlert(lane: string): Promise<void> {
    await database.query(
      limit,
      `INSERT INTO alerts (rule_id, rule_version, lane, venue, symbol, bar_spec, open_time, bar_index, close_time, state, value,
                           bar_state, whole, generation, position)
       VALUES (gen_random_uuid(), 1, $1, 'v', 's', '1m', to_timestamp($2::double precision / 1000), 0, now(), 1, 1, 3, true, 1, 5)`,
      [lane, at(0)]);
  }

  async function makeLetter(lane: string): Promise<void> {
    await database.query(
      limit,
      `INSERT INTO dead_letters (lane, generation, position, origin, counter, reason, message, place, bytes, first_at, last_at)
       VALUES ($1, 1, 1, 'tick', 0, 'malformed', '', '', '', now(), now())`, [lane]);
  }

  const bars = (lane: string, minutes: readonly number[], spec = '1m', length = 1): Parameters<typeof storeBars>[1] =>
    minutes.map((minute) => ({ lane, spec, openMs: at(minute), closeMs: at(minute + length) }));

  async function values<T>(text: string): Promise<T[]> {
    const { rows } = await database.query<{ value: T }>(limit, text);
    return rows.map(({ value }) => value);
  }

  const lanesOf = (table: string): Promise<string[]> => values(`SELECT DISTINCT lane AS value FROM ${table} ORDER BY 1`);
  const generationOf = async (name: string): Promise<number | undefined> =>
    (await values<number>(`SELECT generation AS value FROM lanes WHERE name = '${name}'`))[0];
  const fence = (name: string, generation: number): Promise<unknown> =>
    database.query(limit, 'SELECT mdp_fence(ARRAY[$1], ARRAY[$2::bigint])', [name, generation]);

  describe('a list', () => {
    it('has all lanes with their checkpoints, and counts bars only when it is asked to', async () => {
      await makeLane('p/a', 3, noonMs);
      await makeLane('q/b');
      await makeCheckpoint('p/a', 3, noonMs);
      await storeBars(database, bars('p/a', [0, 1]));
      expect(await listLanes(database, limit, { count: false })).toMatchObject([
        { name: 'p/a', source: 'a', generation: 3, logIdentity: 'log of p/a', settledUntilMs: { v: noonMs }, bars: null,
          checkpoint: { position: 77, generation: 3, bytes: 5, takenAtMs: 1_000_000 } },
        { name: 'q/b', checkpoint: null, settledUntilMs: {} },
      ]);
      const counted = await listLanes(database, limit, { count: true });
      expect(counted.map((lane) => lane.bars)).toEqual([2, 0]);
    });
  });

  describe('a new name', () => {
    it('stands in every table that knows lanes, and leaves other lanes alone', async () => {
      for (const lane of ['p/a', 'p/b']) {
        await makeLane(lane);
        await makeCheckpoint(lane, 1, noonMs);
        await makeLateTick(lane, 1, at(0));
        await makeLetter(lane);
        await makeAlert(lane);
      }
      await storeBars(database, [...bars('p/a', [0, 1]), ...bars('p/b', [2])]);
      await storeValues(database);
      await storeGaps(database, ['p/a', 'p/b'].map((lane) => ({ lane, fromMs: at(0), untilMs: at(1) })));
      const { rows } = await renameLane(database, limit, { from: 'p/a', to: 'p/new/0' });
      expect(rows).toMatchObject({ bars: 2, indicators: 2, late_ticks: 1, gaps: 1, dead_letters: 1, lane_checkpoints: 1 });
      const tables = await values<string>(`SELECT c.relname AS value FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'lane'`);
      expect(Object.keys(rows).sort()).toEqual(tables.sort());
      for (const table of tables) expect(await lanesOf(table), table).toEqual(['p/b', 'p/new/0']);
      expect(await values('SELECT name || source AS value FROM lanes ORDER BY 1')).toEqual(['p/bb', 'p/new/0new']);
    });

    it('fences whoever still writes under the old one, and keeps the checkpoint', async () => {
      await makeLane('p/a', 4);
      await makeCheckpoint('p/a', 4, noonMs);
      await renameLane(database, limit, { from: 'p/a', to: 'p/b' });
      await expect(fence('p/a', 4)).rejects.toMatchObject({ code: 'MD001' });
      const [lane] = await listLanes(database, limit, { count: false });
      expect(lane).toMatchObject({ name: 'p/b', checkpoint: { generation: lane.generation } });
      await fence('p/b', lane.generation);
    });

    it('is refused when it is taken, and when there is nothing to name; then nothing has changed', async () => {
      await makeLane('p/a');
      await makeLane('p/b');
      await expect(renameLane(database, limit, { from: 'p/a', to: 'p/b' })).rejects.toMatchObject({ code: 'lane-refused' });
      await expect(renameLane(database, limit, { from: 'p/c', to: 'p/d' })).rejects.toMatchObject({ code: 'lane-unknown' });
      expect([await generationOf('p/a'), await generationOf('p/b')]).toEqual([1, 1]);
    });
  });

  describe('a hand-over', () => {
    const handOver = { from: 'p/a', to: 'p/b', atMs: at(5), nowMs: noonMs };

    it('moves what opens from the time on: bars, values of indicators, late ticks and gaps; a gap on both sides is cut', async () => {
      await makeLane('p/a', 2);
      await makeLane('p/b', 3);
      await storeBars(database, [...bars('p/a', [3, 4, 5, 6]), ...bars('p/a', [0, 5], '5m', 5)]);
      await storeValues(database);
      await makeLateTick('p/a', 1, at(5));
      await makeLateTick('p/a', 2, at(5) - 1);
      await makeLateTick('p/b', 1, at(0)); // The same key but for the lane.
      await storeGaps(database, [
        { lane: 'p/a', fromMs: at(1), untilMs: at(2) }, { lane: 'p/a', fromMs: at(4), untilMs: at(7) },
        { lane: 'p/a', fromMs: at(5), untilMs: at(6) },
      ]);
      await makeLetter('p/a');
      const report = await handOverLane(database, limit, handOver);
      expect(report).toMatchObject({ bars: 3, indicators: 3, lateTicks: 1, gaps: 2, isNew: false });
      for (const table of ['bars', 'indicators']) {
        expect(await values(`SELECT lane || ' ' || bar_spec || extract(minute FROM open_time) AS value FROM ${table} ORDER BY 1`))
          .toEqual(['p/a 1m3', 'p/a 1m4', 'p/a 5m0', 'p/b 1m5', 'p/b 1m6', 'p/b 5m5']);
      }
      expect(await values(`SELECT lane || extract(minute FROM from_time) || '-' || extract(minute FROM until_time) AS value
        FROM gaps ORDER BY 1`)).toEqual(['p/a1-2', 'p/a4-5', 'p/b5-6', 'p/b5-7']);
      expect(await values('SELECT lane AS value FROM late_ticks ORDER BY event_time')).toEqual(['p/b', 'p/a', 'p/b']);
      expect(await lanesOf('dead_letters')).toEqual(['p/a']);
    });

    it('gives the receiver a generation beyond everything, so that its tellings win; both are fenced', async () => {
      await makeLane('p/a', 7);
      await makeLane('p/b', 2);
      await makeCheckpoint('p/b', 2, noonMs);
      await makeLateTick('p/a', 7, at(9));
      const { generations } = await handOverLane(database, limit, handOver);
      expect(generations.from).toBe(8);
      const newest = await values<number>(`SELECT max(generation) AS value FROM (
        SELECT generation FROM bars UNION ALL SELECT generation FROM late_ticks UNION ALL SELECT generation FROM gaps) AS rows`);
      expect(generations.to).toBeGreaterThan(Math.max(8, ...newest));
      expect(await generationOf('p/b')).toBe(generations.to);
      await expect(fence('p/a', 7)).rejects.toMatchObject({ code: 'MD001' });
      await expect(fence('p/b', 2)).rejects.toMatchObject({ code: 'MD001' });
      expect(await values(`SELECT generation AS value FROM lane_checkpoints`)).toEqual([generations.to]);
    });

    it('makes the receiver where it was never started, and ends what the giver says is settled', async () => {
      await makeLane('p/a', 1, at(9));
      await makeCheckpoint('p/a', 1, at(9));
      await storeBars(database, bars('p/a', [4, 6]));
      expect(await handOverLane(database, limit, handOver)).toMatchObject({ bars: 1, isNew: true });
      expect(await listLanes(database, limit, { count: true })).toMatchObject([
        { name: 'p/a', settledUntilMs: { v: at(5) }, bars: 1 }, { name: 'p/b', source: 'b', logIdentity: '', bars: 1 },
      ]);
      expect(await values(`SELECT settled_until ->> 'v' AS value FROM lane_checkpoints`)).toEqual([String(at(5))]);
    });

    it('is refused within a stored bar, which it names; then nothing has changed', async () => {
      await makeLane('p/a');
      await storeBars(database, [...bars('p/a', [0, 5, 6]), ...bars('p/a', [0], '1h', 60), ...bars('p/x', [0], '1d', 1_440)]);
      await expect(handOverLane(database, limit, handOver)).rejects.toMatchObject({
        code: 'lane-refused', message: expect.stringContaining('bar of lane p/a: v s 1h from 2024-01-10T12:00:00.000Z until 2024-01-10T13'),
      });
      expect(await listLanes(database, limit, { count: true })).toMatchObject([{ name: 'p/a', generation: 1, bars: 4 }]);
      await expect(handOverLane(database, limit, { ...handOver, from: 'p/none' })).rejects.toMatchObject({ code: 'lane-unknown' });
      expect(await generationOf('p/b')).toBeUndefined();
    });

    if (server.isTimescale) it('and a new name reach rows in compressed chunks', async () => {
      await makeLane('p/a');
      await storeBars(database, bars('p/a', [0, 5, 9]));
      await compressBars(database);
      expect(await handOverLane(database, limit, handOver)).toMatchObject({ bars: 2 });
      await compressBars(database);
      expect(await renameLane(database, limit, { from: 'p/b', to: 'p/c' })).toMatchObject({ rows: { bars: 2 } });
      expect(await lanesOf('bars')).toEqual(['p/a', 'p/c']);
    });

    it('goes through while a writer stands in its way, who is fenced off', async () => {
      await makeLane('p/a');
      await storeBars(database, bars('p/a', [4, 5]));
      const writer = server.another();
      const [held, met] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const writing = writer.use(limit, async (client) => {
        await client.query('BEGIN');
        await client.query("UPDATE bars SET close = 2 WHERE lane = 'p/a'");
        held.resolve();
        await met.promise;
        await client.query("SELECT mdp_fence(ARRAY['p/a'], ARRAY[1::bigint]); COMMIT");
      }).then(() => 'committed', (error: { code: string }) => error.code);
      await held.promise;
      const handing = handOverLane(database, limit, handOver);
      // The embedded server lets one in after the other: there they cannot meet.
      if (!server.isTimescale) await eventually(async () => (await values(waitingForLock)).length > 0);
      met.resolve();
      expect(await handing).toMatchObject({ bars: 1 });
      const outcome = await writing;
      if (server.isTimescale) expect(outcome).toBe('committed');
      else expect(['MD001', '40P01']).toContain(outcome);
    });
  });
});
