import { expect, it } from 'vitest';
import type { Gap } from '../../src/model/gap.ts';
import type { LaneStart, Resume } from '../../src/model/lane.ts';
import type { TickBatch } from '../../src/model/tick-batch.ts';
import type { Source } from '../../src/sources/source.ts';
import { LogUntil } from '../../src/verify/log-until.ts';
import { batchOf, laneOf } from '../support/batches.ts';

const lane = laneOf();
const start: LaneStart = { lane, position: 0, lastRecordHash: null, startTimeMs: 0, newestEventTimeMs: null };
const resume = { take: async () => start } as unknown as Resume;
const never = new AbortController().signal;

/** Ticks at these positions, as one batch that ends behind the last; records of them may hold none. */
function batch(positions: readonly number[], nextPosition: number, rejected: readonly number[] = []): TickBatch {
  const rejects = rejected.map((position) => ({
    position, reason: 'malformed' as const, message: '', place: '', bytes: new Uint8Array(),
  }));
  return batchOf(lane, positions.map((position) => ({ eventTimeMs: position, position })), { nextPosition, rejects });
}

function gapAt(position: number): Gap {
  const whole = { instruments: 'all', venue: 'all', fromMs: 0, untilMs: 1 } as const;
  return { kind: 'gap', lane, position, ...whole, reason: 'venue-outage', ticksLost: 0 };
}

interface Read {
  /** Positions by item: ticks, then rejects, then the next one; of a gap its own. */
  readonly items: readonly unknown[];
  readonly readUntil: number;
  readonly reached: number;
  readonly pulled: number;
}

async function read(items: readonly (TickBatch | Gap)[], position: number, isEnded = false): Promise<Read> {
  let [reached, pulled] = [0, 0];
  const source: Source = {
    name: 'log', pausable: true,
    async *read(from) {
      await from.take({ logIdentity: 'log', repeatable: true });
      for (const item of items) {
        pulled++;
        yield item;
      }
    },
  };
  const log = new LogUntil(source, { position, isEnded, onReached: () => { reached++; } });
  const found: unknown[] = [];
  for await (const item of log.read(resume, never)) {
    found.push(item.kind === 'gap' ? item.position : [
      [...item.position.subarray(0, item.length)], item.rejects.map((reject) => reject.position), item.nextPosition,
    ]);
  }
  return { items: found, readUntil: log.readUntil, reached, pulled };
}

const two = [batch([0, 1, 2], 3), batch([3, 4, 4, 5, 7], 8, [6])];

it('a log is cut in front of a record, whatever batches it comes in, and no more is read then', async () => {
  expect(await read([...two, batch([8], 9)], 5)).toEqual(
    { items: [[[0, 1, 2], [], 3], [[3, 4, 4], [], 5]], readUntil: 8, reached: 1, pulled: 2 });
  expect(await read(two, 7)).toMatchObject({ items: [expect.anything(), [[3, 4, 4, 5], [6], 7]], reached: 1 });
  expect(await read(two, 3)).toMatchObject({ items: [[[0, 1, 2], [], 3]], readUntil: 3, reached: 1, pulled: 1 });
});

it('a batch of which nothing is left is given back', async () => {
  let released = 0;
  const later = { ...batch([5], 6), release: () => { released++; } };
  expect(await read([later], 5)).toMatchObject({ items: [], reached: 1 });
  expect(released).toBe(1);
});

it('a gap is a record like any other', async () => {
  expect(await read([gapAt(0), gapAt(1), gapAt(2)], 2)).toMatchObject({ items: [0, 1], readUntil: 2, reached: 1 });
});

it('a log that ends before the position says up to where it went', async () => {
  expect(await read(two, 9)).toMatchObject({ readUntil: 8, reached: 0 });
  expect(await read([], 9)).toMatchObject({ readUntil: 0, reached: 0 });
});

it('a log that was told to its end is read to its end, and its end is its own', async () => {
  const items = [expect.anything(), [[3, 4, 4, 5, 7], [6], 8]];
  expect(await read(two, 8, true)).toMatchObject({ items, reached: 0, pulled: 2 });
});
