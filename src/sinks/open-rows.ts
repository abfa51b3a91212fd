import { keyOf, replaceRow, type KeyedColumns } from '../model/keyed-columns.ts';

/** Rows of one kind in an open batch, at most one a key: the newer takes the place of the older. */
export class OpenRows<C extends KeyedColumns<C>> {
  readonly rows: C;
  /** Row index by key; made only once a row comes that may be there already. */
  #rowOf: Map<string, number> | null = null;

  constructor(rows: C) {
    this.rows = rows;
  }

  /** Copies a row of `from` to here; false where it took the place of an older one, whose being first is kept. */
  put(from: C, row: number): boolean {
    const { rows } = this;
    const older = from.again[row] === 1 ? this.#find(keyOf(from, row)) : undefined;
    if (older !== undefined) {
      replaceRow(rows, older, { rows: from, row });
      return false;
    }
    rows.copyRow(rows.add(), from, row);
    this.#rowOf?.set(keyOf(from, row), rows.length - 1);
    return true;
  }

  #find(key: string): number | undefined {
    if (this.#rowOf === null) {
      this.#rowOf = new Map();
      for (let row = 0; row < this.rows.length; row++) this.#rowOf.set(keyOf(this.rows, row), row);
    }
    return this.#rowOf.get(key);
  }
}
