/*
 * The messages of the live stream: what the server sends over a WebSocket or as server-sent events, and what a client may
 * ask for. JSON, one object a message. Times are ms since 1970 UTC of the clock that the field names. The page imports
 * this file; nothing in it is code of the server.
 */

/** What can be subscribed to. Venue and symbol as the source names them; a bar spec and an indicator by canonical name. */
export type Channel =
  | { readonly channel: 'bars'; readonly venue: string; readonly symbol: string; readonly spec: string }
  | {
    readonly channel: 'indicators'; readonly venue: string; readonly symbol: string; readonly spec: string;
    readonly indicator: string;
  }
  /** Every admitted trade: time and sales. */
  | { readonly channel: 'trades'; readonly venue: string; readonly symbol: string }
  /** The last price of one instrument; of all of them without a symbol. */
  | { readonly channel: 'quotes'; readonly venue?: string; readonly symbol?: string }
  | { readonly channel: 'gaps' }
  | { readonly channel: 'alerts' }
  /** The verdict of /health and the counts of the map, once a second when they changed. */
  | { readonly channel: 'health' };

/** `id` comes back in the answer. */
export type ClientMessage =
  | { readonly type: 'subscribe'; readonly id: number; readonly channels: readonly Channel[] }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly channels: readonly Channel[] }
  /** Shortest time between two updates, ms; 0 sends every change. As the server is set until this comes. */
  | { readonly type: 'conflate'; readonly id: number; readonly ms: number }
  /** The client saw a hole in `seq`, or wants to be sure: everything anew, please. */
  | { readonly type: 'resync'; readonly id: number };

/** Forming bars have state `forming` and are never stored. */
export interface StreamBar {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly open_ms: number;
  /** Exclusive. */
  readonly close_ms: number;
  readonly bar_index: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly trades: number;
  readonly buy_volume: number;
  readonly sell_volume: number;
  readonly state: 'forming' | 'provisional' | 'closed';
  readonly quality: 'complete' | 'partial' | 'gap';
  readonly revision: number;
  readonly whole: boolean;
}

/** A value of an indicator line on a bar; null: too few bars have come. On a forming bar it is marked as such. */
export interface StreamValue {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly indicator: string;
  readonly open_ms: number;
  readonly bar_index: number;
  readonly value: number | null;
  readonly state: 'forming' | 'provisional' | 'closed';
  readonly quality: 'complete' | 'partial' | 'gap';
  readonly revision: number;
}

export interface StreamTrade {
  readonly venue: string;
  readonly symbol: string;
  /** The venue's clock. */
  readonly event_ms: number;
  readonly price: number;
  readonly size: number;
  readonly side: 'buy' | 'sell' | null;
}

export interface StreamQuote {
  readonly venue: string;
  readonly symbol: string;
  readonly price: number;
  /** Close of the newest 1d bar before this one, or of the longest bar spec that there is; null where none is known. */
  readonly previous_close: number | null;
  /** The venue's clock, of the tick that gave the price. */
  readonly event_ms: number;
  /** Ours, when that tick was read. */
  readonly received_ms: number;
}

/**
 * A stretch of a log that is missing. Empty symbol: of all symbols of the venue; empty venue: of the whole lane. With a
 * bar spec only rows of that one are missing: a full queue gave them up (reason `dropped-rows`), and bars that were told in
 * the stretch may never be stored. Empty spec: of all.
 */
export interface StreamGap {
  readonly lane: string;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly from_ms: number;
  readonly until_ms: number;
  readonly reason: string;
}

/** What an alert has come to at one bar. */
export interface StreamAlert {
  readonly id: string;
  readonly rule_id: string;
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
  readonly open_ms: number;
  /** Event time at which it came true: the close of its bar, or the tick on a forming one. */
  readonly event_ms: number;
  readonly state: 'triggered' | 'withdrawn';
  readonly value: number;
  /** The rule in words: `price of XRPETH above 0.2`. */
  readonly words: string;
}

/** What the strip and the map show. Rates are per second over the last second or longer. */
export interface StreamHealth {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** What is wrong and what to do, the worst first; empty when nothing is. */
  readonly problems: readonly { readonly part: string; readonly status: string; readonly message: string }[];
  readonly now_ms: number;
  readonly ticks_per_second: number;
  readonly bars_per_second: number;
  readonly rows_committed_per_second: number;
  readonly op_queue: { readonly depth: number; readonly capacity: number; readonly dropped: number };
  readonly sink_queue: { readonly depth: number; readonly capacity: number; readonly dropped: number };
  /** Records between where the lanes are and the ends of their logs; null where nobody knows. */
  readonly lag: number | null;
  /** Our clock less the newest watermark, ms; null before the first tick. */
  readonly watermark_lag_ms: number | null;
  readonly late: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly dead_letters: number;
  readonly gaps: number;
  readonly ticks_imbalance: number;
  readonly rows_imbalance: number;
  readonly breaker_open: boolean;
}

/** What changed; a list that is absent has not. Of a bar, quote or value that changed more than once the newest is there. */
export interface Changes {
  readonly bars?: readonly StreamBar[];
  readonly values?: readonly StreamValue[];
  readonly quotes?: readonly StreamQuote[];
  /** Oldest first; at most the newest 100 of an instrument, and `trades_skipped` counts the others. */
  readonly trades?: readonly StreamTrade[];
  readonly trades_skipped?: number;
  readonly gaps?: readonly StreamGap[];
  readonly alerts?: readonly StreamAlert[];
  readonly health?: StreamHealth;
}

export type ServerMessage =
  /** The first one. `session` changes when the server was started anew: closed bars must be asked for again. */
  | {
    readonly type: 'hello'; readonly session: string; readonly version: string; readonly now_ms: number;
    readonly conflate_ms: number; readonly heartbeat_ms: number; readonly subscriptions_max: number;
  }
  | { readonly type: 'subscribed' | 'unsubscribed' | 'conflated'; readonly id: number; readonly subscriptions: number }
  /** `id` is null where the message could not be read at all. */
  | {
    readonly type: 'refused'; readonly id: number | null; readonly code: string; readonly field: string | null;
    readonly message: string;
  }
  /** The newest state of what was just subscribed to, or of everything after a resync or for a client that was too slow. */
  | { readonly type: 'snapshot'; readonly seq: number; readonly now_ms: number; readonly changes: Changes }
  /**
   * `seq` is that of the message before it + 1, snapshots counted too. A number is left out before the snapshot of a client
   * that was too slow: it has missed what lay between.
   */
  | { readonly type: 'update'; readonly seq: number; readonly now_ms: number; readonly changes: Changes }
  /** The server ends, or ends this client; what it says is what to do. */
  | { readonly type: 'bye'; readonly code: string; readonly message: string };
