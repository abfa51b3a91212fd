import { describe, expect, it } from 'vitest';
import { LaneBook } from '../src/lane-book.ts';
import type { LaneRuntime } from '../src/lane-runtime.ts';
import { bench } from './lane-bench.ts';
import { laneOf } from './support/batches.ts';

const { source } = laneOf();

/** A book, and what takes up a lane of the source in it. Four batches of rows may wait, two workers write them. */
function bookOfSource(): { book: LaneBook; take: (name: string) => LaneRuntime } {
  const book = new LaneBook();
  const take = (name: string): LaneRuntime => {
    const { runtime } = bench({ pausable: true, name, lanesOfSource: () => book.countOf(source) });
    const { lane } = runtime;
    book.add(runtime, { lane, position: 0, lastRecordHash: null, startTimeMs: 0, newestEventTimeMs: null });
    return runtime;
  };
  return { book, take };
}

const roomOf = (runtime: LaneRuntime): { batches: number; rowBytes: number; tickBytes: number } => {
  const { opQueue, sinkQueue } = runtime.status();
  return { batches: sinkQueue.capacity, rowBytes: sinkQueue.bytesMax, tickBytes: opQueue.bytesMax };
};

describe('the lanes of a source', () => {
  it('divide the room of its queues, those that come later too', () => {
    const { take } = bookOfSource();
    const first = take('test/ticks/0');
    expect(roomOf(first)).toEqual({ batches: 4, rowBytes: 1e9, tickBytes: 1e9 });
    const second = take('test/ticks/1');
    for (const lane of [first, second]) expect(roomOf(lane)).toEqual({ batches: 2, rowBytes: 5e8, tickBytes: 5e8 });
  });

  it('have the room again of one that is let go', () => {
    const { book, take } = bookOfSource();
    const [first, second] = [take('test/ticks/0'), take('test/ticks/1')];
    book.retire(second.lane);
    book.retire(second.lane);
    expect(roomOf(first)).toEqual({ batches: 4, rowBytes: 1e9, tickBytes: 1e9 });
  });

  it('have room for a batch each, however many they are', () => {
    const { take } = bookOfSource();
    const lanes = Array.from({ length: 50 }, (_, part) => take(`test/ticks/${part}`));
    for (const lane of lanes) expect(roomOf(lane)).toEqual({ batches: 2, rowBytes: 2e7, tickBytes: 2e7 });
  });
});
