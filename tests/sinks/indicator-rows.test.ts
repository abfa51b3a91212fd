import { describe, expect, it } from 'vitest';
import type { IndicatorColumns } from '../../src/model/indicator.ts';
import { byteCount, createRowBatch, rowCount, type RowBatch } from '../../src/model/rows.ts';
import { BoundedQueue } from '../../src/queues/bounded-queue.ts';
import { gapsOfRows, isDroppableRows } from '../../src/queues/loss.ts';
import { mergeBatches, splitBatch, withoutRow } from '../../src/sinks/reshape-batch.ts';
import { RowBatcher } from '../../src/sinks/row-batcher.ts';
import { supersedeRows } from '../../src/sinks/supersede.ts';
import type { SinkItem } from '../../src/model/rows.ts';
import { barsOf, laneOf } from '../support/batches.ts';
import { indicatorLines, openMsOf, valuesOf, type PlainValue } from '../support/value-rows.ts';

const lane = laneOf();

function batchOf(values: readonly PlainValue[], overrides: Partial<RowBatch> = {}): RowBatch {
  return { ...createRowBatch(lane, 0, 0, 1), indicators: valuesOf(values), ...overrides };
}

/** Bar, line and value of each row. */
function plain({ openTimeMs, line, value, length }: IndicatorColumns): number[][] {
  return Array.from({ length }, (_, row) => [(openTimeMs[row] - openMsOf(0)) / 60_000, line[row], value[row]]);
}

function batcherOf(batchSize = 1_000): { batcher: RowBatcher; queue: BoundedQueue<SinkItem> } {
  const queue = new BoundedQueue<SinkItem>({ itemsMax: 100, bytesMax: 1e9, policy: 'block', bytesOf: () => 0, droppable: () => false });
  const settings = { batch_size: batchSize, flush_ms: 100, max_bytes: 512_000 };
  return { batcher: new RowBatcher({ lane, settings, queues: [queue], shards: [0], nowMs: () => 0 }), queue };
}

describe('values of indicators in the batcher', () => {
  it('are counted as rows, close a batch, and weigh what they weigh', async () => {
    const { batcher, queue } = batcherOf(3);
    batcher.indicators(valuesOf([{ at: 0 }, { at: 1 }]));
    expect([batcher.counts.emitted, batcher.rowsInFlight(), batcher.hasReady]).toEqual([2, 2, false]);
    batcher.indicators(valuesOf([{ at: 2 }]));
    await batcher.deliver();
    const [batch] = [...queue.items] as RowBatch[];
    expect([rowCount(batch), byteCount(batch)]).toEqual([3, 168]);
  });

  it('take the place of older ones of their key, which stay first', async () => {
    const { batcher, queue } = batcherOf();
    batcher.indicators(valuesOf([{ at: 0, value: 1 }, { at: 1, value: 2 }, { at: 1, line: 1, value: 3 }]));
    batcher.indicators(valuesOf([{ at: 1, value: 4, again: true }, { at: 2, value: 5, again: true }]));
    batcher.flush(Infinity);
    await batcher.deliver();
    const [{ indicators }] = [...queue.items] as RowBatch[];
    expect(plain(indicators)).toEqual([[0, 0, 1], [1, 0, 4], [1, 1, 3], [2, 0, 5]]);
    expect([...indicators.again.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
    expect(batcher.counts.superseded).toBe(1);
  });

  it('come from bars that were copied before somebody computes from them', () => {
    const seen: number[] = [];
    const { queue } = batcherOf();
    const settings = { batch_size: 1_000, flush_ms: 100, max_bytes: 512_000 };
    const batcher: RowBatcher = new RowBatcher({
      lane, settings, queues: [queue], shards: [0], nowMs: () => 0, onBars: (rows) => seen.push(rows.length, batcher.rowsInFlight()),
    });
    batcher.bars(barsOf([{ openTimeMs: 0 }, { openTimeMs: 60_000 }]));
    expect(seen).toEqual([2, 2]);
  });
});

describe('batches with values of indicators', () => {
  it('are merged key by key', () => {
    const { merged, superseded } = mergeBatches([
      batchOf([{ at: 0, value: 1 }, { at: 0, line: 1, value: 2 }]), batchOf([{ at: 0, value: 3, again: true }, { at: 1, value: 4 }]),
    ]);
    expect(plain(merged.indicators)).toEqual([[0, 0, 3], [0, 1, 2], [1, 0, 4]]);
    expect(superseded).toBe(1);
  });

  it('are split and cut row by row: bars, then values, then the rest', () => {
    const batch = batchOf([{ at: 0 }, { at: 1 }, { at: 2 }], { bars: barsOf([{ openTimeMs: 0 }]) });
    const halves = splitBatch(batch);
    expect(halves.map(({ bars, indicators }) => [bars.length, indicators.length])).toEqual([[1, 1], [0, 2]]);
    const cut = withoutRow(batch, 2, null);
    expect([cut.bars.length, plain(cut.indicators).map(([at]) => at)]).toEqual([1, [0, 2]]);
  });

  it('put newer values into the places of those that wait', () => {
    const waiting = batchOf([{ at: 0, value: 1 }, { at: 0, line: 1, value: 2 }]);
    const incoming = batchOf([{ at: 0, value: 3, again: true }, { at: 1, value: 4 }]);
    expect(supersedeRows(incoming, [waiting])).toBe(1);
    expect(plain(waiting.indicators)).toEqual([[0, 0, 3], [0, 1, 2]]);
    expect(plain(incoming.indicators)).toEqual([[1, 0, 4]]);
  });
});

describe('a dropped batch with values of indicators', () => {
  const names = { specNames: ['1s', '1m', '5m'], indicatorLines };

  it('leaves a gap for each instrument and bar spec, one for the bar and its values', () => {
    const bars = barsOf([{ spec: 1, instrument: 3, openTimeMs: openMsOf(0), position: 9 }]);
    const batch = batchOf([
      { at: 0, instrument: 3, position: 11 }, { at: 0, instrument: 3, line: 1, position: 11 }, { at: 1, instrument: 4 },
      { at: 2, instrument: 3, line: 2 },
    ], { bars });
    expect(isDroppableRows(batchOf([{}]))).toBe(true);
    const { rest, lost, born } = gapsOfRows(batch, names);
    expect([lost, born, rowCount(rest), isDroppableRows(rest)]).toEqual([5, 3, 3, false]);
    expect(rest.gaps.map(({ instruments, barSpec, fromMs, untilMs, reason }) => (
      [[...instruments as Int32Array], barSpec, fromMs, untilMs, reason]))).toEqual([
      [[3], '1m', openMsOf(0), openMsOf(1), 'dropped-rows'], [[4], '1m', openMsOf(1), openMsOf(2), 'dropped-rows'],
      [[3], '5m', openMsOf(2), openMsOf(3), 'dropped-rows'],
    ]);
  });
});
