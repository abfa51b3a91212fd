import type { BarSpec } from '../model/bar-spec.ts';
import type { Gap } from '../model/gap.ts';
import type { InstrumentTable } from '../model/instruments.ts';
import type { Lane } from '../model/lane.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import { BarEmission } from './bar-emission.ts';
import type { BarSettings } from './bar-settings.ts';
import { baseGridMs, baseSpecIndex } from './base-grid.ts';
import { foldTicks } from './fold.ts';
import { GapList } from './gap-list.ts';
import { markGap } from './gap-marks.ts';
import type { Emit, Operator, Snapshot } from './operator.ts';
import {
  fingerprintOf, gapsState, refuseOther, restoreGaps, restoreVenue, venueState, type TimeBarsState,
} from './time-bars-snapshot.ts';
import type { FoldContext } from './fold-context.ts';
import { VenueWindows } from './venue-windows.ts';
import { TablePool } from './window-table.ts';

export { barSettings, type BarSettings } from './bar-settings.ts';

export interface TimeBarsOptions {
  readonly lane: Lane;
  readonly instruments: InstrumentTable;
  readonly specs: readonly BarSpec[];
  readonly settings: Pick<BarSettings, 'out_of_orderness_ms' | 'allowed_lateness_ms' | 'idle_ms'>;
}

export interface TimeBarsCounts {
  readonly ticksIn: number;
  readonly barsOut: number;
  /** Rows in memory: of the base grid, and of the coarser windows above it. */
  readonly openBars: number;
}

export interface TimeBars extends Operator {
  readonly counts: TimeBarsCounts;
}

/**
 * Bars of event time, every spec from one fold: ticks go once into the base grid, and coarser bars are computed from
 * base bars in order of open time (SEMANTICS: roll-up law).
 */
export function createTimeBars(options: TimeBarsOptions): TimeBars {
  return new LaneTimeBars(options);
}

class LaneTimeBars implements TimeBars {
  readonly name = 'time-bars';
  readonly #context: FoldContext;
  readonly #venues: (VenueWindows | undefined)[] = []; // By venue index.
  readonly #emission = new BarEmission();
  #ticksIn = 0;

  constructor({ lane, instruments, specs, settings }: TimeBarsOptions) {
    this.#context = {
      instruments, specs, settings, complete: lane.complete, gridMs: baseGridMs(specs), baseSpec: baseSpecIndex(specs),
      pool: new TablePool(), gaps: new GapList(),
    };
  }

  get counts(): TimeBarsCounts {
    let openBars = 0;
    for (const windows of this.#live()) openBars += windows.rowCount;
    return { ticksIn: this.#ticksIn, barsOut: this.#emission.barsOut, openBars };
  }

  onBatch(batch: TickBatch, out: Emit): void {
    const { venueOf } = this.#context.instruments;
    for (let index = 0; index < batch.length;) {
      const windows = this.#venue(venueOf[batch.instrument[index]]);
      if (windows.clock.newestMs === -Infinity) windows.begin(batch.eventTimeMs[index]);
      windows.receivedTimeMs = Math.max(windows.receivedTimeMs, batch.receivedTimeMs);
      index = foldTicks(windows, batch, index);
      // Behind the horizon nothing changes any more: such rows need not wait for the end of the call.
      if (windows.isCrowded) this.#emit(windows, windows.clock.horizonMs, out);
    }
    this.#ticksIn += batch.length;
    this.#emitAll(out);
  }

  onGap(gap: Gap, out: Emit): void {
    const { gaps, specs } = this.#context;
    const spec = gap.barSpec === undefined ? -1 : specs.findIndex(({ name }) => name === gap.barSpec);
    out.gap(gap);
    if (gap.barSpec !== undefined && spec === -1) return;
    for (const windows of this.#live()) markGap(windows, gap, spec);
    gaps.add(gap, spec);
    this.#emitAll(out);
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
    const state: TimeBarsState = { venues: this.#live().map(venueState), gaps: gapsState(this.#context) };
    return { version: 1, fingerprint: fingerprintOf(this.#context), state };
  }

  restore(from: Snapshot): void {
    refuseOther(from.fingerprint, fingerprintOf(this.#context));
    const state = from.state as TimeBarsState;
    for (const venue of state.venues) {
      restoreVenue(this.#venue(this.#context.instruments.venueIndex(venue.venue)), venue);
    }
    restoreGaps(this.#context, state.gaps);
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
