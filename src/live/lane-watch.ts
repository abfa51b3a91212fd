import { BarColumns } from '../model/bar.ts';
import { IndicatorColumns } from '../model/indicator.ts';
import type { Lane } from '../model/lane.ts';
import type { LaneView } from '../model/live.ts';

/** The lanes that are open, and which of them folded an instrument last. */
export class LaneWatch {
  #views: LaneView[] = [];
  /** By instrument. */
  readonly #viewOf: (LaneView | undefined)[] = [];
  readonly #bars = new BarColumns(4);
  readonly #values = new IndicatorColumns(8);
  /** What `#values` are of. */
  #valuesOf = { instrument: -1, spec: -1, change: -1 };

  open(view: LaneView): void {
    this.#views = [...this.#views, view];
  }

  close(lane: Lane): void {
    this.#views = this.#views.filter((view) => view.lane !== lane);
    for (let instrument = 0; instrument < this.#viewOf.length; instrument++) {
      if (this.#viewOf[instrument]?.lane === lane) this.#viewOf[instrument] = undefined;
    }
  }

  saw(view: LaneView, instrument: number): void {
    if (this.#viewOf[instrument] !== view) this.#viewOf[instrument] = view;
  }

  /**
   * As row 0 the newest bar of an instrument that is not settled, and behind it every older one that still forms, from newer
   * to older; none where there is none. What is returned is used for the next ones.
   */
  newestBars(instrument: number, spec: number): BarColumns {
    const bars = this.#bars;
    const view = this.#viewOf[instrument] ?? this.#findView(instrument, spec);
    bars.length = 0;
    view?.newestBars(instrument, spec, bars);
    return bars;
  }

  /**
   * What each line on the bars of a spec is at those bars, of one line from older to newer. What is returned is used for the
   * next ones. Computed once for all lines, as long as they are asked for one after the other and `change` is the newest.
   */
  newestValues(instrument: number, spec: number, change: number): IndicatorColumns {
    const values = this.#values;
    const of = this.#valuesOf;
    if (of.instrument !== instrument || of.spec !== spec || of.change !== change) {
      this.#valuesOf = { instrument, spec, change };
      values.length = 0;
      const view = this.#viewOf[instrument] ?? this.#findView(instrument, spec);
      view?.newestValues(instrument, spec, values);
    }
    return values;
  }

  /** Where no lane has shown itself as the instrument's yet, it is the one with its newest bar. */
  #findView(instrument: number, spec: number): LaneView | undefined {
    const bars = this.#bars;
    let [found, openMs]: [LaneView | undefined, number] = [undefined, -Infinity];
    for (const view of this.#views) {
      bars.length = 0;
      if (!view.newestBars(instrument, spec, bars) || bars.openTimeMs[0] <= openMs) continue;
      [found, openMs] = [view, bars.openTimeMs[0]];
    }
    return found;
  }
}
