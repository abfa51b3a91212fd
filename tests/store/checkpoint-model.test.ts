import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { CheckpointOutcome } from '../../src/model/checkpoint.ts';
import type { TakeMode } from '../../src/model/lane.ts';
import type { Database } from '../../src/postgres.ts';
import { writeCheckpoint } from '../../src/store/checkpoints.ts';
import { takeLane } from '../../src/store/lanes.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const nowMs = Date.UTC(2024, 0, 10);

interface Place {
  readonly generation: number;
  readonly position: number;
}

/** What the database holds of a lane, and what may come of it. */
class Model {
  generation = 1;
  saved: Place | null = null;

  take(mode: TakeMode): Place {
    if (mode === 'rebuild') this.generation++;
    const position = this.saved?.generation === this.generation ? this.saved.position : 0;
    return { generation: this.generation, position };
  }

  write(place: Place): CheckpointOutcome {
    if (place.generation < this.generation) return 'lost';
    if (this.saved?.generation === place.generation && this.saved.position > place.position) return 'overtaken';
    this.saved = place;
    return 'written';
  }
}

type Call = { readonly kind: 'take'; readonly owner: number; readonly mode: TakeMode } | {
  readonly kind: 'write'; readonly owner: number; readonly ahead: number;
};

const owner = fc.nat({ max: 1 });
const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 2, arbitrary: fc.record({
    kind: fc.constant('take' as const), owner, mode: fc.constantFrom<TakeMode>('resume', 'resume', 'rebuild'),
  }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), owner, ahead: fc.integer({ min: 0, max: 6 }) }) },
);

describeOnEachServer('the row of a checkpoint', (server) => {
  let database: Database;
  let lanes = 0;

  beforeAll(async () => {
    database = await server.migratedDatabase();
  });

  async function take(lane: string, mode: TakeMode): Promise<Place> {
    const { start } = await takeLane(database, limit, {
      name: lane, source: 'a', pausable: true, complete: false, nowMs, intervalMsMax: 60_000, baseSpec: null, mode,
      request: { logIdentity: 'log', repeatable: true },
    });
    return { generation: start.lane.generation, position: start.position };
  }

  function write(
    lane: string, { generation, position }: Place, lastRecordHash: string | null = null,
  ): Promise<CheckpointOutcome> {
    return writeCheckpoint(database, limit, {
      lane, generation, position, lastRecordHash, settledUntilMs: new Map(), passed: [], isEnded: false,
      storedUntilMs: Infinity, state: Buffer.from(`${generation} ${position}`), takenAtMs: nowMs,
    });
  }

  async function saved(lane: string): Promise<Place | null> {
    const { rows } = await database.query<Place & { state: Buffer }>(
      limit, 'SELECT generation, position, state FROM lane_checkpoints WHERE lane = $1', [lane]);
    if (rows.length === 0) return null;
    const { generation, position, state } = rows[0];
    expect(state.toString(), 'a state and its place').toBe(`${generation} ${position}`);
    return { generation, position };
  }

  it('is written, overtaken or lost as the model says, whatever two owners do in turn', async () => {
    const seen = { written: 0, overtaken: 0, lost: 0, resumed: 0 };
    await fc.assert(fc.asyncProperty(fc.array(call, { maxLength: 16, size: 'max' }), async (calls) => {
      const lane = `p/${lanes++}`;
      const model = new Model();
      const first = await take(lane, 'resume');
      expect(first).toEqual(model.take('resume'));
      const owners = [first, first];
      for (const one of calls) {
        if (one.kind === 'take') {
          owners[one.owner] = await take(lane, one.mode);
          expect(owners[one.owner]).toEqual(model.take(one.mode));
          seen.resumed += Number(owners[one.owner].position > 0);
        } else {
          const { generation, position } = owners[one.owner];
          owners[one.owner] = { generation, position: position + one.ahead };
          const outcome = await write(lane, owners[one.owner]);
          expect(outcome).toBe(model.write(owners[one.owner]));
          seen[outcome]++;
        }
        expect(await saved(lane)).toEqual(model.saved);
      }
    }), { numRuns: 30 });
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0);
  }, 120_000);

  it('keeps the record that its log is known by, though it is written again by somebody who has read no further', async () => {
    const lane = `p/${lanes++}`;
    const { generation } = await take(lane, 'resume');
    const record = async (): Promise<unknown> => (await database.query<{ record: string | null }>(
      limit, 'SELECT last_record AS record FROM lane_checkpoints WHERE lane = $1', [lane])).rows[0].record;
    await write(lane, { generation, position: 7 }, 'record 6');
    await write(lane, { generation, position: 7 });
    expect(await record()).toBe('record 6');
    await write(lane, { generation, position: 8 }); // Behind a record that nobody has kept.
    expect(await record()).toBeNull();
    await write(lane, { generation, position: 9 }, 'record 8');
    await write(lane, { generation: (await take(lane, 'rebuild')).generation, position: 9 });
    expect(await record()).toBeNull();
  });

  it('is what some order of them would leave, when sessions write and take at once, and none waits in vain', async () => {
    const together = fc.array(call, { minLength: 2, maxLength: 4, size: 'max' });
    await fc.assert(fc.asyncProperty(fc.array(together, { minLength: 1, maxLength: 3 }), async (rounds) => {
      const lane = `p/${lanes++}`;
      let models: Model[] = [new Model()];
      let place = await take(lane, 'resume');
      for (const round of rounds) {
        const calls = round.map((one) => (
          one.kind === 'take' ? one : { ...one, to: { ...place, position: place.position + one.ahead } }));
        const answers = await Promise.all(calls.map((one) => (
          one.kind === 'take' ? take(lane, one.mode) : write(lane, one.to))));
        const left = await saved(lane);
        const isTold = (model: Model, order: readonly number[]): boolean => order.every((index) => {
          const one = calls[index];
          return isDeepStrictEqual(one.kind === 'take' ? model.take(one.mode) : model.write(one.to), answers[index]);
        });
        models = models.flatMap((model) => ordersOf([...calls.keys()]).flatMap((order) => {
          const after = Object.assign(new Model(), model);
          return isTold(after, order) && isDeepStrictEqual(after.saved, left) ? [after] : [];
        }));
        expect(models.length, JSON.stringify({ calls, answers, left })).toBeGreaterThan(0);
        models = models.slice(0, 1);
        place = await take(lane, 'resume');
      }
    }), { numRuns: 40 });
  }, 120_000);
});

/** Every order of a few things. */
function ordersOf<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, index) => ordersOf(list.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}
