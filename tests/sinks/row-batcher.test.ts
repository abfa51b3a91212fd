import { describe, expect, it } from 'vitest';
import { CheckpointMarker } from '../../src/model/checkpoint.ts';
import { IndicatorColumns } from '../../src/model/indicator.ts';
import { barBytes, isRows, rowCount, type RowBatch, type SinkItem } from '../../src/model/rows.ts';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { batchRowsMax, RowBatcher } from '../../src/sinks/row-batcher.ts';
import { supersedeRows } from '../../src/sinks/supersede.ts';
import { barsOf, laneOf, type PlainBar } from '../support/batches.ts';

const lane = laneOf();
const minute = 60_000;

interface Bench {
  readonly batcher: RowBatcher;
  readonly queues: readonly BoundedQueue<SinkItem>[];
  nowMs: number;
}

function bench(overrides: { shards?: number; batch_size?: number; max_bytes?: number } = {}): Bench {
  const queues = Array.from({ length: overrides.shards ?? 1 }, () =>
    new BoundedQueue<SinkItem>({ itemsMax: 100, bytesMax: 1e9, policy: 'block', bytesOf: () => 1 }));
  const made = { nowMs: 0 } as Bench & { batcher: RowBatcher; queues: typeof queues };
  made.queues = queues;
  made.batcher = new RowBatcher({
    lane, queues, shards: [...queues.keys()], nowMs: () => made.nowMs,
    settings: { batch_size: overrides.batch_size ?? 500, flush_ms: 100, max_bytes: overrides.max_bytes ?? 512_000 },
  });
  return made;
}

/** Batches that wait in a queue. */
const batchesIn = (queue: BoundedQueue<SinkItem>): RowBatch[] => queue.items.filter(isRows);
const rows = (count: number, make: (n: number) => PlainBar): PlainBar[] => Array.from({ length: count }, (_, n) => make(n));
const window = (count: number): PlainBar[] => rows(count, (n) => ({ instrument: n, openTimeMs: 0 }));

describe('the row batcher', () => {
  it('closes a batch at batch_size rows, and not before', async () => {
    const { batcher, queues } = bench({ batch_size: 10 });
    batcher.bars(barsOf(window(9)));
    expect(batcher.hasReady).toBe(false);
    batcher.bars(barsOf([{ instrument: 9, openTimeMs: 0 }]));
    await batcher.deliver();
    expect(batchesIn(queues[0]).map(rowCount)).toEqual([10]);
  });

  it('keeps together what one window emits, however small batch_size is', async () => {
    const { batcher, queues } = bench({ batch_size: 10, max_bytes: 16_000_000 });
    batcher.bars(barsOf(window(5_000)));
    await batcher.deliver();
    expect(batchesIn(queues[0]).map(rowCount)).toEqual([5_000]);
  });

  it('cuts a window at 20,000 rows', async () => {
    const { batcher, queues } = bench({ max_bytes: 16_000_000 });
    batcher.bars(barsOf(window(batchRowsMax + 600)));
    await batcher.deliver();
    expect(batchesIn(queues[0]).map(rowCount)).toEqual([batchRowsMax, 600]);
  });

  it('closes a batch at max_bytes', async () => {
    const { batcher, queues } = bench({ max_bytes: barBytes * 100 });
    batcher.bars(barsOf(window(250)));
    await batcher.deliver();
    expect(batchesIn(queues[0]).map(rowCount)).toEqual([100, 100]);
  });

  it('closes a batch when its first row has waited flush_ms, and says when that is', async () => {
    const made = bench();
    made.nowMs = 1_000;
    made.batcher.bars(barsOf(window(1)));
    expect(made.batcher.flushDueAtMs).toBe(1_100);
    made.batcher.flush(1_099);
    expect(made.batcher.hasReady).toBe(false);
    made.batcher.flush(1_100);
    expect(made.batcher.hasReady).toBe(true);
    expect(made.batcher.flushDueAtMs).toBe(Infinity);
  });

  it('sends an instrument always to the same shard', async () => {
    const { batcher, queues } = bench({ shards: 4, batch_size: 1 });
    for (let at = 0; at < 5; at++) batcher.bars(barsOf(rows(40, (n) => ({ instrument: n, openTimeMs: at * minute }))));
    await batcher.deliver();
    for (const [shard, queue] of queues.entries()) {
      for (const batch of batchesIn(queue)) {
        const instruments = [...batch.bars.instrument.subarray(0, batch.bars.length)];
        expect(instruments.every((instrument) => instrument % 4 === shard)).toBe(true);
      }
    }
    expect(queues.flatMap(batchesIn).reduce((sum, batch) => sum + rowCount(batch), 0)).toBe(200);
  });

  it('puts a newer row in the place of an older one of its key, which stays first', async () => {
    const { batcher, queues } = bench();
    batcher.bars(barsOf([{ openTimeMs: 0, close: 1, position: 1 }, { openTimeMs: minute, close: 5, position: 2 }]));
    batcher.bars(barsOf([{ openTimeMs: 0, close: 2, position: 3, again: 1, revision: 1 }]));
    batcher.flush(Infinity);
    await batcher.deliver();
    const { bars } = batchesIn(queues[0])[0];
    expect([bars.length, bars.close[0], bars.again[0], bars.position[0], bars.close[1]]).toEqual([2, 2, 0, 3, 5]);
    expect(batcher.counts).toMatchObject({ emitted: 3, superseded: 1, revised: 1, closed: 2 });
  });

  it('keeps a row `again` whose first telling has left already', async () => {
    const { batcher, queues } = bench({ batch_size: 1 });
    batcher.bars(barsOf([{ openTimeMs: 0 }]));
    batcher.bars(barsOf([{ openTimeMs: 0, again: 1 }]));
    await batcher.deliver();
    expect(batchesIn(queues[0]).map((batch) => batch.bars.again[0])).toEqual([0, 1]);
  });

  it('counts what has not reached a queue as in flight: open and closed batches', () => {
    const { batcher } = bench({ batch_size: 10 });
    batcher.bars(barsOf(window(12)));
    batcher.lateTick({
      instrument: 0, eventTimeMs: 0, price: 1, size: 1, side: 0, tradeId: null, watermarkMs: 0, position: 0, counter: 0,
    });
    expect(batcher.rowsInFlight()).toBe(13);
    expect(batcher.abandon()).toBe(13);
    expect(batcher.rowsInFlight()).toBe(0);
  });
});

