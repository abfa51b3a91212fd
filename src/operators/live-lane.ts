import { BarColumns } from '../model/bar.ts';
import type { Gap } from '../model/gap.ts';
import type { IndicatorColumns } from '../model/indicator.ts';
import type { Lane } from '../model/lane.ts';
import type { LaneView, LiveListener } from '../model/live.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { LaneIndicators } from './indicators/lane-indicators.ts';
import type { TimeBars } from './time-bars.ts';

export interface LiveLaneOptions {
  readonly lane: Lane;
  readonly bars: Pick<TimeBars, 'newestBars'>;
  readonly indicators: Pick<LaneIndicators, 'previewOf'>;
  /** Null: nobody looks. */
  readonly listener: LiveListener | null;
}

/**
 * One lane towards whoever looks: it says what is folded, and answers what is asked about it. It tells from `open` on until
 * `close`, and what comes behind that is for nobody: the lane may have been taken up anew under the same name by then.
 */
export class LiveLane implements LaneView {
  readonly lane: Lane;
  readonly #bars: LiveLaneOptions['bars'];
  readonly #indicators: LiveLaneOptions['indicators'];
  readonly #newest = new BarColumns(4);
  readonly #listener: LiveListener | null;
  /** Null before the lane is open, and behind its close. */
  #told: LiveListener | null = null;

  constructor({ lane, bars, indicators, listener }: LiveLaneOptions) {
    this.lane = lane;
    this.#bars = bars;
    this.#indicators = indicators;
    this.#listener = listener;
  }

  newestBars(instrument: number, spec: number, into: BarColumns): boolean {
    return this.#bars.newestBars(instrument, spec, into);
  }

  newestValues(instrument: number, spec: number, into: IndicatorColumns): boolean {
    const before = into.length;
    this.#newest.length = 0;
    if (this.#bars.newestBars(instrument, spec, this.#newest)) this.#indicators.previewOf(this.#newest, into);
    return into.length > before;
  }

  open(): void {
    this.#told = this.#listener;
    this.#told?.laneOpened(this);
  }

  /** May be called twice. */
  close(): void {
    const told = this.#told;
    this.#told = null;
    told?.laneClosed(this.lane);
  }

  ticksFolded(ticks: TickBatch): void {
    if (ticks.length > 0) this.#told?.ticksFolded(this, ticks);
  }

  barsEmitted(rows: BarColumns): void {
    this.#told?.barsEmitted(this, rows);
  }

  valuesEmitted(rows: IndicatorColumns): void {
    this.#told?.valuesEmitted(this, rows);
  }

  gapRecorded(gap: Gap): void {
    this.#told?.gapRecorded(this, gap);
  }

  /** Rows that were told as emitted and will never be stored, as gaps. Between two batches. */
  rowsDropped(gaps: readonly Gap[]): void {
    for (const gap of gaps) this.gapRecorded(gap);
    this.settled();
  }

  settled(): void {
    this.#told?.settled(this);
  }
}
