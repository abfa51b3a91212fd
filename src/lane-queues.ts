import type { Gap } from './model/gap.ts';
import type { IndicatorLine } from './model/indicator.ts';
import type { Lane } from './model/lane.ts';
import { byteCount, isRows, rowCount, type RowBatch, type SinkItem } from './model/rows.ts';
import type { ValuesOf } from './model/setting.ts';
import type { QueueStatus } from './model/status.ts';
import { BoundedQueue } from './queues/bounded-queue.ts';
import {
  bytesOfLogItem, gapOfBatch, gapsOfRows, isDroppableRows, mergeGapRows, mergeLogItems, ticksOf,
} from './queues/loss.ts';
import type { queueSettings } from './queues/settings.ts';
import { supersedeRows } from './sinks/supersede.ts';
import type { LogItem } from './sources/run-source.ts';

export interface LaneQueueParts {
  readonly queues: ValuesOf<typeof queueSettings>;
  readonly sinkPolicy: 'drop_oldest' | 'drop_newest';
  readonly specNames: readonly string[];
  readonly indicatorLines: readonly IndicatorLine[];
  /** The workers that write the rows of the lane. */
  readonly shards: readonly number[];
  /** Share of the sink queue that is its source's own. */
  readonly sourceShare: number;
  /** Lanes that the source has now: they divide what is the source's. It changes while partitions come and go. */
  readonly lanesOfSource: () => number;
  /** Told of ticks that the op queue gave up. */
  readonly onTicksDropped: (ticks: number, reason: string) => void;
  /** Told of the gaps that stand in the place of rows which a sink queue gave up. */
  readonly onRowsDropped: (gaps: readonly Gap[]) => void;
}

/** Rows that the sink queues of a lane gave up, brought forth or made one; terms of the row ledger. */
export class LaneRowCounts {
  readonly dropped: Record<string, number> = {};
  /** Gaps in the place of dropped rows. */
  born = 0;
  superseded = 0;

  drop(rows: number, reason: string): void {
    if (rows > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + rows;
  }
}

/** Between a source and the operators of its lane. A dropped batch leaves a gap in its place. */
export function createOpQueue(lane: Lane, { queues, lanesOfSource, onTicksDropped }: LaneQueueParts): BoundedQueue<LogItem> {
  return new BoundedQueue<LogItem>({
    itemsMax: queues.op_queue_max,
    get bytesMax() { return Math.floor(queues.op_queue_bytes_max / lanesOfSource()); },
    policy: lane.pausable ? 'block' : queues.drop_policy,
    bytesOf: bytesOfLogItem,
    droppable: (item) => item.kind === 'ticks',
    remainder: (item, policy) => {
      onTicksDropped(ticksOf(item), `op-queue/${policy}`);
      return item.kind === 'ticks' ? gapOfBatch(item) : item;
    },
    merge: mergeLogItems,
  });
}

/** Between the operators of a lane and the worker of one shard. A marker is never dropped, and nothing is merged over it. */
export function createSinkQueue(lane: Lane, parts: LaneQueueParts, counts: LaneRowCounts): BoundedQueue<SinkItem> {
  const { queues, shards, sourceShare, lanesOfSource, sinkPolicy, onRowsDropped } = parts;
  const share = (): number => sourceShare / lanesOfSource() / shards.length;
  return new BoundedQueue<SinkItem>({
    get itemsMax() { return Math.max(1, Math.floor(queues.sink_queue_max * share())); },
    get bytesMax() { return Math.floor(queues.sink_queue_bytes_max * share()); },
    policy: lane.pausable ? 'block' : sinkPolicy === 'drop_oldest' ? 'oldest' : 'newest',
    bytesOf: (item) => (isRows(item) ? byteCount(item) : 0),
    droppable: (item) => isRows(item) && isDroppableRows(item),
    supersede: (incoming, waiting) => {
      if (!isRows(incoming)) return false;
      counts.superseded += supersedeRows(incoming, waiting);
      return rowCount(incoming) === 0;
    },
    remainder: (item, policy) => {
      if (!isRows(item)) return item;
      const { rest, lost, born } = gapsOfRows(item, parts);
      counts.drop(lost, `sink-queue/${policy}`);
      counts.born += born;
      if (born > 0) onRowsDropped(rest.gaps.slice(-born));
      return rest;
    },
    merge: (before, after) => {
      if (!isRows(before) || !isRows(after)) return null;
      const { merged, superseded } = mergeGapRows(before, after);
      counts.superseded += superseded;
      return merged;
    },
  });
}

/** What has not reached a worker: in the queues, or waiting for room in them. */
export function rowsIn(queues: readonly BoundedQueue<SinkItem>[]): RowBatch[] {
  return queues.flatMap((queue) => [...queue.items, ...queue.waiting]).filter(isRows);
}

type LaneQueues = readonly BoundedQueue<LogItem>[] | readonly BoundedQueue<SinkItem>[];

/** Several queues as one: counts and bounds added up. */
export function queueStatus(name: 'op' | 'sink', queues: LaneQueues): QueueStatus {
  const status = {
    name, depth: 0, capacity: 0, bytes: 0, bytesMax: 0, highWater: 0,
    offered: 0, taken: 0, dropped: 0, superseded: 0, abandoned: 0, refused: 0,
  };
  for (const queue of queues) {
    status.depth += queue.depth;
    status.capacity += queue.options.itemsMax;
    status.bytes += queue.bytes;
    status.bytesMax += queue.options.bytesMax;
    status.highWater += queue.highWater;
    for (const term of ['offered', 'taken', 'dropped', 'superseded', 'abandoned', 'refused'] as const) {
      status[term] += queue.counts[term];
    }
  }
  return status;
}
