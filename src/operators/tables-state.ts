import type { NameCollector, Places } from './instrument-names.ts';
import { stride, type WindowTable } from './window-table.ts';

/** Tables one behind the other, as columns: however many windows there are, a snapshot has few parts. */
export interface TablesState {
  /** Number of rows by table. */
  readonly lengths: Int32Array;
  /** Place in the names of the snapshot, by row. */
  readonly instruments: Int32Array;
  /** Rows side by side, as window-table.ts has them: `width` numbers each. */
  readonly width: number;
  readonly values: Float64Array;
}

/** Copies them; `null` has no rows. */
export function tablesState(tables: readonly (WindowTable | null)[], names: NameCollector): TablesState {
  const lengths = Int32Array.from(tables, (table) => table?.length ?? 0);
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const instruments = new Int32Array(rows);
  const values = new Float64Array(rows * stride);
  let at = 0;
  for (const table of tables) {
    if (table === null) continue;
    values.set(table.values.subarray(stride, (table.length + 1) * stride), at * stride);
    for (let row = 1; row <= table.length; row++) instruments[at++] = names.placeOf(table.instruments[row]);
  }
  return { lengths, instruments, width: stride, values };
}

/** Fills a table for each, in order; `take` gives one that is empty and covers all instruments. */
export function* restoredTables(from: TablesState, places: Places, take: () => WindowTable): Generator<WindowTable> {
  let at = 0;
  for (const length of from.lengths) {
    const table = take();
    for (let row = at; row < at + length; row++) table.add(places.instruments[from.instruments[row]]);
    table.values.set(from.values.subarray(at * stride, (at + length) * stride), stride);
    at += length;
    yield table;
  }
}
