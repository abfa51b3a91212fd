import { barState, quality, type BarColumns } from '../../model/bar.ts';
import type { IndicatorColumns } from '../../model/indicator.ts';
import { BarLists } from './bar-lists.ts';
import { column } from './bar-nodes.ts';
import type { Indicator, IndicatorBar } from './indicator.ts';

/** One indicator on the bars of one spec, over all instruments of a lane. */
export class IndicatorSeries {
  readonly indicator: Indicator;
  readonly lists: BarLists;
  /** It came when the lane had already been told in part: what it gives is not what a fold of the whole log would give. */
  isLate = false;
  readonly #firstLine: number;
  readonly #memory: Float64Array;
  readonly #values: Float64Array;
  readonly #bar: IndicatorBar = {
    openTimeMs: 0, closeTimeMs: 0, open: 0, high: 0, low: 0, close: 0, volume: 0, notional: 0,
  };

  /** `firstLine`: index of its first line among those of all indicators. */
  constructor(indicator: Indicator, firstLine: number) {
    this.indicator = indicator;
    this.#firstLine = firstLine;
    this.lists = new BarLists(indicator.stateSize);
    this.#memory = new Float64Array(indicator.stateSize);
    this.#values = new Float64Array(indicator.lines.length);
  }

  /** Adds a row for each bar that changed and all bars behind it, then cuts off what has settled. */
  emit(rows: IndicatorColumns, horizonMs: (instrument: number) => number): void {
    for (const instrument of this.lists.takeChanged()) {
      this.#emitBehind(rows, instrument, this.lists.changedBehind(instrument));
      this.lists.settle(instrument, horizonMs(instrument));
    }
  }

  /**
   * Adds rows for each bar that still forms, as if it closed now, from older to newer, and for the first of `bars`, which is
   * the newest, whatever it is. Only when nothing waits to be emitted.
   */
  preview(bars: BarColumns, into: IndicatorColumns): void {
    const laid: number[] = [];
    let formed = 0;
    for (let row = bars.length - 1; row >= 0; row--) {
      // A value that was emitted follows from bars that were; one to come follows from older bars that form as well.
      const isForming = bars.state[row] === barState.forming;
      const behind = isForming && formed !== 0 ? this.#carry(bars, row, { from: formed, laid }) : 0;
      const place = this.lists.lay(bars, row, behind);
      if (place === null) continue;
      laid.push(place.node);
      this.#step(place.node, place.before);
      this.#add(into, bars.instrument[row], place.node);
      if (isForming) formed = place.node;
    }
    for (const node of laid) this.lists.nodes.give(node);
  }

  /**
   * The last node before a bar that forms, behind an older one that does: where our clock has closed bars between the two,
   * what the last of them would be behind that one.
   */
  #carry(bars: BarColumns, row: number, { from, laid }: { readonly from: number; readonly laid: number[] }): number {
    const { nodes } = this.lists;
    let before = from;
    let node = nodes.firstAfter(this.lists.first(bars.instrument[row]), nodes.values[from * nodes.stride]);
    for (; node !== 0 && nodes.values[node * nodes.stride] < bars.openTimeMs[row]; node = nodes.next(node)) {
      const copy = nodes.copy(node);
      laid.push(copy);
      this.#step(copy, before);
      before = copy;
    }
    return before;
  }

  #emitBehind(rows: IndicatorColumns, instrument: number, unchanged: number): void {
    const { nodes } = this.lists;
    let before = unchanged;
    let node = before === 0 ? this.lists.first(instrument) : nodes.next(before);
    for (; node !== 0; node = nodes.next(node)) {
      this.#step(node, before);
      this.#add(rows, instrument, node);
      before = node;
    }
  }

  /** What follows from a bar and the one before it (0: it is the first). A series begins with its first whole bar. */
  #step(node: number, before: number): void {
    const { values, stride } = this.lists.nodes;
    const at = node * stride;
    const from = before * stride;
    const hasBegun = before !== 0 && values[from + column.started] === 1;
    const isWhole = values[at + column.whole] === 1;
    const isLoss = !isWhole || values[at + column.lossPosition] >= 0;
    values[at + column.seenPosition] = Math.max(
      before === 0 ? 0 : values[from + column.seenPosition], values[at + column.position], values[at + column.lossPosition]);
    values[at + column.started] = hasBegun || isWhole ? 1 : 0;
    if (hasBegun) this.#memory.set(values.subarray(from + column.memory, from + stride));
    else this.#memory.fill(0);
    const bar = this.#barAt(at);
    if (!hasBegun) values[at + column.sinceLoss] = this.isLate ? 0 : Infinity;
    else if (isLoss) values[at + column.sinceLoss] = 0;
    else if (this.indicator.beginsAnew?.(bar, this.#memory) === true) values[at + column.sinceLoss] = Infinity;
    else values[at + column.sinceLoss] = values[from + column.sinceLoss] + 1;
    this.#values.fill(NaN);
    if (hasBegun || isWhole) this.indicator.step(bar, this.#memory, this.#values);
    values.set(this.#memory, at + column.memory);
  }

  #barAt(at: number): IndicatorBar {
    const { values } = this.lists.nodes;
    const bar = this.#bar;
    bar.openTimeMs = values[at + column.openMs];
    bar.closeTimeMs = values[at + column.closeMs];
    bar.open = values[at + column.open];
    bar.high = values[at + column.high];
    bar.low = values[at + column.low];
    bar.close = values[at + column.close];
    bar.volume = values[at + column.volume];
    bar.notional = values[at + column.notional];
    return bar;
  }

  #add(rows: IndicatorColumns, instrument: number, node: number): void {
    const { values, stride } = this.lists.nodes;
    const at = node * stride;
    const isKnown = values[at + column.started] === 1 && values[at + column.sinceLoss] >= this.indicator.memoryBars;
    for (let line = 0; line < this.#values.length; line++) {
      const row = rows.add();
      rows.line[row] = this.#firstLine + line;
      rows.instrument[row] = instrument;
      rows.openTimeMs[row] = values[at + column.openMs];
      rows.closeTimeMs[row] = values[at + column.closeMs];
      rows.barIndex[row] = values[at + column.barIndex];
      rows.value[row] = finiteOrNone(this.#values[line]);
      rows.quality[row] = values[at + column.lossPosition] >= 0 ? quality.gap : values[at + column.quality];
      rows.state[row] = values[at + column.state];
      rows.revision[row] = values[at + column.revision];
      rows.whole[row] = isKnown ? 1 : 0;
      rows.position[row] = values[at + column.seenPosition];
      rows.again[row] = values[at + column.emitted];
    }
    values[at + column.emitted] = 1;
  }
}

/** What is beyond the range of doubles is no value either. */
function finiteOrNone(value: number): number {
  return Number.isFinite(value) ? value : NaN;
}