describe('a checkpoint marker', () => {
  it('stands behind the rows that came before it, in every shard, and before those that come after', async () => {
    const { batcher, queues } = bench({ shards: 2 });
    batcher.bars(barsOf(window(11)));
    batcher.mark(queues.map(() => new CheckpointMarker(lane, () => {})));
    batcher.bars(barsOf(window(3)));
    batcher.flush(Infinity);
    await batcher.deliver();
    const inOrder = queues.map((queue) => queue.items.map((item) => (isRows(item) ? rowCount(item) : 'marker')));
    expect(inOrder).toEqual([[6, 'marker', 2], [5, 'marker', 1]]);
  });

  it('is given up where its queue takes nothing any more, or its rows are given up', async () => {
    const accounted: boolean[] = [];
    const { batcher, queues } = bench({ shards: 2 });
    const onPassed = (isAccounted: boolean): void => { accounted.push(isAccounted); };
    const mark = (): void => batcher.mark(queues.map(() => new CheckpointMarker(lane, onPassed)));
    queues[1].close();
    mark();
    expect(await batcher.deliver()).toBe(false);
    expect(accounted).toEqual([false]);
    mark();
    batcher.abandon();
    expect(accounted).toEqual([false, false, false]);
  });
});

describe('superseding rows that wait', () => {
  it('moves a newer row into the place of the older and leaves the others', () => {
    const old: RowBatch = {
      lane, shard: 0, bars: barsOf([{ openTimeMs: 0, close: 1 }, { openTimeMs: minute, close: 1 }]),
      indicators: new IndicatorColumns(0), lateTicks: [], gaps: [], alerts: [], deadLetters: [], openedAtMs: 0,
    };
    const fresh: RowBatch = {
      ...old, bars: barsOf([
        { openTimeMs: minute, close: 7, again: 1 }, { openTimeMs: 2 * minute, close: 8 }, { openTimeMs: 0, close: 6, again: 1 },
      ]),
    };
    expect(supersedeRows(fresh, [old])).toBe(2);
    expect([...old.bars.close.subarray(0, 2)]).toEqual([6, 7]);
    expect(old.bars.again[0]).toBe(0);
    expect([fresh.bars.length, fresh.bars.close[0]]).toEqual([1, 8]);
  });
});
