import { beforeAll, expect, it } from 'vitest';
import { writeCheckpoint } from '../../src/store/checkpoints.ts';
import { adoptLanes } from '../../src/store/lane-admin.ts';
import { settleLane, takeLane as takeWithState, type LaneWish } from '../../src/store/lanes.ts';
import type { LaneStart } from '../../src/model/lane.ts';
import type { Database } from '../../src/postgres.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars } from './stored-rows.ts';

const limit = { deadlineMs: 30_000 };
const nowMs = Date.UTC(2024, 0, 10, 12);
const minuteMs = 60_000;

function wish(name: string, request: Partial<LaneWish['request']> = {}, rest: Partial<LaneWish> = {}): LaneWish {
  return {
    name, source: 'trades', pausable: true, complete: false, mode: 'resume', baseSpec: '1m', nowMs, intervalMsMax: 86_400_000,
    request: { logIdentity: 'log a', repeatable: true, ...request }, ...rest,
  };
}

async function takeLane(database: Database, of: typeof limit, wanted: LaneWish): Promise<LaneStart> {
  return (await takeWithState(database, of, wanted)).start;
}

describeOnEachServer('lanes', (server) => {
  let database: Database;

  beforeAll(async () => {
    database = await server.migratedDatabase();
  });

  it('a first take-up has generation 1, starts now, and knows of no bars', async () => {
    expect(await takeLane(database, limit, wish('p/first'))).toEqual({
      lane: { name: 'p/first', source: 'trades', generation: 1, pausable: true, complete: false, fromPosition: 0, storedUntilMs: -Infinity },
      position: 0, lastRecordHash: null, startTimeMs: nowMs, newestEventTimeMs: null,
    });
  });

  it('a second take-up keeps the start time and finds the newest bar of its own lane', async () => {
    await takeLane(database, limit, wish('p/again'));
    const openMs = Date.UTC(2024, 0, 10, 11);
    await storeBars(database, [
      { lane: 'p/again', symbol: 'x', openMs, closeMs: openMs + minuteMs },
      { lane: 'p/again', symbol: 'x', spec: '1h', openMs, closeMs: openMs + 60 * minuteMs },
      { lane: 'p/other', symbol: 'y', openMs: openMs + 5 * 86_400_000, closeMs: openMs + 5 * 86_400_000 + minuteMs },
    ]);
    const start = await takeLane(database, limit, wish('p/again', {}, { nowMs: nowMs + 1_000 }));
    expect(start.lane).toMatchObject({ generation: 1, storedUntilMs: openMs + 60 * minuteMs });
    expect(start).toMatchObject({ startTimeMs: nowMs, newestEventTimeMs: openMs + 60 * minuteMs });
  });

  it('what is settled bounds the search, and bars that close later are still found', async () => {
    await takeLane(database, limit, wish('p/settled'));
    const settledMs = Date.UTC(2024, 0, 5);
    const dayMs = 86_400_000;
    await storeBars(database, [
      { lane: 'p/settled', symbol: 'z', spec: '1d', openMs: settledMs - dayMs / 2, closeMs: settledMs + dayMs / 2 },
    ]);
    expect(await settleLane(database, limit, { lane: 'p/settled', generation: 1, untilMs: new Map([['v', settledMs]]) })).toBe(true);
    expect((await takeLane(database, limit, wish('p/settled'))).lane.storedUntilMs).toBe(settledMs + dayMs / 2);
    await settleLane(database, limit, { lane: 'p/settled', generation: 1, untilMs: new Map([['v', settledMs + 30 * dayMs]]) });
    expect((await takeLane(database, limit, wish('p/settled'))).lane.storedUntilMs).toBe(settledMs + 30 * dayMs);
  });

  it('settled times are kept by venue, and only for the generation that holds', async () => {
    await takeLane(database, limit, wish('p/venues', { repeatable: false }));
    await settleLane(database, limit, { lane: 'p/venues', generation: 1, untilMs: new Map([['a', 1], ['b', 2]]) });
    await settleLane(database, limit, { lane: 'p/venues', generation: 1, untilMs: new Map([['b', 3]]) });
    await takeLane(database, limit, wish('p/venues', { repeatable: false }));
    expect(await settleLane(database, limit, { lane: 'p/venues', generation: 1, untilMs: new Map([['a', 9]]) })).toBe(false);
    const { rows } = await database.query(limit, "SELECT settled_until FROM lanes WHERE name = 'p/venues'");
    expect(rows).toEqual([{ settled_until: { a: 1, b: 3 } }]);
  });

  it('a log that cannot be read again gets the next generation each time', async () => {
    const generations: number[] = [];
    for (let start = 0; start < 3; start++) {
      const { lane } = await takeLane(database, limit, wish('p/live', { repeatable: false, logIdentity: `start ${start}` }));
      generations.push(lane.generation);
    }
    expect(generations).toEqual([1, 2, 3]);
  });

  it('processes that take a live lane at once get generations of their own', async () => {
    const starts = await Promise.all(Array.from({ length: 4 }, () => takeLane(database, limit, wish('p/race', { repeatable: false }))));
    expect(starts.map((start) => start.lane.generation).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  it('another log under the name is refused while bars are stored, and the message says how to go on', async () => {
    await takeLane(database, limit, wish("p/o'clock"));
    expect((await takeLane(database, limit, wish("p/o'clock", { logIdentity: 'log b' }))).lane.generation).toBe(2);
    await storeBars(database, [{ lane: "p/o'clock", symbol: 'w', openMs: nowMs, closeMs: nowMs + minuteMs }]);
    const refused = await takeLane(database, limit, wish("p/o'clock", { logIdentity: 'log c' })).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'log-changed', message: expect.stringContaining('it is now "log c", it was "log b"') });
    expect((refused as Error).message).toContain("--rebuild p/o'clock");
    const rebuilt = await takeLane(database, limit, wish("p/o'clock", { logIdentity: 'log c' }, { mode: 'rebuild' }));
    expect(rebuilt).toMatchObject({ position: 0, lane: { generation: 3, fromPosition: 0, storedUntilMs: nowMs + minuteMs } });
  });

  it('a log that was made anew under its name is refused by its id, which a log that was known without one takes on', async () => {
    const take = (logId?: string, rest: Partial<LaneWish> = {}): Promise<LaneStart> =>
      takeLane(database, limit, wish('p/anew', logId === undefined ? {} : { logId }, rest));
    expect((await take()).lane.generation).toBe(1);
    await storeBars(database, [{ lane: 'p/anew', symbol: 'anew', openMs: nowMs, closeMs: nowMs + minuteMs }]);
    for (const logId of ['first', undefined]) expect((await take(logId)).lane.generation).toBe(1);
    await expect(take('second')).rejects.toMatchObject({
      code: 'log-changed', message: expect.stringMatching(/was deleted and made anew: .*it is now "log a \(made as second\)", it was "log a \(made as first\)"/),
    });
    expect((await take('second', { mode: 'rebuild' })).lane.generation).toBe(2);
    expect((await take('second')).lane.generation).toBe(2);
    await expect(take('first')).rejects.toMatchObject({ code: 'log-changed' });
  });

  it('a first take-up begins where it is told to, and never before the log does', async () => {
    expect(await takeLane(database, limit, wish('p/latest', { beginAt: 70, firstPosition: 20 })))
      .toMatchObject({ position: 70, lane: { generation: 1, fromPosition: 70 } });
    expect(await takeLane(database, limit, wish('p/latest', { beginAt: 90, firstPosition: 20 })))
      .toMatchObject({ position: 70, lane: { generation: 1, fromPosition: 70 } });
    expect(await takeLane(database, limit, wish('p/cut', { firstPosition: 20 })))
      .toMatchObject({ position: 20, lane: { generation: 1, fromPosition: 20 } });
  });

  it('records that were deleted unread begin a new telling, which goes on with what was open', async () => {
    const name = 'p/deleted';
    await takeLane(database, limit, wish(name));
    const state = Buffer.from('what was open');
    const written = await writeCheckpoint(database, limit, {
      lane: name, generation: 1, position: 30, lastRecordHash: 'hash', settledUntilMs: new Map(), passed: [], isEnded: false,
      state, takenAtMs: nowMs, storedUntilMs: -Infinity,
    });
    expect(written).toBe('written');
    expect(await takeLane(database, limit, wish(name, { firstPosition: 30 }))).toMatchObject({ lane: { generation: 1 } });
    for (const generation of [2, 3]) { // Again, after a crash before its first checkpoint.
      const taken = await takeWithState(database, limit, wish(name, { firstPosition: 50 }));
      expect(taken.start).toMatchObject({ position: 30, lane: { generation, fromPosition: 0 } });
      expect(taken.state).toEqual(state);
    }
    await takeLane(database, limit, wish('p/unsaved'));
    expect(await takeWithState(database, limit, wish('p/unsaved', { firstPosition: 9 })))
      .toMatchObject({ start: { position: 9, lane: { generation: 2, fromPosition: 9 } }, state: null });
  });

  it('a log that was added beside others waits until it is adopted; then all go on in their next generation', async () => {
    const partition = (number: number, count: number): LaneWish =>
      wish(`p/trades/topic/${number}`, { part: `topic/${number}`, siblings: { of: 'topic', count } });
    for (const number of [0, 1]) await takeLane(database, limit, partition(number, 2));
    await takeLane(database, limit, wish('p/trades/topical/0', { part: 'topical/0', siblings: { of: 'topical', count: 7 } }));
    const state = Buffer.from('what was open');
    await writeCheckpoint(database, limit, {
      lane: 'p/trades/topic/1', generation: 1, position: 30, lastRecordHash: 'hash', settledUntilMs: new Map(), passed: [],
      isEnded: false, state, takenAtMs: nowMs, storedUntilMs: -Infinity,
    });
    await expect(takeLane(database, limit, partition(2, 3))).rejects.toMatchObject({
      code: 'lane-added', message: expect.stringContaining('mdp lanes adopt topic'),
    });
    expect(await takeLane(database, limit, partition(0, 3))).toMatchObject({ lane: { generation: 1 } });
    await expect(takeLane(database, limit, partition(2, 3))).rejects.toMatchObject({ code: 'lane-added' });
    expect(await adoptLanes(database, limit, { prefix: 'p/trades/topic' })).toEqual(['p/trades/topic/0', 'p/trades/topic/1']);
    expect(await takeWithState(database, limit, partition(1, 3))).toMatchObject({
      start: { position: 30, lane: { generation: 2 } }, state,
    });
    expect(await takeLane(database, limit, partition(2, 3))).toMatchObject({ position: 0, lane: { generation: 1 } });
    await expect(takeLane(database, limit, partition(3, 4))).rejects.toMatchObject({ code: 'lane-added' });
    await expect(adoptLanes(database, limit, { prefix: 'p/none' })).rejects.toMatchObject({ code: 'lane-unknown' });
  });

  it('without its table it says what to run', async () => {
    const empty = await server.freshDatabase();
    await expect(takeLane(empty, limit, wish('p/none'))).rejects.toMatchObject({
      code: 'store-misconfigured', message: expect.stringContaining('Run `mdp migrate`'),
    });
  });
});
