import { beforeEach, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import type { Checkpoint, PassedWindows } from '../../src/model/checkpoint.ts';
import type { RemovedRow, RemovedRows } from '../../src/model/removed-rows.ts';
import type { Database } from '../../src/postgres.ts';
import { writeCheckpoint } from '../../src/store/checkpoints.ts';
import { takeLane } from '../../src/store/lanes.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars, storeGaps, storeValues } from './stored-rows.ts';

const limit = { deadlineMs: 30_000 };
const minuteMs = 60_000;
const noonMs = Date.UTC(2024, 0, 10, 12);
const lane = 'p/a';

/** Windows of one minute, by number from noon: from the first one that is held to the last one that is passed. */
function passed(venue: string | null, from: number, until: number): PassedWindows {
  return { venue, spec: '1m', fromMs: noonMs + from * minuteMs, untilMs: noonMs + until * minuteMs };
}

function checkpointOf(rest: Partial<Checkpoint>): Checkpoint {
  return {
    lane, generation: 2, position: 100, lastRecordHash: null, settledUntilMs: new Map(), passed: [], isEnded: false,
    storedUntilMs: Infinity, state: new Uint8Array([1]), takenAtMs: noonMs, ...rest,
  };
}

describeOnEachServer('the rows of older tellings', (server) => {
  let database: Database;

  /** Ten bars of each venue in generation 1, and a rebuild that has just been taken up as generation 2. */
  beforeEach(async () => {
    database = await server.migratedDatabase();
    const wish = {
      name: lane, source: 'a', pausable: true, complete: false, nowMs: noonMs, intervalMsMax: minuteMs, baseSpec: null,
      request: { logIdentity: 'log', repeatable: true },
    };
    await takeLane(database, limit, { ...wish, mode: 'resume' });
    const minutes = Array.from({ length: 10 }, (_, index) => noonMs + index * minuteMs);
    await storeBars(database, ['v', 'w'].flatMap((venue) => minutes.map((openMs) => (
      { lane, venue, openMs, closeMs: openMs + minuteMs }))));
    await storeBars(database, [{ lane: 'p/b', venue: 'v', symbol: 'other', openMs: noonMs, closeMs: noonMs + minuteMs }]);
    await takeLane(database, limit, { ...wish, mode: 'rebuild' });
  });

  /** What is left of a venue: numbers of minutes. */
  async function left(venue = 'v'): Promise<number[]> {
    const { rows } = await database.query<{ minute: number }>(
      limit,
      `SELECT (extract(epoch FROM open_time) / 60)::integer - $3 AS minute FROM bars WHERE lane = $1 AND venue = $2 ORDER BY 1`,
      [lane, venue, noonMs / minuteMs]);
    return rows.map(({ minute }) => minute);
  }

  async function column<T>(query: string): Promise<T[]> {
    const { rows } = await database.query<{ value: T }>(limit, query);
    return rows.map(({ value }) => value);
  }

  it('go where their windows are held and passed, venue by venue; those of other lanes stay', async () => {
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 2, 5), passed('w', 0, 3)] }));
    expect(await left('v')).toEqual([0, 1, 5, 6, 7, 8, 9]);
    expect(await left('w')).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(await column("SELECT lane AS value FROM bars WHERE symbol = 'other'")).toEqual(['p/b']);
  });

  it('are told of before they go, each once, and stay where that fails', async () => {
    await storeValues(database);
    const told: RemovedRows[] = [];
    const checkpoint = checkpointOf({ passed: [passed('v', 2, 4), passed('w', 0, 1)] });
    const failing = async (): Promise<void> => { throw new MdpError('kafka-unreachable', 'The brokers are away.'); };
    await expect(writeCheckpoint(database, limit, { ...checkpoint, announce: failing })).rejects.toMatchObject({ code: 'kafka-unreachable' });
    expect(await left('v')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await writeCheckpoint(database, limit, { ...checkpoint, announce: async (removed) => void told.push(removed) });
    expect(await left('v')).toEqual([0, 1, 4, 5, 6, 7, 8, 9]);
    expect(told.map(({ lane: of, generation, position }) => ({ of, generation, position })))
      .toEqual([{ of: lane, generation: 2, position: 100 }, { of: lane, generation: 2, position: 100 }]);
    const keys = (rows: readonly RemovedRow[]): string[] => rows.map(({ venue, barSpec, openTimeMs, closeTimeMs, barIndex }) =>
      `${venue} ${barSpec} ${(openTimeMs - noonMs) / minuteMs} ${(closeTimeMs - noonMs) / minuteMs} ${barIndex}`).sort();
    for (const { rows } of told) expect(keys(rows)).toEqual(['v 1m 2 3 0', 'v 1m 3 4 0', 'w 1m 0 1 0']);
    expect(told.map(({ rows }) => rows[0].indicator === null)).toEqual([true, false]);
  });

  it('take the values of indicators along, and leave those of bars that stay', async () => {
    await storeValues(database);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 2, 5), passed('w', 0, 3)] }));
    const keys = (table: string): Promise<unknown[]> =>
      column(`SELECT lane || venue || symbol || open_time AS value FROM ${table} ORDER BY 1`);
    expect(await keys('indicators')).toEqual(await keys('bars'));
  });

  it('go, and what this telling itself has written stays; so does a window that is held or passed only in part', async () => {
    await database.query(limit, "UPDATE bars SET generation = 2 WHERE lane = $1 AND venue = 'v' AND open_time = $2",
      [lane, new Date(noonMs + 3 * minuteMs)]);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 1.5, 5.5)] }));
    expect(await left()).toEqual([0, 1, 3, 5, 6, 7, 8, 9]);
  });

  it('are looked for only in windows that were passed since the last checkpoint', async () => {
    const until = (minute: number): Map<string, number> => new Map([['v', noonMs + minute * minuteMs]]);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 2, 4)], settledUntilMs: until(4) }));
    await storeBars(database, [{ lane, openMs: noonMs + 3 * minuteMs, closeMs: noonMs + 4 * minuteMs }]); // By hand.
    await writeCheckpoint(
      database, limit, checkpointOf({ position: 101, passed: [passed('v', 2, 4.9)], settledUntilMs: until(4.9) }));
    expect(await left()).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9]);
    await writeCheckpoint(
      database, limit, checkpointOf({ position: 102, passed: [passed('v', 2, 6)], settledUntilMs: until(6) }));
    expect(await left()).toEqual([0, 1, 3, 6, 7, 8, 9]);
  });

  it('stay where this telling has lost something itself, and nowhere else', async () => {
    await database.query(limit, `
      INSERT INTO gaps (lane, generation, position, venue, symbol, bar_spec, from_time, until_time, reason, ticks_lost)
      SELECT $1, 2, 1, '', '', '', $2::timestamptz, $3::timestamptz, 'deleted-records', 0
       UNION ALL SELECT $1, 2, 2, '', '', '', $3::timestamptz, $4::timestamptz, 'venue-outage', 0`,
    [lane, ...[3.5, 5, 7].map((minute) => new Date(noonMs + minute * minuteMs).toISOString())]);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 2, 8)] }));
    expect(await left()).toEqual([0, 1, 3, 4, 8, 9]);
  });

  it('go with their gaps, once all of a gap is passed by all whom it concerns', async () => {
    await storeGaps(database, [
      { lane, venue: 'v', fromMs: noonMs + minuteMs, untilMs: noonMs + 2 * minuteMs },
      { lane, venue: 'v', fromMs: noonMs + 3 * minuteMs, untilMs: noonMs + 7 * minuteMs },
      { lane, venue: '', fromMs: noonMs + minuteMs, untilMs: noonMs + 2 * minuteMs },
      { lane, venue: '', fromMs: noonMs + minuteMs, untilMs: noonMs + 4 * minuteMs },
    ]);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 0, 5), passed('w', 0, 3)] }));
    expect(await column('SELECT position AS value FROM gaps ORDER BY 1')).toEqual([1, 3]);
  });

  it('go with late ticks that came while the log stood where it has been passed, whatever their own time', async () => {
    const late = `
      INSERT INTO late_ticks (lane, generation, position, counter, venue, symbol, event_time, price, size, side, watermark)
      SELECT $1, generation, position, 0, venue, 's', $2, 1, 1, 0, $2::timestamptz + minute * interval '1 minute'
        FROM (VALUES (1, 1, 'v', 1), (1, 2, 'v', 4), (1, 3, 'v', 6), (1, 4, 'w', 4), (2, 5, 'v', 4))
             AS given (generation, position, venue, minute)`;
    await database.query(limit, late, [lane, new Date(noonMs).toISOString()]);
    await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 2, 5)] }));
    expect(await column('SELECT position AS value FROM late_ticks ORDER BY 1')).toEqual([1, 3, 4, 5]);
  });

  it('go with letters of records that were read again, but not with those of a log that was exchanged', async () => {
    const letters = `
      INSERT INTO dead_letters
             (lane, generation, position, origin, counter, reason, message, place, bytes, first_at, last_at)
      SELECT $1, generation, position, 'tick', 0, '', '', '', '', now(), now()
        FROM (VALUES (1, 99), (1, 100), (2, 98)) AS t (generation, position)`;
    await database.query(limit, letters, [lane]);
    await writeCheckpoint(database, limit, checkpointOf({}));
    expect(await column('SELECT position AS value FROM dead_letters ORDER BY 1')).toEqual([98, 100]);
    await database.query(limit, 'UPDATE lanes SET log_since = 2');
    await writeCheckpoint(database, limit, checkpointOf({ position: 200 }));
    expect(await column('SELECT position AS value FROM dead_letters ORDER BY 1')).toEqual([98, 100]);
  });

  it('are all gone at the end of a complete log, also those of venues that it does not name', async () => {
    const everything = { ...passed(null, 3, 0), untilMs: Infinity };
    await writeCheckpoint(database, limit, checkpointOf({ passed: [everything], isEnded: true }));
    expect([await left('v'), await left('w')]).toEqual([[0, 1, 2], [0, 1, 2]]);
    expect(await column('SELECT rebuilding AS value FROM lanes')).toEqual([false]);
    expect(await column('SELECT ended AS value FROM lane_checkpoints')).toEqual([true]);
  });

  it('are a matter of the past once everything that was stored is passed, and then nothing is removed any more', async () => {
    const settled = (minute: number): Partial<Checkpoint> => ({
      storedUntilMs: noonMs + 10 * minuteMs, settledUntilMs: new Map([['v', noonMs + minute * minuteMs]]),
    });
    await writeCheckpoint(database, limit, checkpointOf(settled(9)));
    expect(await column('SELECT rebuilding AS value FROM lanes')).toEqual([true]);
    await writeCheckpoint(database, limit, checkpointOf({ ...settled(10), position: 101 }));
    expect(await column('SELECT rebuilding AS value FROM lanes')).toEqual([false]);
    await writeCheckpoint(database, limit, checkpointOf({ position: 102, passed: [passed('v', 0, 10)] }));
    expect(await left()).toHaveLength(10);
  });

  it('stay when the lane is not ours any more', async () => {
    await database.query(limit, 'UPDATE lanes SET generation = 3');
    expect(await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 0, 10)] }))).toBe('lost');
    expect(await left()).toHaveLength(10);
  });

  it('stay when the same telling is further on elsewhere', async () => {
    await writeCheckpoint(database, limit, checkpointOf({ position: 500 }));
    expect(await writeCheckpoint(database, limit, checkpointOf({ passed: [passed('v', 0, 10)] }))).toBe('overtaken');
    expect(await left()).toHaveLength(10);
  });
});
