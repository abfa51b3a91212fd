/**
 * What the oracle reads and what it answers, in plain objects. Nothing here comes from `src/`: whoever finds
 * the oracle and the program at odds must be able to trust that they were wrong separately.
 */

/** One trade as it stands in the log. Times are ms since 1970 UTC. */
export interface LogTick {
  readonly kind: 'tick';
  /** Of the record that carried it: not decreasing. A record may carry several ticks. */
  readonly position: number;
  readonly venue: string;
  readonly symbol: string;
  readonly price: number;
  readonly size: number;
  readonly side: 'buy' | 'sell' | 'unknown';
  readonly eventTimeMs: number;
  readonly tradeId: string | number | null;
  /** The record's own time in the log; null where the log keeps none. */
  readonly logTimeMs: number | null;
  readonly receivedTimeMs: number;
  readonly offMarket: boolean;
}

/** A record that no trade could be read from. */
export interface LogReject {
  readonly kind: 'reject';
  readonly position: number;
  readonly reason: string;
}

/** A stretch of event time, [fromMs, untilMs), in which data is missing. */
export interface LogGap {
  readonly kind: 'gap';
  readonly position: number;
  readonly venue: string; // 'all': every venue.
  readonly symbols: 'all' | readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
  /** Only bars of this spec are concerned; null for all. */
  readonly barSpec: string | null;
}

/** Nothing will ever be appended: the last position + 1. Only a complete log has an end. */
export interface LogEnd {
  readonly kind: 'end';
  readonly position: number;
}

export type LogRecord = LogTick | LogReject | LogGap | LogEnd;

export interface OracleSettings {
  /** Names such as `1m`, `1h/30m`, `1d@America/New_York`. */
  readonly specs: readonly string[];
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  readonly maxFutureSkewMs: number;
  readonly maxJumpMs: number;
  readonly ids: 'monotone' | 'unique' | 'absent';
  readonly zeroSize: 'accept' | 'reject';
  readonly nonPositivePrice: 'accept' | 'reject';
  readonly offMarket: 'exclude' | 'include';
  readonly complete: boolean;
  /** Bars belong to this lane from the first time on, until the second; null: without a bound. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

/**
 * One bar. `volume`, `notional`, `buyVolume`, `sellVolume` and `vwap` are the exact values, correctly
 * rounded.
 */
export interface OracleBar {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly openTimeMs: number;
  readonly closeTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly vwap: number | null;
  readonly trades: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly quality: 0 | 1 | 2;
  readonly state: 3;
  readonly revision: number;
  readonly whole: boolean;
  readonly position: number;
}

export interface OracleLedger {
  readonly received: number;
  readonly aggregated: number;
  readonly duplicate: number;
  readonly late: number;
  readonly excluded: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly held: number;
}

export interface OracleLateTick {
  readonly position: number;
  readonly venue: string;
  readonly symbol: string;
  readonly eventTimeMs: number;
  readonly price: number;
  readonly size: number;
  readonly side: LogTick['side'];
  readonly tradeId: string | number | null;
  readonly watermarkMs: number;
}
