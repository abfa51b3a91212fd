/** Fields of a bar that can be compared, by the names of the table's columns. */
export const comparedColumns = [
  'close_time', 'open', 'high', 'low', 'close', 'volume', 'notional', 'vwap', 'trades', 'buy_volume', 'sell_volume',
  'quality', 'state', 'revision', 'whole', 'position',
] as const;

export type ComparedColumn = (typeof comparedColumns)[number];

/** Numbers only: times are ms since 1970 UTC, quality and state as stored, `whole` 0 or 1. Null: no value. */
export interface ExpectedCell {
  readonly column: ComparedColumn;
  readonly value: number | null;
  /** Equal when both are the same decimal with so many digits behind the point; null: only the same double is equal. */
  readonly decimals: number | null;
}

export interface ExpectedBar {
  readonly openTimeMs: number;
  /** What is not here is not compared. */
  readonly cells: readonly ExpectedCell[];
}

/** What stored bars are held against. Read twice: once for its range, once bar by bar. */
export interface Expectation {
  /** For people: a path. */
  readonly name: string;
  /** From the first open time to the last close time; only stored bars that open in it are compared. */
  range(): Promise<{ readonly fromMs: number; readonly untilMs: number }>;
  /** In order of open time, one a time. */
  bars(): AsyncIterable<ExpectedBar>;
}

/** A stored bar, or one that a fill made. The same units as `ExpectedCell.value`. */
export interface VerifiedBar {
  readonly openTimeMs: number;
  readonly filled: boolean;
  readonly values: Readonly<Partial<Record<ComparedColumn, number | null>>>;
}

export interface StoredQuery {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly fill: 'none' | 'carry';
}

/** Bars as the database holds them, in order of open time. */
export interface StoredBars {
  read(query: StoredQuery): AsyncIterable<VerifiedBar>;
}
