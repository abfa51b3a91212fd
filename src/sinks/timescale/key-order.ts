import type { InstrumentTable } from '../../model/instruments.ts';
import type { KeyedColumns } from '../../model/keyed-columns.ts';

/**
 * The one order in which rows are written: by venue, symbol, series (the bar spec of a bar), open time, bar index, names
 * compared as JavaScript compares strings. All writers share it, so that two that meet on the same keys wait and never
 * deadlock.
 */
export class KeyOrder {
  readonly #instruments: InstrumentTable;
  readonly #seriesRank: Int32Array;
  /** Instruments in the order of their names, and the reverse: rank by instrument. */
  #sorted: number[] = [];
  #rank = new Int32Array(0);

  constructor(instruments: InstrumentTable, seriesNames: readonly string[]) {
    this.#instruments = instruments;
    const order = seriesNames.map((_, series) => series).sort((a, b) => (seriesNames[a] < seriesNames[b] ? -1 : 1));
    this.#seriesRank = new Int32Array(seriesNames.length);
    for (const [rank, series] of order.entries()) this.#seriesRank[series] = rank;
  }

  /** Sorts row indices of `columns` in place. */
  sort<C extends KeyedColumns<C>>(columns: C, rows: Int32Array): void {
    if (this.#sorted.length < this.#instruments.size) this.#rankNew();
    // The less significant part first: either pass leaves rows that are alike in it in their order.
    const bySeries = sortedByRank(rows, columns.series, this.#seriesRank);
    rows.set(sortedByRank(bySeries, columns.instrument, this.#rank));
    sortRuns(columns, rows);
  }

  /** Merges the new instruments into the sorted ones: linear in the table, and only when it has grown. */
  #rankNew(): void {
    const table = this.#instruments;
    const before = (a: number, b: number): boolean => (table.venue(a) === table.venue(b)
      ? table.symbol(a) < table.symbol(b)
      : table.venue(a) < table.venue(b));
    const fresh = Array.from({ length: table.size - this.#sorted.length }, (_, at) => this.#sorted.length + at);
    fresh.sort((a, b) => (before(a, b) ? -1 : 1));
    const merged: number[] = [];
    let next = 0;
    for (const instrument of this.#sorted) {
      while (next < fresh.length && before(fresh[next], instrument)) merged.push(fresh[next++]);
      merged.push(instrument);
    }
    while (next < fresh.length) merged.push(fresh[next++]);
    this.#sorted = merged;
    this.#rank = new Int32Array(merged.length);
    for (const [rank, instrument] of merged.entries()) this.#rank[instrument] = rank;
  }
}

/** Counts how many rows have each rank, then puts every row into its place: linear in rows and ranks, and stable. */
function sortedByRank(rows: Int32Array, column: Int32Array | Uint16Array, rank: Int32Array): Int32Array {
  const next = new Int32Array(rank.length + 1);
  for (const row of rows) next[rank[column[row]] + 1]++;
  for (let at = 1; at < next.length; at++) next[at] += next[at - 1];
  const sorted = new Int32Array(rows.length);
  for (const row of rows) sorted[next[rank[column[row]]]++] = row;
  return sorted;
}

/** Rows of one instrument and series nearly always come in the order of time: only runs that do not are sorted. */
function sortRuns<C extends KeyedColumns<C>>(columns: C, rows: Int32Array): void {
  const { instrument, series } = columns;
  let start = 0;
  let ordered = true;
  for (let at = 1; at <= rows.length; at++) {
    const [row, last] = [rows[at], rows[at - 1]];
    if (at < rows.length && instrument[row] === instrument[last] && series[row] === series[last]) {
      ordered &&= compareTimes(columns, last, row) < 0;
      continue;
    }
    if (!ordered) rows.subarray(start, at).sort((a, b) => compareTimes(columns, a, b));
    start = at;
    ordered = true;
  }
}

function compareTimes<C extends KeyedColumns<C>>({ openTimeMs, barIndex }: C, a: number, b: number): number {
  return openTimeMs[a] - openTimeMs[b] || barIndex[a] - barIndex[b];
}
