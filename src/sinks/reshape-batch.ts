import { BarColumns } from '../model/bar.ts';
import { IndicatorColumns } from '../model/indicator.ts';
import { replaceRow, type KeyedColumns } from '../model/keyed-columns.ts';
import { rowCount, type DeadLetter, type RowBatch } from '../model/rows.ts';
import { joinSpanRefs } from '../model/trace.ts';
import { KeyIndex } from './key-index.ts';

/**
 * One batch of several that follow each other, all of one lane and shard. A row that may be there already takes the
 * place of the older one of its key; `superseded` counts those older rows.
 */
export function mergeBatches(batches: readonly RowBatch[]): { merged: RowBatch; superseded: number } {
  const first = batches[0];
  if (batches.length === 1) return { merged: first, superseded: 0 };
  const bars = batches.map((batch) => batch.bars);
  const indicators = batches.map((batch) => batch.indicators);
  const merged: RowBatch = {
    lane: first.lane, shard: first.shard, openedAtMs: first.openedAtMs,
    bars: new BarColumns(totalOf(bars)), indicators: new IndicatorColumns(totalOf(indicators)),
    lateTicks: batches.flatMap((batch) => batch.lateTicks),
    gaps: batches.flatMap((batch) => batch.gaps),
    alerts: batches.flatMap((batch) => batch.alerts),
    deadLetters: batches.flatMap((batch) => batch.deadLetters),
    madeBy: joinSpanRefs(batches.map((batch) => batch.madeBy)),
  };
  return { merged, superseded: mergeInto(merged.bars, bars) + mergeInto(merged.indicators, indicators) };
}

function totalOf(parts: readonly { readonly length: number }[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** Returns how many rows were superseded. */
function mergeInto<C extends KeyedColumns<C>>(merged: C, parts: readonly C[]): number {
  let superseded = 0;
  // Made only where a row asks for it: keys of rows that are all new need no index.
  let index: KeyIndex<C> | null = null;
  for (const [place, rows] of parts.entries()) {
    for (let row = 0; row < rows.length; row++) {
      const mayBeThere = place > 0 && rows.again[row] === 1;
      if (mayBeThere) index ??= new KeyIndex(merged);
      const older = mayBeThere ? index!.find(rows, row) : -1;
      if (older !== -1) {
        replaceRow(merged, older, { rows, row });
        superseded++;
        continue;
      }
      merged.copyRow(merged.add(), rows, row);
    }
  }
  return superseded;
}

/** Two batches with half of the rows each, in order. The batch must have two rows or more. */
export function splitBatch(batch: RowBatch): readonly [RowBatch, RowBatch] {
  const middle = Math.ceil(rowCount(batch) / 2);
  return [sliceBatch(batch, 0, middle), sliceBatch(batch, middle, rowCount(batch))];
}

/** Rows [from, until), counted through bars, indicators, late ticks, gaps, alerts and dead letters. */
function sliceBatch(batch: RowBatch, from: number, until: number): RowBatch {
  let before = 0;
  const range = (length: number): [number, number] => {
    const limits: [number, number] = [Math.max(0, from - before), Math.max(0, until - before)];
    before += length;
    return limits;
  };
  const bars = copyRows(new BarColumns(1), batch.bars, range(batch.bars.length));
  const indicators = copyRows(new IndicatorColumns(0), batch.indicators, range(batch.indicators.length));
  return {
    ...batch, bars, indicators,
    lateTicks: batch.lateTicks.slice(...range(batch.lateTicks.length)),
    gaps: batch.gaps.slice(...range(batch.gaps.length)),
    alerts: batch.alerts.slice(...range(batch.alerts.length)),
    deadLetters: batch.deadLetters.slice(...range(batch.deadLetters.length)),
  };
}

/** Rows [from, until) of `rows`, as far as there are so many. */
function copyRows<C extends KeyedColumns<C>>(to: C, rows: C, [from, until]: readonly [number, number]): C {
  for (let row = from; row < Math.min(until, rows.length); row++) to.copyRow(to.add(), rows, row);
  return to;
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
  return {
    ...before,
    bars: copyRows(before.bars, after.bars, [0, after.bars.length]),
    indicators: copyRows(before.indicators, after.indicators, [0, after.indicators.length]),
    lateTicks: [...before.lateTicks, ...after.lateTicks], gaps: [...before.gaps, ...after.gaps],
    alerts: [...before.alerts, ...after.alerts], deadLetters: [...before.deadLetters, ...after.deadLetters],
  };
}
