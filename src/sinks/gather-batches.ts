import { byteCount, rowCount, type RowBatch } from '../model/rows.ts';
import type { BoundedQueue } from '../queues/bounded-queue.ts';

export interface Taken {
  readonly queue: BoundedQueue<RowBatch>;
  readonly item: RowBatch;
}

/** How much of a backlog goes into one transaction. */
export interface GatherLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
}

/**
 * A batch and those of its lane that wait behind it, as many as fit. `carried` was taken from the queue and did not fit: it
 * comes next.
 */
export function gatherBatches(first: Taken, limits: GatherLimits): { batches: RowBatch[]; carried: Taken | null } {
  const { queue, item } = first;
  const batches = [item];
  let [rows, bytes] = [rowCount(item), byteCount(item)];
  while (rows < limits.rowsMax && bytes < limits.bytesMax) {
    const next = queue.tryTake();
    if (next === undefined) break;
    rows += rowCount(next);
    bytes += byteCount(next);
    if (next.lane !== item.lane || rows > limits.rowsMax || bytes > limits.bytesMax) {
      return { batches, carried: { queue, item: next } };
    }
    batches.push(next);
  }
  return { batches, carried: null };
}
