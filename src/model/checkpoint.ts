import type { Lane } from './lane.ts';

/** What a lane knows between two batches: plain trees of objects, lists, strings, numbers and typed arrays. */
export interface LaneState {
  readonly admission: unknown;
  /** By name. */
  readonly operators: Readonly<Record<string, unknown>>;
}

/** Windows of a bar spec that a telling holds whole and has passed: rows of older tellings in them count no more. */
export interface PassedWindows {
  /** Null: of every venue, those included that the log does not name. */
  readonly venue: string | null;
  readonly spec: string;
  /** They open here or later, ms since 1970 UTC. */
  readonly fromMs: number;
  /** They close here or before. */
  readonly untilMs: number;
}

/** A lane between two batches, still in memory. */
export interface LaneMoment {
  /** Of the next record: every record before it is in `state`. */
  readonly position: number;
  /** The record before `position`, or a beginning of it that is always the same; null where its source keeps none. */
  readonly lastRecord: Uint8Array | null;
  /** By venue: bars that close here or before can change no more, ms since 1970 UTC. */
  readonly settledUntilMs: ReadonlyMap<string, number>;
  readonly passed: readonly PassedWindows[];
  /** A complete log was folded to its end. */
  readonly isEnded: boolean;
  readonly state: LaneState;
}

/** What a lane had done at a position of its log. */
export interface Checkpoint {
  readonly lane: string;
  readonly generation: number;
  /** Reading goes on here: every record before it is in `state`, and every row that it changed is stored. */
  readonly position: number;
  /** SHA-256 of the record before `position`, in hex: it says whether the log is still the same. Null where nobody knows. */
  readonly lastRecordHash: string | null;
  readonly settledUntilMs: ReadonlyMap<string, number>;
  readonly passed: readonly PassedWindows[];
  readonly isEnded: boolean;
  /** As in `Lane`: rows of older tellings close here or before. */
  readonly storedUntilMs: number;
  /** A `LaneState`, encoded. */
  readonly state: Uint8Array;
  /** Our clock when the moment was caught. */
  readonly takenAtMs: number;
}

/** How the writing of a checkpoint ended. `overtaken`: the same telling is stored further on. `lost`: a newer telling is. */
export type CheckpointOutcome = 'written' | 'overtaken' | 'lost';

/**
 * Stands in the sink queues of a lane, one in each shard, behind the rows that came before a checkpoint. It is an item
 * without rows: never dropped, never merged, no capacity.
 */
export class CheckpointMarker {
  readonly lane: Lane;
  readonly #onPassed: (accounted: boolean) => void;
  #isPassed = false;

  constructor(lane: Lane, onPassed: (accounted: boolean) => void) {
    this.lane = lane;
    this.#onPassed = onPassed;
  }

  /** Every row before it is committed, or set aside on record. */
  pass(): void {
    this.#end(true);
  }

  /** Rows before it were given up, or it was itself. */
  giveUp(): void {
    this.#end(false);
  }

  #end(accounted: boolean): void {
    if (this.#isPassed) return;
    this.#isPassed = true;
    this.#onPassed(accounted);
  }
}
