import type { OriginalMessage } from './dead-letter.ts';
import type { Lane } from './lane.ts';

export const side = { unknown: 0, buy: 1, sell: 2 } as const;

/** A record of the log that no tick could be read from. It counts as one tick received and one rejected. */
export interface Reject {
  readonly position: number;
  readonly reason: RejectReason;
  /** What was wrong, with the value, for people. */
  readonly message: string;
  /** Where the record stands, for people: `trades.csv.gz:1234`. */
  readonly place: string;
  /** The record as it was, cut at `rejectBytesMax`. */
  readonly bytes: Uint8Array;
  /** Where somebody wants the whole message. */
  readonly original?: OriginalMessage;
}

/** A dead letter keeps at most this much of a record: a 10 MB line must not fill the table (1,000 of them: 64 MiB). */
export const rejectBytesMax = 65_536;

/** Rejects of one batch keep at most about this much: a batch of 1,000 could hold 64 MB of them. */
export const rejectedBytesMax = 1_048_576;

export type RejectReason =
  | 'malformed' // Not CSV, not JSON, a wrong number of fields, truncated.
  | 'missing-field'
  | 'bad-price'
  | 'bad-size'
  | 'bad-side'
  | 'bad-time' // Not a time, or not in the declared unit.
  | 'bad-symbol'
  | 'bad-trade-id'
  | 'too-long'
  | 'future-skew' // Ahead of its record's own time.
  | 'time-jump'; // Held, then contradicted.

/**
 * Columns, not objects: nothing is allocated per tick, and a batch is cheap to move. Every column has at least `length`
 * elements. Read-only once it has been handed on.
 */
export interface TickBatch {
  readonly kind: 'ticks';
  readonly lane: Lane;
  readonly length: number;
  /** Index in the process's instrument table. */
  readonly instrument: Int32Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  /** Aggressor: 0 unknown, 1 buy, 2 sell. */
  readonly side: Uint8Array;
  /** The venue's clock, ms since 1970 UTC; fractions where the venue has them, floored to whole microseconds. */
  readonly eventTimeMs: Float64Array;
  /** Of the log record that carried the tick; not decreasing (a record may carry several). */
  readonly position: Float64Array;
  /** Breaks ties of event time: the trade id where ids are monotone, else the place in the log. */
  readonly order: Float64Array;
  /** Absent where the source declares that it has no ids. A Float64Array where all are safe integers. */
  readonly tradeId?: Float64Array | readonly (string | number)[];
  /** The record's own time in the log (Kafka's record timestamp). */
  readonly logTimeMs?: Float64Array;
  /** 1 where the venue marks the trade as no market trade (block, insurance fund, liquidation hand-over). */
  readonly offMarket?: Uint8Array;
  /** Our clock when the batch was read. */
  readonly receivedTimeMs: number;
  /** A batch ends on a record boundary; reading goes on here. */
  readonly nextPosition: number;
  /** Nothing more was in the log when this batch was read: our clock may close bars of silent venues. */
  readonly atLogEnd: boolean;
  /** Records of this stretch of the log that hold no tick, in order of position. */
  readonly rejects: readonly Reject[];
  /** Digits beyond what a double holds were cut from this many prices and sizes. */
  readonly inexactCount: number;
  /** The last record before `nextPosition`, as it stands in the log: a checkpoint knows its log by it. */
  readonly lastRecord?: Uint8Array;
  /** Where a record of this batch stands, for people: `trades.csv.gz:1234`. For the few that cannot be used. */
  readonly placeOf?: (position: number) => string;
  /** The W3C `traceparent` that its first record came with; asked for only where somebody traces. */
  readonly traceParent?: string;
  /** Called by whoever reads the columns last, who must not look at them again: they are filled anew. */
  readonly release?: () => void;
}

/** The log is over: nothing will ever be appended. Only a complete source has an end. */
export interface LogEnd {
  readonly kind: 'end';
  readonly lane: Lane;
  /** Last position + 1. */
  readonly position: number;
}
