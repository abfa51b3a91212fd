import { BarColumns } from '../model/bar.ts';
import { rowCount, type DeadLetter, type RowBatch } from '../model/rows.ts';
import { KeyIndex } from './key-index.ts';
import { replaceRow } from './row-batcher.ts';

/**
 * One batch of several that follow each other, all of one lane and shard. A row that may be there already takes the
 * place of the older one of its key; `superseded` counts those older rows.
 */
export function mergeBatches(batches: readonly RowBatch[]): { merged: RowBatch; superseded: number } {
  const first = batches[0];
  if (batches.length === 1) return { merged: first, superseded: 0 };
  const bars = new BarColumns(batches.reduce((sum, batch) => sum + batch.bars.length, 0));
  const merged: RowBatch = {
    lane: first.lane, shard: first.shard, bars, openedAtMs: first.openedAtMs,
    lateTicks: batches.flatMap((batch) => batch.lateTicks),
    gaps: batches.flatMap((batch) => batch.gaps),
    deadLetters: batches.flatMap((batch) => batch.deadLetters),
  };
  let superseded = 0;
  // Made only where a row asks for it: keys of bars that are all new need no index.
  let index: KeyIndex | null = null;
  for (const batch of batches) {
    for (let row = 0; row < batch.bars.length; row++) {
      const mayBeThere = batch !== first && batch.bars.again[row] === 1;
      if (mayBeThere) index ??= new KeyIndex(bars);
      const older = mayBeThere ? index!.find(batch.bars, row) : -1;
      if (older !== -1) {
        replaceRow(bars, older, { rows: batch.bars, row });
        superseded++;
        continue;
      }
      bars.copyRow(bars.add(), batch.bars, row);
    }
  }
  return { merged, superseded };
}

/** Two batches with half of the rows each, in order. The batch must have two rows or more. */
export function splitBatch(batch: RowBatch): readonly [RowBatch, RowBatch] {
  const middle = Math.ceil(rowCount(batch) / 2);
  return [sliceBatch(batch, 0, middle), sliceBatch(batch, middle, rowCount(batch))];
}

/** Rows [from, until), counted through bars, late ticks, gaps and dead letters. */
function sliceBatch(batch: RowBatch, from: number, until: number): RowBatch {
  let before = 0;
  const range = (length: number): [number, number] => {
    const limits: [number, number] = [Math.max(0, from - before), Math.max(0, until - before)];
    before += length;
    return limits;
  };
  const [firstBar, endBar] = range(batch.bars.length);
  const bars = new BarColumns(Math.max(1, Math.min(endBar, batch.bars.length) - firstBar));
  for (let row = firstBar; row < Math.min(endBar, batch.bars.length); row++) bars.copyRow(bars.add(), batch.bars, row);
  return {
    ...batch, bars,
    lateTicks: batch.lateTicks.slice(...range(batch.lateTicks.length)),
    gaps: batch.gaps.slice(...range(batch.gaps.length)),
    deadLetters: batch.deadLetters.slice(...range(batch.deadLetters.length)),
  };
}

/** The batch without one of its rows, and with a dead letter in its stead unless that is null. */
export function withoutRow(batch: RowBatch, rowIndex: number, letter: DeadLetter | null): RowBatch {
  const before = sliceBatch(batch, 0, rowIndex);
  const after = sliceBatch(batch, rowIndex + 1, rowCount(batch));
  const rest = mergeRows(before, after);
  if (letter !== null) rest.deadLetters.push(letter);
  return rest;
}

function mergeRows(before: RowBatch, after: RowBatch): RowBatch {
  const { bars } = before;
  for (let row = 0; row < after.bars.length; row++) bars.copyRow(bars.add(), after.bars, row);
  return {
    ...before, bars, lateTicks: [...before.lateTicks, ...after.lateTicks], gaps: [...before.gaps, ...after.gaps],
    deadLetters: [...before.deadLetters, ...after.deadLetters],
  };
}
