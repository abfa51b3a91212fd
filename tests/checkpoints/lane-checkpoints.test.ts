import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import { LaneCheckpoints, type LaneCheckpointsOptions } from '../../src/checkpoints/lane-checkpoints.ts';
import type { Checkpoint, CheckpointMarker, CheckpointOutcome, LaneMoment } from '../../src/model/checkpoint.ts';
import { laneOf } from '../support/batches.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const away = new MdpError('store-unavailable', 'away');
const lane = laneOf({ name: 'test/lane', generation: 3 });

interface Bench {
  readonly clock: VirtualClock;
  readonly checkpoints: LaneCheckpoints;
  /** What the store was asked to write, in order, and when. */
  readonly asked: Checkpoint[];
  readonly askedAtMs: number[];
  readonly happened: string[];
}

/** The answers of the store, one after the other; `written` to all further questions. */
function bench(answers: (CheckpointOutcome | Error)[] = [], overrides: Partial<LaneCheckpointsOptions> = {}): Bench {
  const clock = new VirtualClock(0);
  const [asked, askedAtMs, happened]: [Checkpoint[], number[], string[]] = [[], [], []];
  const checkpoints = new LaneCheckpoints({
    lane, shards: 2, intervalMs: 10_000, clock,
    encode: (_, state) => Promise.resolve(Buffer.from(JSON.stringify(state))),
    write: (checkpoint) => {
      asked.push(checkpoint);
      askedAtMs.push(clock.nowMs());
      const answer = answers.shift() ?? 'written';
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    events: {
      checkpointWritten: (_, { position, bytes, seconds }) => happened.push(`written ${position} ${bytes} ${seconds}`),
      checkpointFailed: (_, problem) => happened.push(`failed ${problem}`),
      checkpointRefused: (_, outcome) => happened.push(`refused ${outcome}`),
    },
    onOutcome: (outcome) => happened.push(`outcome ${outcome}`), onIdle: () => {},
    ...overrides,
  });
  return { clock, checkpoints, asked, askedAtMs, happened };
}

function momentAt(position: number, overrides: Partial<LaneMoment> = {}): LaneMoment {
  return {
    position, lastRecord: null, settledUntilMs: new Map(), passed: [], isEnded: false,
    state: { admission: position, operators: {} }, ...overrides,
  };
}

/** Takes one, and lets all its markers pass. */
function takeAndPass({ checkpoints }: Bench, position: number): readonly CheckpointMarker[] {
  const markers = checkpoints.take(momentAt(position));
  for (const marker of markers) marker.pass();
  return markers;
}

const positionsOf = ({ asked }: Bench): number[] => asked.map(({ position }) => position);

describe('when a checkpoint is due', () => {
  it('never while nothing has changed', async () => {
    const made = bench();
    await made.clock.advance(100_000);
    expect(made.checkpoints.dueAtMs).toBe(Infinity);
    expect(made.checkpoints.isChanged).toBe(false);
    made.checkpoints.changed();
    expect(made.checkpoints.isChanged).toBe(true);
  });

  it('a second after the lane was taken up, then every interval after one was taken', async () => {
    const made = bench();
    made.checkpoints.changed();
    expect(made.checkpoints.dueAtMs).toBe(1_000);
    await made.clock.advance(1_500);
    takeAndPass(made, 1);
    await made.checkpoints.settled();
    expect(made.checkpoints.dueAtMs).toBe(Infinity);
    made.checkpoints.changed();
    expect(made.checkpoints.dueAtMs).toBe(11_500);
  });

  it('earlier for the second one by the share that is given, so that lanes taken up together come apart, and never later', async () => {
    const made = bench([], { spread: 0.25 });
    const dueAfter = async (position: number): Promise<number> => {
      const takenAtMs = made.clock.nowMs();
      takeAndPass(made, position);
      await made.checkpoints.settled();
      made.checkpoints.changed();
      return made.checkpoints.dueAtMs - takenAtMs;
    };
    expect(await dueAfter(1)).toBe(7_500);
    await made.clock.advance(7_500);
    expect(await dueAfter(2)).toBe(10_000);
  });

  it('after the first interval where that is shorter than a second', () => {
    const made = bench([], { intervalMs: 300 });
    made.checkpoints.changed();
    expect(made.checkpoints.dueAtMs).toBe(300);
  });

  it('not while one is under way, and at once where its time passed meanwhile', async () => {
    const made = bench();
    const [first, second] = made.checkpoints.take(momentAt(1));
    made.checkpoints.changed();
    first.pass();
    await made.clock.advance(60_000);
    expect(made.checkpoints.dueAtMs).toBe(Infinity);
    second.pass();
    await made.clock.advance(0);
    expect(made.checkpoints.dueAtMs).toBe(10_000);
  });

  it('again at the next interval after one failed, though nothing has changed since', async () => {
    const made = bench([new MdpError('store-misconfigured', 'no such table')]);
    takeAndPass(made, 1);
    await made.clock.advance(0);
    expect(made.happened).toEqual(['failed no such table']);
    expect(made.checkpoints.isChanged).toBe(true);
    expect(made.checkpoints.dueAtMs).toBe(10_000);
  });

  it('not again after one failed where a later one holds all that it would have held', async () => {
    const made = bench([new MdpError('store-misconfigured', 'no such table')]);
    takeAndPass(made, 1);
    takeAndPass(made, 2);
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([1, 2]);
    expect(made.checkpoints.isChanged).toBe(false);
  });
});

describe('a checkpoint', () => {
  it('is written once its markers have passed in every shard, not before', async () => {
    const made = bench([], { shards: 3 });
    const markers = made.checkpoints.take(momentAt(7));
    expect(markers.map((marker) => marker.lane)).toEqual([lane, lane, lane]);
    for (const marker of markers) {
      await made.clock.advance(0);
      expect(made.asked).toEqual([]);
      marker.pass();
      marker.pass(); // A second time says nothing new.
    }
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([7]);
  });

  it('says whose it is, where its log goes on and by which record that log is known', async () => {
    const made = bench();
    await made.clock.advance(5_000);
    const lastRecord = Buffer.from('the record before');
    const settledUntilMs = new Map([['binance', 1_234]]);
    for (const marker of made.checkpoints.take(momentAt(42, { lastRecord, settledUntilMs }))) marker.pass();
    await made.clock.advance(700);
    expect(made.asked).toMatchObject([{
      lane: 'test/lane', generation: 3, position: 42, settledUntilMs, takenAtMs: 5_000,
      lastRecordHash: createHash('sha256').update(lastRecord).digest('hex'),
      state: Buffer.from('{"admission":42,"operators":{}}'),
    }]);
  });

  it('knows no last record where its source keeps none', async () => {
    const made = bench();
    takeAndPass(made, 1);
    await made.clock.advance(0);
    expect(made.asked).toMatchObject([{ lastRecordHash: null }]);
  });

  it('is dropped where a shard gave up rows before it, and so are all that come after it', async () => {
    const made = bench();
    takeAndPass(made, 1);
    const [first, second] = made.checkpoints.take(momentAt(2));
    first.giveUp();
    second.pass();
    first.pass(); // Too late.
    takeAndPass(made, 3);
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([1]);
    expect(made.happened).toEqual(['written 1 30 0', 'outcome written']);
  });

  it('waits for those that were taken before it', async () => {
    const slow = Promise.withResolvers<Uint8Array>();
    const made = bench([], { encode: (_, { admission }) => (admission === 1 ? slow.promise : Promise.resolve(Buffer.from('x'))) });
    takeAndPass(made, 1);
    takeAndPass(made, 2);
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([]);
    slow.resolve(Buffer.from('at last'));
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([1, 2]);
  });

  it('whose state cannot be encoded is reported, and the next one is written', async () => {
    const made = bench([], {
      encode: (_, { admission }) => admission === 1 ? Promise.reject(new Error('too large')) : Promise.resolve(Buffer.from('x')),
    });
    takeAndPass(made, 1);
    takeAndPass(made, 2);
    await made.clock.advance(0);
    expect(positionsOf(made)).toEqual([2]);
    expect(made.happened).toEqual(['failed too large', 'written 2 1 0', 'outcome written']);
  });
});

describe('a checkpoint whose database does not answer', () => {
  it('is tried again after 250 ms, then twice as long each time, up to 5 s', async () => {
    const made = bench(Array.from({ length: 8 }, () => away));
    takeAndPass(made, 9);
    await made.clock.advance(60_000);
    expect(made.askedAtMs).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 12_750, 17_750, 22_750]);
    expect(new Set(positionsOf(made))).toEqual(new Set([9]));
    expect(made.happened.slice(-3)).toEqual(['failed away', 'written 9 30 22.75', 'outcome written']);
    expect(made.checkpoints.status).toMatchObject({ written: 1, failed: 8, problem: null, position: 9, writtenAtMs: 22_750 });
  });

  it('says what is wrong until one is written', async () => {
    const made = bench([away]);
    takeAndPass(made, 9);
    await made.clock.advance(100);
    expect(made.checkpoints.status).toMatchObject({ written: 0, failed: 1, problem: 'away', position: null, writtenAtMs: null });
  });

  it('waits no longer once it is aborted, and is never written then', async () => {
    const made = bench([away, away]);
    takeAndPass(made, 9);
    takeAndPass(made, 10);
    await made.clock.advance(100);
    made.checkpoints.abort();
    await made.checkpoints.settled();
    expect(positionsOf(made)).toEqual([9]);
    expect(made.clock.sleepers).toBe(0);
    expect(made.happened).toEqual(['failed away']);
  });

  it('gives up a write that is under way where it is aborted: a forced end does not wait for its deadline', async () => {
    const made = bench([], {
      write: (_, abort) => new Promise((_resolve, reject) => { abort.addEventListener('abort', () => reject(away)); }),
    });
    takeAndPass(made, 9);
    await made.clock.advance(0);
    made.checkpoints.abort();
    await made.checkpoints.settled();
    expect(made.checkpoints.status).toMatchObject({ written: 0, failed: 0 });
    expect(made.clock.sleepers).toBe(0);
  });

  it('is not written where it is aborted while its rows are on their way', async () => {
    const made = bench();
    const markers = made.checkpoints.take(momentAt(3));
    made.checkpoints.abort();
    for (const marker of markers) marker.pass();
    await made.checkpoints.settled();
    expect(made.asked).toEqual([]);
  });
});

