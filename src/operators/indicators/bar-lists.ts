import type { BarColumns } from '../../model/bar.ts';
import { BarNodes, column } from './bar-nodes.ts';

/** Where a bar stands; `before` is 0 where it is the first. */
interface Place {
  readonly node: number;
  readonly before: number;
}

/** The bars of one instrument, as a snapshot has them. */
export interface SavedList {
  readonly isCut: boolean;
  /** Of the loss behind its last bar, and from which time on; -1 and Infinity where there was none. */
  readonly lossPosition: number;
  readonly lossFromMs: number;
  readonly nodes: Float64Array;
}

/**
 * The bars of one spec that a value can still need, by instrument and in order of time: the last one that can change no
 * more, and those behind it. What came before that one is cut off: what it left is in the one's memory.
 */
export class BarLists {
  readonly nodes: BarNodes;
  /** By instrument: 0 where it has none. */
  #first = new Int32Array(0);
  #last = new Int32Array(0);
  /** Bars came before the first one, which can change no more. */
  #isCut = new Uint8Array(0);
  /** A loss behind the last one, for the first bar that opens at `#lossFromMs` or later: its position, -1 where none was. */
  #lossPosition = new Float64Array(0);
  #lossFromMs = new Float64Array(0);
  /** Open time of the first bar that changed, Infinity where none has, and the node before it. */
  #changedMs = new Float64Array(0);
  #changedBehind = new Int32Array(0);
  #changed: number[] = [];

  constructor(memorySize: number) {
    this.nodes = new BarNodes(memorySize);
  }

  /** Instruments below this number may have bars. */
  get size(): number {
    return this.#first.length;
  }

  first(instrument: number): number {
    return instrument < this.size ? this.#first[instrument] : 0;
  }

  /** Puts a bar into its place; one that is there already is changed. */
  put(rows: BarColumns, row: number): void {
    const instrument = rows.instrument[row];
    if (instrument >= this.size) this.#reserve(instrument + 1);
    const { node, before } = this.#placeOf(instrument, rows.openTimeMs[row]);
    this.nodes.write(node, rows, row);
    this.#change(instrument, rows.openTimeMs[row], before);
  }

  /**
   * Puts a bar that still forms into a node of no list, which the caller gives back, behind the node `behind`; where that
   * is 0, behind the last bar that opens earlier. Null for one that is settled. Changes nothing that can be seen, but may
   * replace `nodes.values`.
   */
  lay(rows: BarColumns, row: number, behind: number): Place | null {
    const { nodes } = this;
    const [instrument, openMs] = [rows.instrument[row], rows.openTimeMs[row]];
    let listed = 0;
    let next = this.first(instrument);
    while (next !== 0 && nodes.values[next * nodes.stride] < openMs) {
      listed = next;
      next = nodes.next(next);
    }
    if (listed === 0 && next !== 0 && this.#isCut[instrument] === 1) return null;
    const before = behind === 0 ? listed : behind;
    const node = nodes.take();
    const { values, stride } = nodes;
    const isKnown = next !== 0 && values[next * stride] === openMs;
    values[node * stride] = openMs;
    values[node * stride + column.emitted] = 0;
    values[node * stride + column.lossPosition] = isKnown ? values[next * stride + column.lossPosition]
      : next === 0 ? this.#lossBetween(instrument, openMs, before) : -1;
    nodes.write(node, rows, row);
    return { node, before };
  }

  /**
   * Something of an instrument was lost from a time on: the first bar that opens there or later comes behind it. Where the
   * one before it was open then, that one says so itself: it is not whole.
   */
  lose(instrument: number, fromMs: number, position: number): void {
    const { nodes } = this;
    const { values, stride } = nodes;
    let before = 0;
    let node = this.first(instrument);
    if (node === 0) return; // Its series begins later, or never.
    while (node !== 0 && (values[node * stride] < fromMs || this.#isSettled(instrument, node))) {
      before = node;
      node = nodes.next(node);
    }
    if (node === 0) {
      this.#lossPosition[instrument] = Math.max(this.#lossPosition[instrument], position);
      this.#lossFromMs[instrument] = Math.min(this.#lossFromMs[instrument], fromMs);
      return;
    }
    if (before !== 0 && values[before * stride + column.closeMs] > fromMs) return;
    const at = node * stride;
    values[at + column.lossPosition] = Math.max(values[at + column.lossPosition], position);
    this.#change(instrument, values[at], before);
  }

  #isSettled(instrument: number, node: number): boolean {
    return this.#isCut[instrument] === 1 && node === this.#first[instrument];
  }

  /** Instruments with bars that changed since the last call. */
  takeChanged(): readonly number[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const instrument of changed) this.#changedMs[instrument] = Infinity;
    return changed;
  }

  /** Of an instrument that `takeChanged` has named: the node before the first bar that changed; 0: that is the first. */
  changedBehind(instrument: number): number {
    return this.#changedBehind[instrument];
  }

