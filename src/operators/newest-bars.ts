import { barState, type BarColumns } from '../model/bar.ts';
import type { SpecWindow } from './fold-context.ts';
import { rollUp } from './roll-up.ts';
import type { VenueWindows } from './venue-windows.ts';
import { firstAfter } from './window-search.ts';
import { column, emptyRow, stride } from './window-table.ts';
import { writeBar } from './write-bar.ts';

interface BarSeries {
  readonly instrument: number;
  /** Index among the specs. */
  readonly spec: number;
}

/**
 * The newest bars of an instrument, for whoever looks while the lane folds. It reads the windows and changes nothing of
 * them: no row is made, nothing is marked. It may be asked while a block of bars is being emitted. One per lane.
 */
export class NewestBars {
  /** One coarser bar: what has settled of it, with its unsettled base rows added. */
  readonly #bar = new Float64Array(stride);

  /**
   * Adds to `into` the newest bar that is not settled, and behind it every older one whose window is open (state 1), from
   * newer to older, as they would be emitted now. False: there is none.
   */
  find(windows: VenueWindows, { instrument, spec }: BarSeries, into: BarColumns): boolean {
    const ofSpec = windows.bySpec[spec] ?? [];
    let isFound = false;
    for (let at = ofSpec.length - 1; at >= 0; at--) {
      const window = ofSpec[at];
      if (isFound && window.state === barState.closed) break; // And so are all before it.
      if (isFound && window.state !== barState.forming) continue;
      if (!this.#hasBar(windows, window, instrument)) continue;
      this.#add(windows, window, { instrument, into });
      isFound = true;
    }
    return isFound;
  }

  /** Of a window that has a bar of the instrument, as `#hasBar` has found. */
  #add(windows: VenueWindows, window: SpecWindow, { instrument, into }: { instrument: number; into: BarColumns }): void {
    const { baseSpec, gaps } = windows.context;
    const row = window.table.rowOf[instrument] ?? 0;
    const isBase = window.spec === baseSpec;
    const values = isBase ? window.table.values : this.#bar;
    writeBar(into, windows, window, {
      values, at: isBase ? row * stride : 0, row, instrument, windowFlaw: gaps.flawOf(window),
    });
  }

  /** Of a coarser window the bar is in `#bar` then. */
  #hasBar(windows: VenueWindows, window: SpecWindow, instrument: number): boolean {
    const row = window.table.rowOf[instrument] ?? 0;
    return window.spec === windows.context.baseSpec ? row !== 0 : this.#rollUp(windows, window, { instrument, row });
  }

  /** False where the instrument has no tick in the window. The same sums in the same order as those of a whole window. */
  #rollUp(windows: VenueWindows, { openMs, endMs, table }: SpecWindow, of: { instrument: number; row: number }): boolean {
    const bar = this.#bar;
    if (of.row === 0) bar.set(emptyRow);
    else for (let offset = 0; offset < stride; offset++) bar[offset] = table.values[of.row * stride + offset];
    const { base } = windows;
    for (let at = firstAfter(base, openMs - 1); at < base.length && base[at].openMs < endMs; at++) {
      const part = base[at].table;
      const row = part.rowOf[of.instrument] ?? 0;
      if (row !== 0) rollUp(bar, 0, { values: part.values, from: row * stride });
    }
    return bar[column.trades] > 0;
  }
}
