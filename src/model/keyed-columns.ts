/** Rows as columns, each with a key: instrument, series, open time, bar index. */
export interface KeyedColumns<Self> {
  length: number;
  readonly capacity: number;
  readonly instrument: Int32Array;
  /** What the row is of beside its instrument: the bar spec of a bar, the line of an indicator's value. */
  readonly series: Uint16Array;
  readonly openTimeMs: Float64Array;
  readonly barIndex: Int32Array;
  /** 1: the key may have been emitted before. */
  readonly again: Uint8Array;
  add(): number;
  copyRow(to: number, other: Self, from: number): void;
}

export function keyOf<C extends KeyedColumns<C>>(rows: C, row: number): string {
  return `${rows.instrument[row]} ${rows.series[row]} ${rows.openTimeMs[row]} ${rows.barIndex[row]}`;
}

/** A row takes the place of an older one of its key that has not reached the database: it is first where that was. */
export function replaceRow<C extends KeyedColumns<C>>(rows: C, older: number, newer: { rows: C; row: number }): void {
  const again = rows.again[older];
  rows.copyRow(older, newer.rows, newer.row);
  rows.again[older] = again;
}
