import { BarColumns } from '../model/bar.ts';
import type { Lane } from '../model/lane.ts';
import type { LaneView } from '../model/live.ts';

/** The lanes that are open, and which of them folded an instrument last. */
export class LaneWatch {
  #views: LaneView[] = [];
  /** By instrument. */
  readonly #viewOf: (LaneView | undefined)[] = [];
  readonly #bars = new BarColumns(4);

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
   * The newest bar of an instrument that is not settled, as row 0 of what is returned; null: there is none. What is returned
   * is used for the next one. Where no lane has shown itself as the instrument's yet, every lane is asked.
   */
  newestBar(instrument: number, spec: number): BarColumns | null {
    const bars = this.#bars;
    bars.length = 0;
    const known = this.#viewOf[instrument];
    if (known !== undefined) return known.newestBar(instrument, spec, bars) ? bars : null;
    let newest = -1;
    for (const view of this.#views) {
      if (!view.newestBar(instrument, spec, bars)) continue;
      const row = bars.length - 1;
      if (newest === -1 || bars.openTimeMs[row] > bars.openTimeMs[newest]) newest = row;
    }
    if (newest === -1) return null;
    if (newest > 0) bars.copyRow(0, bars, newest);
    return bars;
  }
}