  /** Cuts off what no value will need again: bars before the last one that closes at the horizon or before. */
  settle(instrument: number, horizonMs: number): void {
    const { nodes } = this;
    let first = this.#first[instrument];
    for (let second = nodes.next(first); second !== 0; second = nodes.next(first)) {
      if (nodes.values[second * nodes.stride + column.closeMs] > horizonMs) break;
      nodes.give(first);
      first = second;
      this.#isCut[instrument] = 1;
    }
    this.#first[instrument] = first;
  }

  save(instrument: number): SavedList {
    const { nodes } = this;
    const rows: Float64Array[] = [];
    for (let node = this.#first[instrument]; node !== 0; node = nodes.next(node)) {
      rows.push(nodes.values.subarray(node * nodes.stride, (node + 1) * nodes.stride));
    }
    const saved = new Float64Array(rows.length * nodes.stride);
    for (const [index, row] of rows.entries()) saved.set(row, index * nodes.stride);
    return {
      isCut: this.#isCut[instrument] === 1, lossPosition: this.#lossPosition[instrument],
      lossFromMs: this.#lossFromMs[instrument], nodes: saved,
    };
  }

  /** Of an instrument that has none yet. */
  restore(instrument: number, { isCut, lossPosition, lossFromMs, nodes: saved }: SavedList): void {
    if (instrument >= this.size) this.#reserve(instrument + 1);
    const { nodes } = this;
    for (let from = 0; from < saved.length; from += nodes.stride) {
      const node = this.#append(instrument);
      nodes.values.set(saved.subarray(from, from + nodes.stride), node * nodes.stride);
    }
    this.#isCut[instrument] = isCut ? 1 : 0;
    this.#lossPosition[instrument] = lossPosition;
    this.#lossFromMs[instrument] = lossFromMs;
  }

  /** The node of a bar and the one before it; late ticks may bring a bar into an interval that had none. */
  #placeOf(instrument: number, openMs: number): Place {
    const { nodes } = this;
    const last = this.#last[instrument];
    if (last === 0 || nodes.values[last * nodes.stride] < openMs) {
      return this.#begin(instrument, openMs, { node: this.#append(instrument), before: last });
    }
    const { values, stride } = nodes;
    let before = 0;
    let node = this.#first[instrument];
    while (values[node * stride] < openMs) {
      before = node;
      node = nodes.next(node);
    }
    if (before === 0 && this.#isCut[instrument] === 1) {
      throw new RangeError(`A bar of ${openMs} came behind the lateness horizon, up to which all bars are settled`);
    }
    if (values[node * stride] === openMs) return { node, before };
    const between = nodes.take();
    nodes.link(between, node);
    if (before === 0) this.#first[instrument] = between;
    else nodes.link(before, between);
    return this.#begin(instrument, openMs, { node: between, before });
  }

  #append(instrument: number): number {
    const { nodes } = this;
    const node = nodes.take();
    nodes.link(node, 0);
    const last = this.#last[instrument];
    if (last === 0) this.#first[instrument] = node;
    else nodes.link(last, node);
    this.#last[instrument] = node;
    return node;
  }

  #begin(instrument: number, openMs: number, place: Place): Place {
    const { values, stride } = this.nodes;
    const at = place.node * stride;
    values[at] = openMs;
    values[at + column.emitted] = 0;
    values[at + column.lossPosition] = this.#lossBetween(instrument, openMs, place.before);
    if (openMs < this.#lossFromMs[instrument]) return place;
    this.#lossPosition[instrument] = -1;
    this.#lossFromMs[instrument] = Infinity;
    return place;
  }

  /** Position of what was lost behind the last bar and before one that opens now; -1 where nothing was. */
  #lossBetween(instrument: number, openMs: number, before: number): number {
    if (instrument >= this.size || openMs < this.#lossFromMs[instrument]) return -1;
    const closeMs = this.nodes.values[before * this.nodes.stride + column.closeMs];
    return closeMs <= this.#lossFromMs[instrument] ? this.#lossPosition[instrument] : -1;
  }

  #change(instrument: number, openMs: number, before: number): void {
    if (this.#changedMs[instrument] === Infinity) this.#changed.push(instrument);
    if (openMs >= this.#changedMs[instrument]) return;
    this.#changedMs[instrument] = openMs;
    this.#changedBehind[instrument] = before;
  }

  #reserve(count: number): void {
    const size = Math.max(count, 2 * this.size, 16);
    const before = this.size;
    this.#first = grown(this.#first, new Int32Array(size));
    this.#last = grown(this.#last, new Int32Array(size));
    this.#isCut = grown(this.#isCut, new Uint8Array(size));
    this.#lossPosition = grown(this.#lossPosition, new Float64Array(size)).fill(-1, before);
    this.#lossFromMs = grown(this.#lossFromMs, new Float64Array(size)).fill(Infinity, before);
    this.#changedBehind = grown(this.#changedBehind, new Int32Array(size));
    this.#changedMs = grown(this.#changedMs, new Float64Array(size)).fill(Infinity, before);
  }
}

function grown<T extends Int32Array | Uint8Array | Float64Array>(old: T, into: T): T {
  into.set(old);
  return into;
}
