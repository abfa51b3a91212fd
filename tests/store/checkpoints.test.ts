import { beforeAll, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/model/checkpoint.ts';
import type { TakeMode } from '../../src/model/lane.ts';
import type { Database } from '../../src/postgres.ts';
import { writeCheckpoint } from '../../src/store/checkpoints.ts';
import { takeLane, type TakenLane } from '../../src/store/lanes.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { storeBars, type BarRow } from './stored-rows.ts';

const limit = { deadlineMs: 30_000 };
const minuteMs = 60_000;
const noonMs = Date.UTC(2024, 0, 10, 12);

function checkpointOf(lane: string, rest: Partial<Checkpoint> = {}): Checkpoint {
  const position = rest.position ?? 100;
  return {
    lane, generation: 1, position, lastRecordHash: `record ${position - 1}`, passed: [], isEnded: false,
    settledUntilMs: new Map([['v', noonMs]]), storedUntilMs: Infinity, state: Buffer.from(`state at ${position}`),
    takenAtMs: noonMs, ...rest,
  };
}

describeOnEachServer('a stored checkpoint', (server) => {
  let database: Database;

  beforeAll(async () => {
    database = await server.migratedDatabase();
  });

  const take = (name: string, options: { mode?: TakeMode; repeatable?: boolean } = {}): Promise<TakenLane> => {
    const { mode = 'resume', repeatable = true } = options;
    return takeLane(database, limit, {
      name, source: 'a', pausable: true, complete: false, nowMs: noonMs, intervalMsMax: minuteMs, baseSpec: '1m', mode,
      request: { logIdentity: 'log', repeatable },
    });
  };
  const write = (checkpoint: Checkpoint): Promise<string> => writeCheckpoint(database, limit, checkpoint);
  const stored = async (lane: string): Promise<unknown> => (await database.query(
    limit, 'SELECT generation, position, ended FROM lane_checkpoints WHERE lane = $1', [lane])).rows[0];

  it('is where the lane goes on: its position, the record before it, what was known', async () => {
    await take('p/on');
    expect(await write(checkpointOf('p/on'))).toBe('written');
    const { start, state } = await take('p/on');
    expect(start).toMatchObject({ position: 100, lastRecordHash: 'record 99', lane: { generation: 1 } });
    expect(Buffer.from(state!).toString()).toBe('state at 100');
    const { rows } = await database.query(limit, "SELECT settled_until FROM lanes WHERE name = 'p/on'");
    expect(rows).toEqual([{ settled_until: { v: noonMs } }]);
  });

  it('only moves forward; one at the same place may be written again', async () => {
    await take('p/forward');
    await write(checkpointOf('p/forward', { position: 200 }));
    expect(await write(checkpointOf('p/forward', { position: 199 }))).toBe('overtaken');
    expect(await write(checkpointOf('p/forward', { position: 200, isEnded: true }))).toBe('written');
    expect(await stored('p/forward')).toEqual({ generation: 1, position: 200, ended: true });
  });

  it('of a newer telling replaces one that was further on', async () => {
    await take('p/anew');
    await write(checkpointOf('p/anew', { position: 900 }));
    await take('p/anew', { mode: 'rebuild' });
    expect(await write(checkpointOf('p/anew', { generation: 2, position: 50 }))).toBe('written');
    expect(await stored('p/anew')).toMatchObject({ generation: 2, position: 50 });
  });

  it('of an older telling says nothing about a newer one, and is not written any more', async () => {
    await take('p/older');
    await write(checkpointOf('p/older'));
    await take('p/older', { mode: 'rebuild' });
    const again = await take('p/older'); // It was killed before its first checkpoint.
    expect(again).toMatchObject({ start: { position: 0, lastRecordHash: null, lane: { generation: 2 } }, state: null });
    expect(await write(checkpointOf('p/older', { position: 101 }))).toBe('lost');
    expect(await stored('p/older')).toMatchObject({ generation: 1, position: 100 });
  });

  it('from which a lane goes on without what was open holds nothing and asks for no record', async () => {
    await take('p/now');
    await write(checkpointOf('p/now'));
    const { start, state } = await take('p/now', { mode: 'from-now' });
    expect(start).toMatchObject({ position: 100, lastRecordHash: null, lane: { generation: 2, fromPosition: 100 } });
    expect(state).toBeNull();
  });

  it('of a log that cannot be read again is joined by the bars that were stored since', async () => {
    const live = { repeatable: false };
    await take('p/live', live);
    const barAt = (minute: number, symbol: string): BarRow => {
      const openMs = noonMs + minute * minuteMs;
      return { lane: 'p/live', symbol, openMs, closeMs: openMs + minuteMs };
    };
    await storeBars(database, [barAt(-1, 'passed'), barAt(0, 'before'), barAt(0, 'since'), barAt(1, 'since')]);
    await database.query(limit, "UPDATE bars SET position = 150 WHERE lane = 'p/live' AND symbol <> 'before'");
    await write(checkpointOf('p/live'));
    const { start, storedBars } = await take('p/live', live);
    expect(start).toMatchObject({ position: 100, lane: { generation: 2 } });
    expect(storedBars.map(({ symbol, openTimeMs }) => [symbol, (openTimeMs - noonMs) / minuteMs]))
      .toEqual([['since', 0], ['since', 1]]);
  });
});
