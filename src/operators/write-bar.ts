import { quality, type BarColumns } from '../model/bar.ts';
import type { SpecWindow } from './fold-context.ts';
import { flaw } from './gap-list.ts';
import { volumeOf } from './roll-up.ts';
import type { VenueWindows } from './venue-windows.ts';
import { column, stride } from './window-table.ts';

/** Where a bar of a window stands. */
export interface BarPlace {
  /** Its ticks, from `at` on. */
  readonly values: Float64Array;
  readonly at: number;
  /** Its row in the window's own table, which has what belongs to the bar alone; 0 where it has none there yet. */
  readonly row: number;
  readonly instrument: number;
  /** What every bar of the window misses. */
  readonly windowFlaw: number;
}

/** Adds a bar of a window to `rows`, every field, as it is now. */
export function writeBar(rows: BarColumns, windows: VenueWindows, window: SpecWindow, place: BarPlace): void {
  const { values, at, row, instrument, windowFlaw } = place;
  const own = window.table.values; // Its row 0 is zeros: no revision, no gap.
  const to = rows.add();
  rows.spec[to] = window.spec;
  rows.instrument[to] = instrument;
  rows.openTimeMs[to] = window.openMs;
  rows.closeTimeMs[to] = window.endMs;
  rows.barIndex[to] = 0;
  rows.open[to] = values[at + column.open]!;
  rows.high[to] = values[at + column.high]!;
  rows.low[to] = values[at + column.low]!;
  rows.close[to] = values[at + column.close]!;
  rows.volume[to] = volumeOf(values, at);
  rows.notional[to] = values[at + column.notional] + values[at + column.notional + 1];
  rows.buyVolume[to] = values[at + column.size + 2] + values[at + column.size + 3];
  rows.sellVolume[to] = values[at + column.size + 4] + values[at + column.size + 5];
  rows.trades[to] = values[at + column.trades]!;
  rows.state[to] = window.state;
  rows.revision[to] = own[row * stride + column.revision]!;
  rows.position[to] = Math.max(values[at + column.position], own[row * stride + column.gapPosition], window.closePosition);
  rows.again[to] = row !== 0 && row <= window.emittedRows ? 1 : 0;
  const isPartial = window.openMs < windows.wholeFromMs[window.spec];
  const missing = Math.max(windowFlaw, windows.context.gaps.flawOfInstrument(window, instrument));
  rows.whole[to] = isPartial || missing === flaw.ownLoss ? 0 : 1;
  rows.quality[to] = missing > flaw.none ? quality.gap : isPartial ? quality.partial : quality.complete;
}
