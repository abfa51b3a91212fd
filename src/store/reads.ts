export type BarQuality = 'complete' | 'partial' | 'gap';

/** A stretch of one instrument's bars. Times are ms since 1970 UTC and stand for open times. */
export interface BarQuery {
  readonly venue: string;
  readonly symbol: string;
  /** Canonical name of a bar spec. */
  readonly spec: string;
  readonly fromMs: number | null; // Inclusive.
  readonly untilMs: number | null; // Exclusive.
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** What stands in empty intervals: nothing, the last close (never across a gap), or rows without prices. */
  readonly fill: 'none' | 'carry' | 'null';
  /** A stored spec that the bars are made of; absent or null: they are stored themselves. */
  readonly madeFrom?: string | null;
}

/** Prices are null in a row that `fill: null` made, vwap also where nothing was traded. */
export interface StoredBar {
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly barIndex: number;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number;
  readonly notional: number;
  readonly vwap: number | null;
  readonly trades: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly quality: BarQuality;
  readonly state: 'provisional' | 'closed';
  readonly revision: number;
  readonly whole: boolean;
  /** True where no bar is stored: the row was made by `fill`. */
  readonly filled: boolean;
}

/** A stretch of one line of an indicator on the bars of one instrument. Times stand for open times. */
export interface IndicatorQuery {
  readonly venue: string;
  readonly symbol: string;
  /** Canonical: `rsi(14)`. */
  readonly indicator: string;
  /** Canonical name of a bar spec. */
  readonly spec: string;
  readonly fromMs: number | null; // Inclusive.
  readonly untilMs: number | null; // Exclusive.
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** The value of an indicator at a bar; null where too few bars have come. */
export interface StoredValue {
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly barIndex: number;
  readonly value: number | null;
  readonly quality: BarQuality;
  readonly state: 'provisional' | 'closed';
  readonly revision: number;
  readonly whole: boolean;
}

export interface SymbolQuery {
  readonly venue: string | null;
  /** Only what stands behind this one, by venue and symbol. */
  readonly after: { readonly venue: string; readonly symbol: string } | null;
  readonly limit: number;
}

/** An instrument and the newest of its bars: the last price is the close of that one. */
export interface StoredSymbol {
  readonly venue: string;
  readonly symbol: string;
  readonly specs: readonly string[];
  readonly lastSpec: string;
  readonly lastPrice: number;
  readonly newestOpenTimeMs: number;
  readonly newestCloseTimeMs: number;
  readonly quality: BarQuality;
  readonly state: 'provisional' | 'closed';
  /** Close of the last bar that ended a day before that one or earlier; null where none is stored. */
  readonly basePrice: number | null;
  readonly baseTimeMs: number | null;
}

export interface GapQuery {
  readonly lane: string | null;
  readonly venue: string | null;
  readonly symbol: string | null;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  readonly limit: number;
}

/** '' stands for all venues, symbols or bar specs. */
export interface StoredGap {
  readonly lane: string;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly fromTimeMs: number;
  readonly untilTimeMs: number;
  readonly reason: string;
  readonly ticksLost: number;
}

/** A recorded gap that bars of a series may miss data by. */
export interface SeriesGap {
  readonly fromTimeMs: number;
  readonly untilTimeMs: number;
  readonly reason: string;
  readonly ticksLost: number;
}

/** What the API reads from the database. Each call rejects when `abort` fires; calls may overlap. */
export interface StoreReader {
  bars(query: BarQuery, abort: AbortSignal): Promise<readonly StoredBar[]>;
  /** The stored spec that bars of this one can be made of; null where they are stored, or none divides it. */
  madeFrom(series: Pick<BarQuery, 'venue' | 'symbol' | 'spec'>, abort: AbortSignal): Promise<string | null>;
  /** Gaps of the lanes that wrote bars of a series in a range of open times, oldest first, up to a limit. */
  seriesGaps(
    query: Pick<BarQuery, 'venue' | 'symbol' | 'spec' | 'limit'> & { readonly fromMs: number; readonly untilMs: number },
    abort: AbortSignal,
  ): Promise<readonly SeriesGap[]>;
  indicators(query: IndicatorQuery, abort: AbortSignal): Promise<readonly StoredValue[]>;
  symbols(query: SymbolQuery, abort: AbortSignal): Promise<readonly StoredSymbol[]>;
  gaps(query: GapQuery, abort: AbortSignal): Promise<readonly StoredGap[]>;
}