describe('a checkpoint that somebody else has overtaken', () => {
  it.each(['overtaken', 'lost'] as const)('is told of, first to the log, then to the lane: %s', async (outcome) => {
    const made = bench(['written', outcome]);
    takeAndPass(made, 1);
    takeAndPass(made, 2);
    await made.clock.advance(0);
    expect(made.happened).toEqual(['written 1 30 0', 'outcome written', `refused ${outcome}`, `outcome ${outcome}`]);
    expect(made.checkpoints.status).toMatchObject({ written: 1, failed: 0, position: 1 });
  });
});

describe('the status of checkpoints', () => {
  it('has nothing to show before the first', () => {
    expect(bench().checkpoints.status).toMatchObject({ writtenAtMs: null, position: null, bytes: 0, written: 0, failed: 0, problem: null });
  });

  it('shows the last one: its position, its bytes, when it was written', async () => {
    const made = bench();
    takeAndPass(made, 1);
    await made.clock.advance(2_000);
    takeAndPass(made, 123);
    await made.clock.advance(0);
    expect(made.checkpoints.status).toMatchObject({ writtenAtMs: 2_000, position: 123, bytes: 32, written: 2 });
  });

  it('says since when a record waits that none holds', async () => {
    const made = bench();
    await made.clock.advance(100);
    made.checkpoints.changed();
    await made.clock.advance(100);
    expect(made.checkpoints.status.behindSinceMs).toBe(100);
    takeAndPass(made, 1);
    made.checkpoints.changed(); // At 200, behind the one that is under way.
    await made.clock.advance(100);
    expect(made.checkpoints.status.behindSinceMs).toBe(200);
    takeAndPass(made, 2);
    await made.clock.advance(100);
    expect(made.checkpoints.status.behindSinceMs).toBeNull();
  });
});
