import type { StoredBar } from '../model/stored-bar.ts';
import type { VenueWindows } from './venue-windows.ts';
import { column, stride } from './window-table.ts';

/**
 * Puts a bar of the base grid that was stored after the snapshot into the place of what the snapshot had of it: it has seen
 * more. Coarser bars that are still open are then computed from it. `position` is the snapshot's: later ticks count on from
 * there. Sums come back without what rounding took from them, and ticks that belong in the middle of such a bar cannot
 * become its open or close: the bars of a log that cannot be read again are as good as what was kept of it. False: the bar
 * lies behind the horizon.
 */
export function takeStoredBar(windows: VenueWindows, bar: StoredBar, position: number): boolean {
  const { instruments, gridMs } = windows.context;
  if (bar.openTimeMs + gridMs <= windows.clock.horizonMs) return false;
  const { table, endMs } = windows.windowAt(bar.openTimeMs);
  const row = table.rowFor(instruments.intern(bar.venue, bar.symbol));
  const { values } = table;
  const at = row * stride;
  values[at + column.open] = bar.open;
  values[at + column.high] = bar.high;
  values[at + column.low] = bar.low;
  values[at + column.close] = bar.close;
  values[at + column.firstTime] = bar.openTimeMs;
  values[at + column.firstOrder] = -Infinity;
  values[at + column.lastTime] = endMs;
  values[at + column.lastOrder] = -Infinity;
  const sums = [bar.notional, bar.volume - bar.buyVolume - bar.sellVolume, bar.buyVolume, bar.sellVolume];
  for (const [index, sum] of sums.entries()) {
    values[at + column.notional + 2 * index] = sum;
    values[at + column.notional + 2 * index + 1] = 0;
  }
  values[at + column.trades] = bar.trades;
  values[at + column.position] = position;
  return true;
}
