/** What was stored of a bar, or of a value of an indicator on it, is not in the log any more. */
export interface RemovedRow {
  readonly venue: string;
  readonly symbol: string;
  readonly barSpec: string;
  /** The line; null: the bar itself. */
  readonly indicator: string | null;
  /** Ms since 1970 UTC. */
  readonly openTimeMs: number;
  readonly barIndex: number;
  readonly closeTimeMs: number;
}

/** Rows that are about to be removed from the database, and the stamp of who says so. */
export interface RemovedRows {
  readonly lane: string;
  /** Of the telling that does not have them. */
  readonly generation: number;
  /** Of the next record: what the records before it say does not hold them. */
  readonly position: number;
  readonly rows: readonly RemovedRow[];
}

/** Tells others who have these rows. Resolves when they are sure to hear of it; throws an MdpError where that is not so. */
export type AnnounceRemoved = (removed: RemovedRows) => Promise<void>;
