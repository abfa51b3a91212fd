import { BarColumns } from '../model/bar.ts';
import type { Emit } from './operator.ts';
import { rollUp } from './roll-up.ts';
import type { SpecWindow } from './fold-context.ts';
import type { VenueWindows } from './venue-windows.ts';
import { stride } from './window-table.ts';
import { writeBar } from './write-bar.ts';

/** Writes the rows of windows as bars, a window a block. One per lane: its memory is used for every block. */
export class BarEmission {
  readonly #rows = new BarColumns(64);
  /** Bars of one coarser window: frozen rows, with the unsettled base rows added. */
  #bars = new Float64Array(0);
  /** What every bar of the window at hand misses. */
  #windowFlaw = 0;
  /** Rows emitted since the start. */
  barsOut = 0;

  /** Emits the queued windows that end at `untilMs` or before; they are queued no more. */
  emit(windows: VenueWindows, untilMs: number, out: Emit): void {
    let kept = 0;
    for (const window of windows.queue) {
      if (window.endMs > untilMs) {
        windows.queue[kept++] = window;
        continue;
      }
      this.#emitWindow(windows, window);
      out.bars(this.#rows);
      this.barsOut += this.#rows.length;
      window.emittedRows = window.table.length;
      window.queued = 'nothing';
      window.dirtyRows.clear();
    }
    windows.queue.length = kept;
  }

  #emitWindow(windows: VenueWindows, window: SpecWindow): void {
    this.#rows.length = 0;
    this.#windowFlaw = windows.context.gaps.flawOf(window);
    const { table } = window;
    const isBase = window.spec === windows.context.baseSpec;
    if (window.queued === 'dirty') {
      const values = isBase ? table.values : this.#rollUpRows(windows, window);
      for (const row of window.dirtyRows) this.#add(windows, window, { values, row });
      return;
    }
    const values = isBase ? table.values : this.#rollUpAll(windows, window);
    for (let row = 1; row <= table.length; row++) this.#add(windows, window, { values, row });
  }

  /** Every bar of a coarser window, by row of its table, which gets a row for each. */
  #rollUpAll(windows: VenueWindows, window: SpecWindow): Float64Array {
    const { table } = window;
    const parts = windows.partsOf(window);
    for (const { table: part } of parts) {
      for (let row = 1; row <= part.length; row++) table.rowFor(part.instruments[row]);
    }
    const bars = this.#frozen(window);
    for (const { table: part } of parts) {
      for (let row = 1; row <= part.length; row++) {
        const at = table.rowOf[part.instruments[row]] * stride;
        rollUp(bars, at, { values: part.values, from: row * stride });
      }
    }
    return bars;
  }

  /** The dirty bars of a coarser window, by row of its table; other rows hold anything. */
  #rollUpRows(windows: VenueWindows, window: SpecWindow): Float64Array {
    const bars = this.#frozen(window);
    for (const { table: part } of windows.partsOf(window)) {
      for (const row of window.dirtyRows) {
        const partRow = part.rowOf[window.table.instruments[row]] ?? 0;
        if (partRow !== 0) rollUp(bars, row * stride, { values: part.values, from: partRow * stride });
      }
    }
    return bars;
  }

  #frozen({ table }: SpecWindow): Float64Array {
    const used = (table.length + 1) * stride;
    if (this.#bars.length < used) this.#bars = new Float64Array(2 * used);
    this.#bars.set(table.values.subarray(0, used));
    return this.#bars;
  }

  /** `values` holds the bar at `row` of the window's own table. */
  #add(windows: VenueWindows, window: SpecWindow, { values, row }: { values: Float64Array; row: number }): void {
    const instrument = window.table.instruments[row];
    writeBar(this.#rows, windows, window, { values, at: row * stride, row, instrument, windowFlaw: this.#windowFlaw });
  }
}
