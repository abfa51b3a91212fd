import type { BarColumns } from '../../model/bar.ts';
import { isOwnLoss, type Gap } from '../../model/gap.ts';
import { IndicatorColumns } from '../../model/indicator.ts';
import type { InstrumentTable } from '../../model/instruments.ts';
import type { Lane } from '../../model/lane.ts';
import { changesIn, refuseChanges, refuseVersion } from '../fingerprints.ts';
import { everything, gapWithin, type LaneBounds } from '../lane-bounds.ts';
import type { AdmittedBatch, Emit, Operator, Snapshot } from '../operator.ts';
import { IndicatorSeries } from './indicator-series.ts';
import { textOf, type BarIndicator } from './parse.ts';
import { fingerprintsOf, indicatorsState, restoreSeries, sharedOnly, type IndicatorsState } from './snapshot.ts';

export interface LaneIndicatorsOptions {
  readonly lane: Lane;
  readonly instruments: InstrumentTable;
  readonly indicators: readonly BarIndicator[];
  /** By venue index: bars that close here or before can change no more; null before its first tick. */
  readonly horizonMs: (venue: number) => number | null;
  /** What the lane owns; everything where absent. */
  readonly bounds?: LaneBounds;
}

/** One indicator of the lane, by the text that names it. */
export interface NamedSeries {
  readonly text: string;
  readonly barSpec: string;
  readonly series: IndicatorSeries;
}

const snapshotVersion = 1;

/**
 * Indicators of one lane: takes the bars that time bars emit, and at the end of each call gives a value for every bar that
 * changed and every bar behind it. It stands behind time bars in the chain. A value is a function of the bars of its series
 * in order of time, however they came; its position is the greatest of theirs.
 */
export class LaneIndicators implements Operator {
  readonly timeDueAtMs = Infinity; // It follows what bars do.
  readonly name = 'indicators';
  readonly #lane: Lane;
  readonly #instruments: InstrumentTable;
  readonly #horizonMs: (instrument: number) => number;
  readonly #all: readonly NamedSeries[];
  /** By bar spec. */
  readonly #ofSpec: readonly (readonly IndicatorSeries[])[];
  readonly #rows = new IndicatorColumns(64);
  readonly #bounds: LaneBounds;

  constructor({ lane, instruments, indicators, horizonMs, bounds = everything }: LaneIndicatorsOptions) {
    this.#lane = lane;
    this.#bounds = bounds;
    this.#instruments = instruments;
    this.#horizonMs = (instrument) => horizonMs(instruments.venueOf[instrument]) ?? -Infinity;
    let line = 0;
    this.#all = indicators.map((one) => {
      const series = new IndicatorSeries(one.indicator, line);
      line += one.indicator.lines.length;
      return { text: textOf(one), barSpec: one.barSpec, series };
    });
    const specs = Math.max(-1, ...indicators.map(({ spec }) => spec)) + 1;
    this.#ofSpec = Array.from({ length: specs }, (_, spec) => (
      this.#all.filter((_, index) => indicators[index].spec === spec).map(({ series }) => series)));
  }

  /** Bars that were emitted in this call of the chain; what is given is read at once. */
  takeBars(rows: BarColumns): void {
    for (let row = 0; row < rows.length; row++) {
      const series = this.#ofSpec[rows.spec[row]];
      if (series === undefined) continue;
      for (const { lists } of series) lists.put(rows, row);
    }
  }

  /**
   * Adds to `into` what each line on bars of their spec would be if bars that still form closed as they stand: rows like
   * those that are emitted, with the states of the bars. `bars`: of one instrument and spec, from newer to older, as
   * `newestBars` gives them. Nothing is changed, nothing remembered. To be called between two calls of the operator, when
   * what was emitted has been counted in; for a bar that is settled no row is added.
   */
  previewOf(bars: BarColumns, into: IndicatorColumns): void {
    const series = this.#ofSpec[bars.spec[0]];
    if (series === undefined) return;
    for (const one of series) one.preview(bars, into);
  }

  onBatch(_: AdmittedBatch, out: Emit): void {
    this.#emit(out);
  }

  /** What we lost ourselves may have held bars of any instrument that it concerns, also where it touches none. */
  onGap(missing: Gap, out: Emit): void {
    const gap = gapWithin(this.#bounds, missing);
    if (gap !== null && isOwnLoss(gap.reason) && gap.fromMs < gap.untilMs) {
      for (const { series, barSpec } of this.#all) {
        if (gap.barSpec === undefined || gap.barSpec === barSpec) this.#lose(series, gap);
      }
    }
    this.#emit(out);
  }

  onTime(_: number, out: Emit): void {
    this.#emit(out);
  }

  onEnd(_: number, out: Emit): void {
    this.#emit(out);
  }

  snapshot(): Snapshot {
    const state = indicatorsState(this.#all, this.#instruments);
    return { version: snapshotVersion, fingerprints: fingerprintsOf(this.#all), state };
  }

  /** An indicator that is new begins with the next bars; one that is gone is dropped. */
  restore(from: Snapshot): void {
    refuseVersion(this.#lane, this.name, { saved: from.version, own: snapshotVersion });
    const own = fingerprintsOf(this.#all);
    refuseChanges(this.#lane, changesIn(sharedOnly(from.fingerprints, own), sharedOnly(own, from.fingerprints)));
    restoreSeries(this.#all, from.state as IndicatorsState, this.#instruments);
  }

  /** In the place of `restore`, where the checkpoint has nothing of indicators. */
  beginLate(): void {
    for (const { series } of this.#all) series.isLate = true;
  }

  #lose({ lists }: IndicatorSeries, gap: Gap): void {
    if (gap.instruments !== 'all') {
      for (const instrument of gap.instruments) lists.lose(instrument, gap.fromMs, gap.position);
      return;
    }
    const { venueOf } = this.#instruments;
    for (let instrument = 0; instrument < Math.min(lists.size, this.#instruments.size); instrument++) {
      if (gap.venue === 'all' || gap.venue === venueOf[instrument]) lists.lose(instrument, gap.fromMs, gap.position);
    }
  }

  #emit(out: Emit): void {
    for (const { series } of this.#all) {
      this.#rows.length = 0;
      series.emit(this.#rows, this.#horizonMs);
      if (this.#rows.length > 0) out.indicators(this.#rows);
    }
  }
}
