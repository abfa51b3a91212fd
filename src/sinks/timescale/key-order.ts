import type { BarColumns } from '../../model/bar.ts';
import type { InstrumentTable } from '../../model/instruments.ts';

/**
 * The one order in which rows are written: by venue, symbol, bar spec, open time, bar index, names compared as
 * JavaScript compares strings. All writers share it, so that two that meet on the same keys wait and never deadlock.
 */
export class KeyOrder {
  readonly #instruments: InstrumentTable;
  readonly #specRank: Int32Array;
  /** Instruments in the order of their names, and the reverse: rank by instrument. */
  #sorted: number[] = [];
  #rank = new Int32Array(0);

  constructor(instruments: InstrumentTable, specNames: readonly string[]) {
    this.#instruments = instruments;
    const order = specNames.map((_, spec) => spec).sort((a, b) => (specNames[a] < specNames[b] ? -1 : 1));
    this.#specRank = new Int32Array(specNames.length);
    for (const [rank, spec] of order.entries()) this.#specRank[spec] = rank;
  }

  /** Sorts row indices of `bars` in place. */
  sort(bars: BarColumns, rows: Int32Array): void {
    if (this.#sorted.length < this.#instruments.size) this.#rankNew();
    // The less significant part first: either pass leaves rows that are alike in it in their order.
    const bySpec = sortedByRank(rows, bars.spec, this.#specRank);
    rows.set(sortedByRank(bySpec, bars.instrument, this.#rank));
    sortRuns(bars, rows);
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

/** Rows of one instrument and spec nearly always come in the order of time: only runs that do not are sorted. */
function sortRuns(bars: BarColumns, rows: Int32Array): void {
  let start = 0;
  let ordered = true;
  for (let at = 1; at <= rows.length; at++) {
    const [row, last] = [rows[at], rows[at - 1]];
    if (at < rows.length && bars.instrument[row] === bars.instrument[last] && bars.spec[row] === bars.spec[last]) {
      ordered &&= compareTimes(bars, last, row) < 0;
      continue;
    }
    if (!ordered) rows.subarray(start, at).sort((a, b) => compareTimes(bars, a, b));
    start = at;
    ordered = true;
  }
}

function compareTimes(bars: BarColumns, a: number, b: number): number {
  return bars.openTimeMs[a] - bars.openTimeMs[b] || bars.barIndex[a] - bars.barIndex[b];
}
