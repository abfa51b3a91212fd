import type { BarColumns } from '../../model/bar.ts';

/** Columns of a node. The bar; what stands between it and the one before; what follows from all bars up to it. */
export const column = {
  openMs: 0, closeMs: 1, open: 2, high: 3, low: 4, close: 5, volume: 6, notional: 7,
  barIndex: 8, position: 9, quality: 10, state: 11, revision: 12, whole: 13,
  /** 1: a value of it has been emitted. */
  emitted: 14,
  /** Position of the gap of our own between the bar before and this one; -1 where there is none. */
  lossPosition: 15,
  /** The greatest position of all bars up to it. */
  seenPosition: 16,
  /** Bars since the last loss; Infinity where nothing was lost. */
  sinceLoss: 17,
  /** 1: a whole bar has come. */
  started: 18,
  /** What the indicator remembers, from here on. */
  memory: 19,
} as const;

/**
 * Bars of many instruments as linked lists in one array, so that nothing is allocated a bar and one can come between two
 * others. 0 is no node.
 */
export class BarNodes {
  readonly stride: number;
  values: Float64Array;
  #next: Int32Array;
  /** Head of the list of nodes to be used again. */
  #free = 0;
  #used = 1;

  /** `memorySize`: numbers of the indicator. */
  constructor(memorySize: number) {
    this.stride = column.memory + memorySize;
    this.values = new Float64Array(this.stride * nodesMin);
    this.#next = new Int32Array(nodesMin);
  }

  next(node: number): number {
    return this.#next[node];
  }

  /** The first node from `node` on that opens after a time; 0 where none does. */
  firstAfter(node: number, openMs: number): number {
    let found = node;
    while (found !== 0 && this.values[found * this.stride] <= openMs) found = this.#next[found];
    return found;
  }

  link(node: number, next: number): void {
    this.#next[node] = next;
  }

  /** A node whose columns hold anything. May replace `values`. */
  take(): number {
    const again = this.#free;
    if (again !== 0) {
      this.#free = this.#next[again];
      return again;
    }
    if (this.#used === this.#next.length) this.#grow();
    return this.#used++;
  }

  /** A node with the columns of another. May replace `values`. */
  copy(node: number): number {
    const { stride } = this;
    const copy = this.take();
    this.values.copyWithin(copy * stride, node * stride, (node + 1) * stride);
    return copy;
  }

  /** The columns of the bar itself, all but when it opens. */
  write(node: number, rows: BarColumns, row: number): void {
    const { values, stride } = this;
    const at = node * stride;
    values[at + column.closeMs] = rows.closeTimeMs[row];
    values[at + column.open] = rows.open[row];
    values[at + column.high] = rows.high[row];
    values[at + column.low] = rows.low[row];
    values[at + column.close] = rows.close[row];
    values[at + column.volume] = rows.volume[row];
    values[at + column.notional] = rows.notional[row];
    values[at + column.barIndex] = rows.barIndex[row];
    values[at + column.position] = rows.position[row];
    values[at + column.quality] = rows.quality[row];
    values[at + column.state] = rows.state[row];
    values[at + column.revision] = rows.revision[row];
    values[at + column.whole] = rows.whole[row];
  }

  give(node: number): void {
    this.#next[node] = this.#free;
    this.#free = node;
  }

  #grow(): void {
    const count = Math.ceil(this.#next.length * 1.5);
    const values = new Float64Array(count * this.stride);
    values.set(this.values);
    this.values = values;
    const next = new Int32Array(count);
    next.set(this.#next);
    this.#next = next;
  }
}

const nodesMin = 64;
