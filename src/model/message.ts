/** One record of a topic as it was read, kept for those who look. Key and value are bytes of its own, or null. */
export interface RecentMessage {
  readonly partition: number;
  readonly offset: number;
  /** The record's own time in the log, ms since 1970 UTC. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Sizes in the log: more than `key` and `value` hold where a long one was cut. */
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** What can be asked about the messages that were read last. */
export interface RecentTopics {
  /** Newest first; null for a topic that nobody reads here. */
  of(topic: string): readonly RecentMessage[] | null;
}
