/**
 * Columns of a row. Sums are pairs: the sum, and what rounding took from it. Sizes are summed by aggressor, in the order
 * of `side` (unknown, buy, sell); the volume is their total.
 */
export const column = {
  open: 0, high: 1, low: 2, close: 3,
  firstTime: 4, firstOrder: 5, lastTime: 6, lastOrder: 7, // Of base rows only: open and close go by (time, order).
  notional: 8, size: 10, // 8 and 9, 10 to 15.
  trades: 16,
  position: 17, // Of the last tick.
  // Of the bar that the row stands for, not of its ticks: never rolled up.
  gapPosition: 18, // Of the last gap that changed it.
  revision: 19,
} as const;

export const stride = 20;

/** Of a bar without ticks. */
export const emptyRow = new Float64Array(stride);
emptyRow[column.high] = -Infinity;
emptyRow[column.low] = Infinity;
emptyRow[column.firstTime] = Infinity;
emptyRow[column.firstOrder] = Infinity;
emptyRow[column.lastTime] = -Infinity;
emptyRow[column.lastOrder] = -Infinity;

const rowsMin = 8;

/**
 * One window: a row an instrument, rows side by side in one array, so that a window is folded, closed and handed over as
 * a block. Rows are numbered from 1 in the order of their coming; 0 says that an instrument has none.
 */
export class WindowTable {
  /** Number of rows, and so the last row's number. */
  length = 0;
  values = new Float64Array(rowsMin * stride);
  /** Instrument by row. */
  instruments = new Int32Array(rowsMin);
  /** Row by instrument. Before it is read for any instrument of the process: `reserve`. */
  rowOf = new Int32Array(0);

  /** Makes `rowOf` cover instruments below `count`. */
  reserve(count: number): void {
    if (count <= this.rowOf.length) return;
    const grown = new Int32Array(Math.max(count, 2 * this.rowOf.length));
    grown.set(this.rowOf);
    this.rowOf = grown;
  }

  /** The row of an instrument, a new and empty one if need be. May replace `values`. */
  rowFor(instrument: number): number {
    if (instrument >= this.rowOf.length) this.reserve(instrument + 1);
    const row = this.rowOf[instrument];
    return row === 0 ? this.add(instrument) : row;
  }

  /** An empty row for an instrument that has none and that `rowOf` covers. May replace `values`. */
  add(instrument: number): number {
    const row = ++this.length;
    if (row === this.instruments.length) this.#grow();
    this.values.set(emptyRow, row * stride);
    this.instruments[row] = instrument;
    this.rowOf[instrument] = row;
    return row;
  }

  clear(): void {
    for (let row = 1; row <= this.length; row++) this.rowOf[this.instruments[row]] = 0;
    this.length = 0;
  }

  /** By half: a window of 5,000 rows has 0.8 MB, and some twenty of them are open. */
  #grow(): void {
    const rows = Math.ceil(this.instruments.length * 1.5);
    const values = new Float64Array(rows * stride);
    values.set(this.values);
    this.values = values;
    const instruments = new Int32Array(rows);
    instruments.set(this.instruments);
    this.instruments = instruments;
  }
}

/** Windows are used again. At most this many wait: a lane has about (disorder + lateness) / base interval of them open. */
const freeMax = 64;

export class TablePool {
  readonly #free: WindowTable[] = [];

  take(instrumentCount: number): WindowTable {
    const table = this.#free.pop() ?? new WindowTable();
    table.reserve(instrumentCount);
    return table;
  }

  /** A table much larger than what it held is let go: a burst of symbols must not be paid for for ever. */
  give(table: WindowTable): void {
    const rows = table.instruments.length;
    const isOversized = rows > 64 && table.length * 8 < rows;
    if (isOversized || this.#free.length >= freeMax) return;
    table.clear();
    this.#free.push(table);
  }
}
