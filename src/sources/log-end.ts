import type { TickBatch } from '../model/tick-batch.ts';

/** A record as it stands in its log. */
export interface FoundRecord {
  readonly bytes: Uint8Array;
  /** Why it cannot stand at the end of the log as it is, or null. */
  readonly unfit: string | null;
  /** The record's own time in the log, ms since 1970 UTC; absent where it has none. */
  readonly logTimeMs?: number;
}

/** What records are looked for by. */
export interface RecordPlace {
  /** As the source named it, `trades.csv:1234`. */
  readonly place: string;
  readonly position: number;
}

/**
 * The end of a log, where a record that could not be used is put once more: a new record, which is judged like any
 * other. Appending is at least once: whoever crashes between the append and the note of it will append again.
 */
export interface LogEnd {
  /** As `lanes.log_identity` has it: whether this is still the log that the lane was read from. */
  readonly identity: string;
  /** A record is a line of text, so that it can hold no line break. */
  readonly isOfLines: boolean;
  /** The records at these places; left out is what is not there any more. */
  find(wanted: readonly RecordPlace[]): Promise<ReadonlyMap<string, FoundRecord>>;
  /**
   * What the source makes of a record with its present settings: ticks, rejects; null where that is nothing at all. It
   * comes in the place of `original`: what a log keeps beside the bytes of a record, such as its key, is taken from there,
   * if that one was found.
   */
  judge(record: Uint8Array, original: RecordPlace): Promise<TickBatch | null>;
  /** Returns where the record stands now, for people, once it is safe there. Throws an MdpError. */
  append(record: Uint8Array, original: RecordPlace): Promise<string>;
  /** Never throws. */
  close(): Promise<void>;
}
