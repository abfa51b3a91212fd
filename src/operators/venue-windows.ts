import { barState } from '../model/bar.ts';
import { EventClock } from './event-clock.ts';
import type { BaseWindow, FoldContext, SpecWindow } from './fold-context.ts';
import type { BarWindow } from './gap-list.ts';
import type { LaneBounds } from './lane-bounds.ts';
import { rollUp } from './roll-up.ts';
import { endedBy, firstAfter, floorTo } from './window-search.ts';
import { column, stride, type WindowTable } from './window-table.ts';

/** A batch of a sparse feed may span thousands of windows: so many may wait for its end, and twice what cannot settle. */
const windowsMin = 32;

/** The windows of one venue in one lane, from their first tick until they are settled. */
export class VenueWindows {
  readonly venue: number;
  readonly context: FoldContext;
  readonly clock: EventClock;
  /** The earliest event time that the fold has seen, or the opening of its base window; Infinity before the first. */
  firstMs = Infinity;
  /** By spec: windows that open before this are not whole. */
  readonly wholeFromMs: number[];
  /** Our clock when its last ticks were read. */
  receivedTimeMs = -Infinity;
  /** Unsettled ones in order of time. */
  base: BaseWindow[] = [];
  /** By spec: unsettled ones in order of time; those that are closed come first. */
  readonly bySpec: SpecWindow[][];
  readonly #closedCount: number[];
  /** The watermark that closes the next window. */
  nextCloseMs = Infinity;
  /** Some window that ends here is provisional or closed: a tick before this may have to be told to its bars. */
  watchedUntilMs = -Infinity;
  /** Windows to be emitted at the end of this call. */
  readonly queue: SpecWindow[] = [];
  #recent: BaseWindow | null = null;
  #crowdedAt = windowsMin;

  constructor(venue: number, context: FoldContext) {
    this.venue = venue;
    this.context = context;
    this.clock = new EventClock(context.settings);
    this.wholeFromMs = context.specs.map(() => -Infinity);
    this.bySpec = context.specs.map(() => []);
    this.#closedCount = context.specs.map(() => 0);
  }

  /** So many windows that those behind the horizon should be settled even before the batch is over. */
  get isCrowded(): boolean {
    return this.base.length > this.#crowdedAt;
  }

  /** Rows in memory. */
  get rowCount(): number {
    let rows = 0;
    for (const { table } of this.base) rows += table.length;
    for (const [spec, windows] of this.bySpec.entries()) {
      if (spec !== this.context.baseSpec) for (const { table } of windows) rows += table.length;
    }
    return rows;
  }

  /** Before the first tick: bars that open earlier, or too soon after it, may have missed some. */
  begin(eventTimeMs: number): void {
    this.firstMs = eventTimeMs;
    if (!this.context.complete) this.wholeFromMs.fill(eventTimeMs + this.clock.outOfOrdernessMs);
  }

