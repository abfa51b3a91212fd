import { byteCount, isRows, rowCount, type RowBatch, type SinkItem } from '../model/rows.ts';
import type { BoundedQueue } from '../queues/bounded-queue.ts';

/** How much of a backlog goes into one transaction. */
export interface GatherLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/** A batch that was taken from `queue`, and those of its lane that wait behind it, as many as fit, up to a marker. */
export function gatherBatches(first: RowBatch, queue: BoundedQueue<SinkItem>, limits: GatherLimits): RowBatch[] {
  const batches = [first];
  let [rows, bytes] = [rowCount(first), byteCount(first)];
  for (let next = queue.items[0]; next !== undefined && next.lane === first.lane; next = queue.items[0]) {
    if (!isRows(next)) break;
    rows += rowCount(next);
    bytes += byteCount(next);
    if (rows > limits.rowsMax || bytes > limits.bytesMax) break;
    queue.tryTake();
    batches.push(next);
  }
  return batches;
}
