import type { BarSpec } from '../model/bar-spec.ts';
import type { BarColumns } from '../model/bar.ts';
import type { PassedWindows } from '../model/checkpoint.ts';
import type { Gap } from '../model/gap.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { Lane } from '../model/lane.ts';
import type { StoredBar } from '../model/stored-bar.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import { BarEmission } from './bar-emission.ts';
import type { BarSettings } from './bar-settings.ts';
import { baseGridMs, baseSpecIndex } from './base-grid.ts';
import { refuseChanges, refuseVersion } from './fingerprints.ts';
import { foldTicks } from './fold.ts';
import { GapList } from './gap-list.ts';
import { markGap } from './gap-marks.ts';
import { everything, gapWithin, type LaneBounds } from './lane-bounds.ts';
import { NewestBars } from './newest-bars.ts';
import type { AdmittedBatch, Emit, Operator, Snapshot } from './operator.ts';
import {
  fingerprintsOf, meaningChanges, originOf, restoreGaps, restoreVenue, timeBarsState, type TimeBarsState,
} from './time-bars-snapshot.ts';
import type { FoldContext } from './fold-context.ts';
import { passedWindows } from './passed-windows.ts';
import { VenueWindows } from './venue-windows.ts';
import { takeStoredBar } from './stored-bars.ts';
import { TablePool } from './window-table.ts';

export { barSettings, type BarSettings } from './bar-settings.ts';

export interface TimeBarsOptions {
  readonly lane: Lane;
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  readonly settings: Pick<BarSettings, 'out_of_orderness_ms' | 'allowed_lateness_ms' | 'idle_ms'>;
  /** What the lane owns; everything where absent. */
  readonly bounds?: LaneBounds;
}

export interface TimeBarsCounts {
  readonly ticksIn: number;
  readonly barsOut: number;
  /** Rows in memory: of the base grid, and of the coarser windows above it. */
  readonly openBars: number;
}

export interface TimeBars extends Operator {
  readonly counts: TimeBarsCounts;
  takeStored(bars: readonly StoredBar[], position: number): void;
  /** What this fold holds whole and has passed by the lateness horizon; all there is at the end of a complete log. */
  passed(isEnded: boolean): readonly PassedWindows[];
  /**
   * Adds to `into` the newest bar of an instrument in a spec, forming or not settled yet, and behind it every older one that
   * still forms, from newer to older, as they would be emitted now. False where there is none. Changes nothing. Between two
   * calls, or while bars are emitted. A checkpoint does not keep by which record a bar was closed: behind a restart the
   * position of one that was closed before is that of its last tick or gap.
   */
  newestBars(instrument: number, spec: number, into: BarColumns): boolean;
}

/**
 * Bars of event time, every spec from one fold: ticks go once into the base grid, and coarser bars are computed from
 * base bars in order of open time (SEMANTICS: roll-up law).
 */
export function createTimeBars(options: TimeBarsOptions): TimeBars {
  return new LaneTimeBars(options);
}

const snapshotVersion = 1;

class LaneTimeBars implements TimeBars {
  readonly name = 'time-bars';
  readonly #lane: Lane;
  readonly #context: FoldContext;
  readonly #venues: (VenueWindows | undefined)[] = []; // By venue index.
  readonly #emission = new BarEmission();
  readonly #newest = new NewestBars();
  readonly #bounds: LaneBounds;
  #ticksIn = 0;

