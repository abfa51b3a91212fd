import type { TickBatch } from '../model/tick-batch.ts';
import type { BaseWindow } from './fold-context.ts';
import type { VenueWindows } from './venue-windows.ts';
import { column, stride } from './window-table.ts';

/** 2^27 + 1: cuts a double into two halves of 26 bits, whose products are exact (Veltkamp). */
const splitter = 134_217_729;

/** Consecutive ticks of one venue. Folding moves `from` on. */
interface Run {
  readonly batch: TickBatch;
  from: number;
  until: number;
}

/**
 * Folds the ticks [from, until) of a batch into the base windows of one venue, and returns the index of the first tick
 * that is left: one of another venue, one after which the venue's windows became too many, or `until`. Closing
 * is judged tick by tick, in the order of the log, so that rows do not depend on how it was cut into batches.
 */
export function foldTicks(
  windows: VenueWindows, batch: TickBatch, { from, until }: { readonly from: number; readonly until: number },
): number {
  const { instrument, eventTimeMs, position } = batch;
  const { venue, clock } = windows;
  const { instruments } = windows.context;
  const { venueOf } = instruments;
  const run = { batch, from, until };
  while (run.from < until && venueOf[instrument[run.from]] === venue) {
    const timeMs = eventTimeMs[run.from];
    if (timeMs > clock.newestMs) windows.showTime(timeMs, position[run.from]);
    const window = windows.windowAt(timeMs);
    const isWatched = window.openMs < windows.watchedUntilMs;
    if (isWatched) windows.noteLate(window, instrument[run.from]); // Such a window wants to hear of every tick.
    run.until = isWatched ? run.from + 1 : until;
    window.table.reserve(instruments.size);
    foldRun(windows, window, run);
    if (windows.isCrowded) break;
  }
  return run.from;
}

/**
 * THE HOT LOOP: ticks of one venue into one base window, until one is of another venue or window, or closes something. The
 * first of the run is folded in any case: its window was found for it. A tick costs its row number and its row's columns;
 * nothing is allocated, and whatever is rare ends the run.
 *
 * Open and close go by (event time, order). Notional is the exact sum of exact products: the part of price * size that
 * rounding takes (Dekker's product) goes where the rounding of sums goes.
 */
function foldRun(windows: VenueWindows, window: BaseWindow, run: Run): void {
  const { instrument, price, size, side, eventTimeMs, position, order } = run.batch;
  const { venue, clock } = windows;
  const { venueOf } = windows.context.instruments;
  const { table, openMs } = window;
  const { rowOf } = table;
  const untilMs = Math.min(window.endMs, windows.nextCloseMs + clock.outOfOrdernessMs);
  let { values } = table;
  let { newestMs } = clock;
  let index = run.from;
  let id = instrument[index];
  let timeMs = eventTimeMs[index];
  for (;;) {
    if (timeMs > newestMs) newestMs = timeMs;
    let row = rowOf[id];
    if (row === 0) {
      row = table.add(id);
      values = table.values;
    }
    const at = row * stride;
    const tickPrice = price[index];
    const tickSize = size[index];
    const tickOrder = order[index];
    if (tickPrice > values[at + column.high]) values[at + column.high] = tickPrice;
    if (tickPrice < values[at + column.low]) values[at + column.low] = tickPrice;
    const lastMs = values[at + column.lastTime];
    if (timeMs > lastMs || (timeMs === lastMs && tickOrder >= values[at + column.lastOrder])) {
      values[at + column.close] = tickPrice;
      values[at + column.lastTime] = timeMs;
      values[at + column.lastOrder] = tickOrder;
    }
    const firstMs = values[at + column.firstTime];
    if (timeMs < firstMs || (timeMs === firstMs && tickOrder < values[at + column.firstOrder])) {
      values[at + column.open] = tickPrice;
      values[at + column.firstTime] = timeMs;
      values[at + column.firstOrder] = tickOrder;
    }
    const bySide = at + column.size + 2 * side[index];
    const sizes = values[bySide];
    const nextSizes = sizes + tickSize;
    const addedSize = nextSizes - sizes;
    values[bySide] = nextSizes;
    values[bySide + 1] += sizes - (nextSizes - addedSize) + (tickSize - addedSize);
    const product = tickPrice * tickSize;
    const productRest = restOfProduct(tickPrice, tickSize, product);
    const sum = values[at + column.notional];
    const nextSum = sum + product;
    const added = nextSum - sum;
    values[at + column.notional] = nextSum;
    values[at + column.notional + 1] += sum - (nextSum - added) + (product - added) + productRest;
    values[at + column.trades] += 1;
    values[at + column.position] = position[index];
    if (++index === run.until) break;
    id = instrument[index];
    timeMs = eventTimeMs[index];
    if (timeMs < openMs || timeMs >= untilMs || venueOf[id] !== venue) break;
  }
  clock.newestMs = newestMs;
  run.from = index;
}

/** What rounding took from `product` = a * b, exactly (Dekker 1971; a double, short of overflow and underflow). */
function restOfProduct(a: number, b: number, product: number): number {
  const aCut = splitter * a;
  const aHigh = aCut - (aCut - a);
  const aLow = a - aHigh;
  const bCut = splitter * b;
  const bHigh = bCut - (bCut - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
