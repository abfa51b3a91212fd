import type { TickBatch } from './tick-batch.ts';

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
  /** The log is one of so many side by side, as `part` begins: the partitions of a topic. */
  readonly siblings?: { readonly of: string; readonly count: number };
  /** Names the log itself: another one under the same lane name is another history. */
  readonly logIdentity: string;
  /** Of the log itself, where logs have such: one that was made anew under the same name has another. Absent: not known. */
  readonly logId?: string;
  /** A log that cannot be read twice (a live connection, the generator in real time) gets a generation at every start. */
  readonly repeatable: boolean;
  /** What the log itself shows; absent where only the settings can say it. */
  readonly complete?: boolean;
  /** A lane that is taken up for the first time begins here; 0 unless given. */
  readonly beginAt?: number;
  /** Behind the newest record that the log holds now; absent where nobody has asked. */
  readonly endPosition?: number;
  /** The log holds nothing before this any more; 0 unless given. Were records not read yet, a new telling begins. */
  readonly firstPosition?: number;
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
   * By venue, the watermark at `position`: of a log that cannot be read again, or of which records are gone, what came after
   * it may be missing. Empty where nothing is known; then `newestEventTimeMs` is all there is. Absent where it runs on.
   */
  readonly knownUntilMs?: ReadonlyMap<string, number>;
  /** Where an earlier telling ended: the newest event time the database knows of, or null. */
  readonly newestEventTimeMs: number | null;
}

/** How a lane is taken up: where it was left; from the beginning; or from where it was left, without what was open. */
export type TakeMode = 'resume' | 'rebuild' | 'from-now';

/** Whether a lane takes more now. */
export interface LaneRoom {
  /** Whether this batch would be taken at once. */
  hasRoomFor(batch: TickBatch): boolean;
  /** Resolves when it would be, or `signal` fires. */
  whenRoomFor(batch: TickBatch, signal: AbortSignal): Promise<void>;
}

/** Grants lanes to sources. */
export interface Resume {
  /** Called by a source once it holds the log, before its first batch. */
  take(request: LaneRequest): Promise<LaneStart>;
  /** The source does not hold the log any more: what was read of it is folded and written, and a last checkpoint. */
  release(lane: Lane): void;
  /** For sources of several lanes, which must not wait for one of them. */
  room(lane: Lane): LaneRoom;
}

/** What a source of one lane never asks for. */
export const ofOneLane: Omit<Resume, 'take'> = {
  release: () => {},
  room: () => ({ hasRoomFor: () => true, whenRoomFor: () => Promise.resolve() }),
};

/** Up to where the bars of a lane can change no more, once the rows that were emitted are committed. */
export interface LaneHorizons {
  readonly lane: string;
  readonly generation: number;
  /** By venue: bars that close here or before can change no more, ms since 1970 UTC. */
  readonly untilMs: ReadonlyMap<string, number>;
  /** Nothing that closes later is still to come: the lane's `until`; -Infinity once a complete log was folded to its end. */
  readonly endsAtMs: number;
}
