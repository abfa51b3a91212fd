import { keyOf, replaceRow, type KeyedColumns } from '../model/keyed-columns.ts';
import { isRows, type RowBatch, type SinkItem } from '../model/rows.ts';

/**
 * Moves rows of `incoming` into the places of older rows of the same key that still wait, and takes them out of
 * `incoming`. Returns how many rows were superseded. Rows of one key are always in the order of their making.
 */
export function supersedeRows(incoming: RowBatch, waiting: readonly SinkItem[]): number {
  const alike = waiting.filter(isRows).filter((batch) => batch.lane === incoming.lane);
  return supersedeKind(incoming.bars, alike.map(({ bars }) => bars)) +
    supersedeKind(incoming.indicators, alike.map(({ indicators }) => indicators));
}

function supersedeKind<C extends KeyedColumns<C>>(incoming: C, waiting: readonly C[]): number {
  if (incoming.length === 0) return 0;
  const wanted = new Map<string, number>();
  for (let row = 0; row < incoming.length; row++) wanted.set(keyOf(incoming, row), row);
  const moved = new Set<number>();
  for (const rows of waiting) {
    for (let row = 0; row < rows.length; row++) {
      const newer = wanted.get(keyOf(rows, row));
      if (newer === undefined) continue;
      replaceRow(rows, row, { rows: incoming, row: newer });
      moved.add(newer);
    }
  }
  keepOnly(incoming, moved);
  return moved.size;
}

function keepOnly<C extends KeyedColumns<C>>(rows: C, gone: ReadonlySet<number>): void {
  let kept = 0;
  for (let row = 0; row < rows.length; row++) {
    if (gone.has(row)) continue;
    if (row !== kept) rows.copyRow(kept, rows, row);
    kept++;
  }
  rows.length = kept;
}
