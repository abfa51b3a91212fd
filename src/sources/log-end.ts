import type { TickBatch } from '../model/tick-batch.ts';

/** A record as it stands in its log. */
export interface FoundRecord {
  readonly bytes: Uint8Array;
  /** Why it cannot stand at the end of the log as it is, or null. */
  readonly unfit: string | null;
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
  /** The records at these places; left out is what is not there any more. */
  find(wanted: readonly RecordPlace[]): Promise<ReadonlyMap<string, FoundRecord>>;
  /** What the source makes of a record with its present settings: ticks, rejects; null where that is nothing at all. */
  judge(record: Uint8Array): Promise<TickBatch | null>;
  /** Returns where the record stands now, for people, once it is safe there. Throws an MdpError. */
  append(record: Uint8Array): Promise<string>;
}