  /** The base window that holds an event time; not before the horizon, and the clock is up to date. */
  windowAt(timeMs: number): BaseWindow {
    const recent = this.#recent;
    if (recent !== null && timeMs >= recent.openMs && timeMs < recent.endMs) return recent;
    const at = firstAfter(this.base, timeMs);
    const before = this.base[at - 1];
    if (before !== undefined && timeMs < before.endMs) return (this.#recent = before);
    const { gridMs, pool, instruments } = this.context;
    return (this.#recent = this.addBase(floorTo(timeMs, gridMs), pool.take(instruments.size)));
  }

  /** A base window that is not there yet; its parents come with it. */
  addBase(openMs: number, table: WindowTable): BaseWindow {
    const parents = this.context.specs.map((_, spec) => this.#parentAt(spec, openMs, table));
    const created = { openMs, endMs: openMs + this.context.gridMs, table, parents };
    this.base.splice(firstAfter(this.base, openMs), 0, created);
    this.firstMs = Math.min(this.firstMs, openMs);
    return created;
  }

  /** A tick that is newer than all others moves the clock, and closes what that closes. */
  showTime(eventTimeMs: number, position: number): void {
    this.clock.newestMs = eventTimeMs;
    if (this.clock.watermarkMs >= this.nextCloseMs) this.close(this.clock.watermarkMs, position);
  }

  /** The watermark has come to a close time. `position` is of the record whose tick moved it. */
  close(watermarkMs: number, position: number): void {
    for (const [spec, windows] of this.bySpec.entries()) {
      let closed = this.#closedCount[spec];
      while (closed < windows.length && windows[closed].endMs <= watermarkMs) {
        this.#closeWindow(windows[closed], position);
        closed++;
      }
      this.#closedCount[spec] = closed;
    }
    this.#findNextClose();
  }

  /** When our clock closes the next window, unless a tick comes before; Infinity where none is open. */
  get idleDueAtMs(): number {
    const endsMs = this.bySpec.map((windows) => windows.find(({ state }) => state === barState.forming)?.endMs ?? Infinity);
    return Math.max(this.receivedTimeMs + this.context.settings.idle_ms, Math.min(...endsMs) + this.clock.outOfOrdernessMs);
  }

  /** Our clock closes what the venue's silence leaves open: as provisional, for the log has not said so. */
  closeIdle(nowMs: number): void {
    if (nowMs < this.idleDueAtMs) return;
    for (const window of this.bySpec.flat()) {
      if (window.state !== barState.forming || nowMs < window.endMs + this.clock.outOfOrdernessMs) continue;
      window.state = barState.provisional;
      this.watchedUntilMs = Math.max(this.watchedUntilMs, window.endMs);
      this.enqueue(window, 'all');
    }
  }

  /** A tick is about to change base rows whose bars the world has seen: those will be emitted again. */
  noteLate(base: BaseWindow, instrument: number): void {
    for (const window of base.parents) {
      if (window.state === barState.forming) continue;
      const row = window.table.rowFor(instrument);
      if (window.state === barState.closed) window.table.values[row * stride + column.revision] += 1;
      window.dirtyRows.add(row);
      this.enqueue(window, 'dirty');
    }
  }

  enqueue(window: SpecWindow, rows: 'dirty' | 'all'): void {
    if (window.queued === 'nothing') this.queue.push(window);
    if (window.queued !== 'all') window.queued = rows;
  }

  /** The unsettled base windows that are parts of a window, in order of time. */
  partsOf(window: BarWindow): BaseWindow[] {
    return this.base.slice(firstAfter(this.base, window.openMs - 1), firstAfter(this.base, window.endMs - 1));
  }

  /**
   * What has fallen behind the horizon can change no more: it is rolled up, and its memory used again. True when a window
   * of a spec is gone.
   */
  settle(): boolean {
    const { horizonMs } = this.clock;
    let isAnyGone = false;
    const settled = endedBy(this.base, horizonMs);
    if (settled > 0) this.#recent = null;
    for (const window of this.base.splice(0, settled)) this.#settleBase(window);
    for (const [spec, windows] of this.bySpec.entries()) {
      const gone = endedBy(windows, horizonMs);
      if (gone === 0) continue;
      isAnyGone = true;
      this.#closedCount[spec] -= gone;
      for (const window of windows.splice(0, gone)) {
        if (spec !== this.context.baseSpec) this.context.pool.give(window.table);
      }
    }
    this.#crowdedAt = windowsMin + 2 * this.base.length;
    return isAnyGone;
  }

  /** Opening of the earliest window that there is or can still be. */
  get earliestOpenMs(): number {
    const { horizonMs } = this.clock;
    return horizonMs === -Infinity ? -Infinity : Math.min(...this.context.specs.map((spec) => spec.openAt(horizonMs)));
  }

  /** Everything is closed by the end of the log. */
  closeAll(position: number): void {
    this.close(Infinity, position);
  }

  /** Forgets windows outside of [fromMs, untilMs), a boundary of every spec: they are another lane's by now. */
  leaveOutside({ fromMs, untilMs }: LaneBounds): void {
    const isInside = ({ openMs }: { readonly openMs: number }): boolean => openMs >= fromMs && openMs < untilMs;
    this.base = this.base.filter(isInside);
    for (const [spec, windows] of this.bySpec.entries()) {
      this.bySpec[spec] = windows.filter(isInside);
      this.#closedCount[spec] = this.bySpec[spec].filter(({ state }) => state === barState.closed).length;
    }
    this.#findNextClose();
  }

  /** Puts back a window of a snapshot: the windows of the specs first, then the base, each in order of time. */
  restoreWindow(window: SpecWindow): void {
    this.bySpec[window.spec].push(window);
    if (window.state === barState.closed) this.#closedCount[window.spec]++;
    else this.nextCloseMs = Math.min(this.nextCloseMs, window.endMs);
    if (window.state !== barState.forming) this.watchedUntilMs = Math.max(this.watchedUntilMs, window.endMs);
  }

  #parentAt(spec: number, timeMs: number, baseTable: WindowTable): SpecWindow {
    const windows = this.bySpec[spec];
    const at = firstAfter(windows, timeMs);
    const before = windows[at - 1];
    if (before !== undefined && timeMs < before.endMs) return before;
    const { specs, baseSpec, pool, instruments } = this.context;
    const openMs = specs[spec].openAt(timeMs);
    const endMs = specs[spec].closeOf(openMs);
    const isClosed = endMs <= this.clock.watermarkMs;
    const created: SpecWindow = {
      venue: this.venue, spec, openMs, endMs, state: isClosed ? barState.closed : barState.forming, closePosition: 0,
      emittedRows: 0, queued: 'nothing', dirtyRows: new Set(),
      table: spec === baseSpec ? baseTable : pool.take(instruments.size),
    };
    windows.splice(at, 0, created);
    if (isClosed) {
      this.#closedCount[spec] += 1;
      this.watchedUntilMs = Math.max(this.watchedUntilMs, endMs);
    } else {
      this.nextCloseMs = Math.min(this.nextCloseMs, endMs);
    }
    return created;
  }

  #closeWindow(window: SpecWindow, position: number): void {
    window.state = barState.closed;
    window.closePosition = position;
    this.watchedUntilMs = Math.max(this.watchedUntilMs, window.endMs);
    this.enqueue(window, 'all');
  }

  #findNextClose(): void {
    this.nextCloseMs = Infinity;
    for (const [spec, windows] of this.bySpec.entries()) {
      const next = windows[this.#closedCount[spec]];
      if (next !== undefined) this.nextCloseMs = Math.min(this.nextCloseMs, next.endMs);
    }
  }

  #settleBase(window: BaseWindow): void {
    const { baseSpec, pool } = this.context;
    const { values, length, instruments: instrumentOf } = window.table;
    for (const { spec, table } of window.parents) {
      if (spec === baseSpec) continue;
      for (let row = 1; row <= length; row++) {
        const parentRow = table.rowFor(instrumentOf[row]);
        rollUp(table.values, parentRow * stride, { values, from: row * stride });
      }
    }
    pool.give(window.table);
  }
}
