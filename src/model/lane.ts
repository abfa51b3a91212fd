/** One ordered log with an operator chain of its own: a Kafka partition, a replay source's files, a live connection. */
export interface Lane {
  /** `<pipeline>/<source>`, with `/<part>` where a source has several: unique in a database. */
  readonly name: string;
  readonly source: string;
  /** Which telling of the history this is. Issued by the database; a later one wins. */
  readonly generation: number;
  /** A source that can be paused never loses a batch to a full queue. */
  readonly pausable: boolean;
  /** The log is declared to begin at the beginning, and its end, where it has one, to be the end. */
  readonly complete: boolean;
  /** This telling begins here: 0 is the beginning of the log, more is what was left out by choice. */
  readonly fromPosition: number;
  /** Bars closed at or before this time may be stored already: their rows are written by upsert, never by plain COPY. */
  readonly storedUntilMs: number;
}

/** What a source asks for when it takes up a log. */
export interface LaneRequest {
  /** Distinguishes the lanes of one source; absent where there is only one. */
  readonly part?: string;
  /** Names the log itself: another one under the same lane name is another history. */
  readonly logIdentity: string;
  /** A log that cannot be read twice (a live connection, the generator in real time) gets a generation at every start. */
  readonly repeatable: boolean;
}

/** A lane that was granted to this process. */
export interface LaneStart {
  readonly lane: Lane;
  /** Reading goes on at this position; 0 is the beginning of the log. */
  readonly position: number;
  /** SHA-256 of the record before `position`, in hex: a log that has another one there is another log. Null: do not ask. */
  readonly lastRecordHash: string | null;
  /** Stored when the lane was first taken up: the generator's virtual clock starts here. */
  readonly startTimeMs: number;
  /**
   * By venue, where the log cannot be read again: what came after this time may be missing. Empty where nothing is known;
   * then `newestEventTimeMs` is all there is.
   */
  readonly knownUntilMs?: ReadonlyMap<string, number>;
  /** Where an earlier telling ended: the newest event time the database knows of, or null. */
  readonly newestEventTimeMs: number | null;
}

/** How a lane is taken up: where it was left; from the beginning; or from where it was left, without what was open. */
export type TakeMode = 'resume' | 'rebuild' | 'from-now';

/** Grants lanes to sources. Called by a source once it holds the log, before its first batch. */
export interface Resume {
  take(request: LaneRequest): Promise<LaneStart>;
}

/** Up to where the bars of a lane can change no more, once the rows that were emitted are committed. */
export interface LaneHorizons {
  readonly lane: string;
  readonly generation: number;
  /** By venue: bars that close here or before can change no more, ms since 1970 UTC. */
  readonly untilMs: ReadonlyMap<string, number>;
  /** Nothing that closes later is still to come: the lane's `until`; -Infinity once a complete log was folded to its end. */
  readonly endsAtMs: number;
}
