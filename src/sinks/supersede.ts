import { isRows, type RowBatch, type SinkItem } from '../model/rows.ts';
import { keyOf, replaceRow } from './row-batcher.ts';

/**
 * Moves rows of `incoming` into the places of older rows of the same key that still wait, and takes them out of
 * `incoming`. Returns how many rows were superseded. Rows of one key are always in the order of their making.
 */
export function supersedeRows(incoming: RowBatch, waiting: readonly SinkItem[]): number {
  const { bars } = incoming;
  if (bars.length === 0) return 0;
  const wanted = new Map<string, number>();
  for (let row = 0; row < bars.length; row++) wanted.set(keyOf(bars, row), row);
  const moved = new Set<number>();
  for (const batch of waiting) {
    if (!isRows(batch) || batch.lane !== incoming.lane) continue;
    for (let row = 0; row < batch.bars.length; row++) {
      const newer = wanted.get(keyOf(batch.bars, row));
      if (newer === undefined) continue;
      replaceRow(batch.bars, row, { rows: bars, row: newer });
      moved.add(newer);
    }
  }
  keepOnly(incoming, moved);
  return moved.size;
}

function keepOnly(batch: RowBatch, gone: ReadonlySet<number>): void {
  let kept = 0;
  for (let row = 0; row < batch.bars.length; row++) {
    if (gone.has(row)) continue;
    if (row !== kept) batch.bars.copyRow(kept, batch.bars, row);
    kept++;
  }
  batch.bars.length = kept;
}