  constructor({ lane, instruments, specs, settings, bounds = everything }: TimeBarsOptions) {
    this.#bounds = bounds;
    this.#lane = lane;
    this.#context = {
      instruments, specs, settings, gridMs: baseGridMs(specs), baseSpec: baseSpecIndex(specs),
      complete: lane.complete && lane.fromPosition === 0,
      pool: new TablePool(), gaps: new GapList(),
    };
  }

  get counts(): TimeBarsCounts {
    let openBars = 0;
    for (const windows of this.#live()) openBars += windows.rowCount;
    return { ticksIn: this.#ticksIn, barsOut: this.#emission.barsOut, openBars };
  }

  passed(isEnded: boolean): readonly PassedWindows[] {
    return passedWindows(this.#live(), { bounds: this.#bounds, isEnded });
  }

  newestBars(instrument: number, spec: number, into: BarColumns): boolean {
    const windows = this.#venues[this.#context.instruments.venueOf[instrument]];
    return windows !== undefined && this.#newest.find(windows, { instrument, spec }, into);
  }

  onBatch(batch: AdmittedBatch, out: Emit): void {
    let from = 0;
    for (const mark of batch.timeMarks ?? []) {
      this.#fold(batch, { from, until: mark.before }, out);
      from = mark.before;
      const windows = this.#windowsAt(mark.venue, mark.eventTimeMs, batch);
      if (mark.eventTimeMs > windows.clock.newestMs) windows.showTime(mark.eventTimeMs, mark.position);
    }
    this.#fold(batch, { from, until: batch.length }, out);
    this.#ticksIn += batch.length;
    this.#emitAll(out);
  }

  onGap(missing: Gap, out: Emit): void {
    const { gaps, specs } = this.#context;
    const gap = gapWithin(this.#bounds, missing);
    if (gap === null) return;
    const spec = gap.barSpec === undefined ? -1 : specs.findIndex(({ name }) => name === gap.barSpec);
    out.gap(gap);
    if (gap.barSpec !== undefined && spec === -1) return;
    for (const windows of this.#live()) markGap(windows, gap, spec);
    gaps.add(gap, spec);
    this.#emitAll(out);
  }

  get timeDueAtMs(): number {
    let dueAtMs = Infinity;
    for (const windows of this.#live()) dueAtMs = Math.min(dueAtMs, windows.idleDueAtMs);
    return dueAtMs;
  }

  onTime(nowMs: number, out: Emit): void {
    for (const windows of this.#live()) windows.closeIdle(nowMs);
    this.#emitAll(out);
  }

  onEnd(position: number, out: Emit): void {
    for (const windows of this.#live()) windows.closeAll(position);
    this.#emitAll(out);
  }

  snapshot(): Snapshot {
    const state = timeBarsState(this.#context, this.#live());
    return { version: snapshotVersion, fingerprints: fingerprintsOf(this.#context), state };
  }

  /** After `restore`: what was stored of the base grid since then; see `takeStoredBar`. `position` is the snapshot's. */
  takeStored(bars: readonly StoredBar[], position: number): void {
    for (const bar of bars) {
      const windows = this.#venues[this.#context.instruments.venueIndex(bar.venue)];
      if (windows !== undefined) takeStoredBar(windows, bar, position);
    }
  }

  restore(from: Snapshot): void {
    refuseVersion(this.#lane, this.name, { saved: from.version, own: snapshotVersion });
    refuseChanges(this.#lane, meaningChanges(from.fingerprints, fingerprintsOf(this.#context)));
    const state = from.state as TimeBarsState;
    const origin = originOf(this.#context, state);
    for (const venue of state.venues) {
      const windows = this.#venue(origin.venues[venue.venue]);
      restoreVenue(windows, venue, origin);
      windows.leaveOutside(this.#bounds);
    }
    restoreGaps(this.#context, state.gaps, origin);
  }

  /** Ticks [from, until), of all venues. */
  #fold(batch: TickBatch, { from, until }: { readonly from: number; readonly until: number }, out: Emit): void {
    const { venueOf } = this.#context.instruments;
    for (let index = from; index < until;) {
      const windows = this.#windowsAt(venueOf[batch.instrument[index]], batch.eventTimeMs[index], batch);
      index = foldTicks(windows, batch, { from: index, until });
      // Behind the horizon nothing changes any more: such rows need not wait for the end of the call.
      if (windows.isCrowded) this.#emit(windows, windows.clock.horizonMs, out);
    }
  }

  /** The windows of a venue that shows itself, perhaps for the first time. */
  #windowsAt(venue: number, eventTimeMs: number, batch: TickBatch): VenueWindows {
    const windows = this.#venue(venue);
    if (windows.clock.newestMs === -Infinity) windows.begin(eventTimeMs);
    windows.receivedTimeMs = Math.max(windows.receivedTimeMs, batch.receivedTimeMs);
    return windows;
  }

  #venue(index: number): VenueWindows {
    return this.#venues[index] ??= new VenueWindows(index, this.#context);
  }

  #live(): VenueWindows[] {
    return this.#venues.filter((windows) => windows !== undefined);
  }

  #emitAll(out: Emit): void {
    for (const windows of this.#live()) this.#emit(windows, Infinity, out);
  }

  /** Rows first: what settles is rolled up only after its own bars have left. */
  #emit(windows: VenueWindows, untilMs: number, out: Emit): void {
    const { gaps, instruments } = this.#context;
    this.#emission.emit(windows, untilMs, out);
    const isAnyGone = windows.settle();
    if (isAnyGone && !gaps.isEmpty) gaps.prune(windows.venue, windows.earliestOpenMs, instruments.venueOf);
  }
}
