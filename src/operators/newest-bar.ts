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
 * The newest bar of an instrument, for whoever looks while the lane folds. It reads the windows and changes nothing of
 * them: no row is made, nothing is marked. It may be asked while a block of bars is being emitted. One per lane.
 */
export class NewestBar {
  /** One coarser bar: what has settled of it, with its unsettled base rows added. */
  readonly #bar = new Float64Array(stride);

  /** Adds the bar to `into`, as it would be emitted now; state 1 while its window is open. False: there is none. */
  find(windows: VenueWindows, of: BarSeries, into: BarColumns): boolean {
    const { baseSpec, gaps } = windows.context;
    const { instrument, spec } = of;
    const ofSpec = windows.bySpec[spec] ?? [];
    const isBase = spec === baseSpec;
    for (let at = ofSpec.length - 1; at >= 0; at--) {
      const window = ofSpec[at];
      const row = window.table.rowOf[instrument] ?? 0;
      if (!this.#hasBar(windows, window, instrument)) continue;
      const values = isBase ? window.table.values : this.#bar;
      const place = { values, at: isBase ? row * stride : 0, row, instrument, windowFlaw: gaps.flawOf(window) };
      writeBar(into, windows, window, place);
      return true;
    }
    return false;
  }

  /** Whether a bar of the instrument that is older than its newest one forms as well. */
  isOneOfSeveral(windows: VenueWindows, { instrument, spec }: BarSeries): boolean {
    const ofSpec = windows.bySpec[spec] ?? [];
    let forming = 0;
    for (let at = ofSpec.length - 1; at >= 0 && ofSpec[at].state !== barState.closed; at--) {
      if (ofSpec[at].state === barState.forming && this.#hasBar(windows, ofSpec[at], instrument)) forming++;
    }
    return forming > 1;
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
