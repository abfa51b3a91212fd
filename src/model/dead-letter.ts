/** `tick`: a record of the log that no tick could be taken from. `row`: a row that the database refused. */
export type LetterOrigin = 'tick' | 'row';

export interface LetterKey {
  readonly lane: string;
  readonly generation: number;
  readonly position: number;
  readonly origin: LetterOrigin;
  /** Tells several of one position apart. */
  readonly counter: number;
}

/** A message as it stood in its topic, for who passes it on. */
export interface OriginalMessage {
  readonly key: Uint8Array | null;
  /** Null: a tombstone. The beginning of one that is longer than `valueBytes` says. */
  readonly value: Uint8Array | null;
  readonly valueBytes: number;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  /** The message's own time, ms since 1970 UTC. */
  readonly timestampMs: number;
}

/** A dead letter as the table holds it. Times are ms since 1970 UTC. */
export interface StoredLetter extends LetterKey {
  readonly reason: string;
  readonly message: string;
  /** Where the record stands, for people: `trades.csv:1234`. */
  readonly place: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Attempts to replay it that were refused. */
  readonly retries: number;
  /** The record, or the row as JSON; of a list only the beginning. */
  readonly bytes: Uint8Array;
  readonly bytesTotal: number;
}

/** What a letter must be like; null asks for nothing. */
export interface LetterFilter {
  readonly lane: string | null;
  readonly origin: LetterOrigin | null;
  readonly reason: string | null;
  /** Last seen at or after this time, ms since 1970 UTC. */
  readonly sinceMs: number | null;
}

/** Letters of one kind. */
export interface LetterCount {
  readonly lane: string;
  readonly origin: LetterOrigin;
  readonly reason: string;
  readonly letters: number;
  readonly lastAtMs: number;
}
