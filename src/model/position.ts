/** What somebody holds, as he has written it down. */
export interface Position {
  readonly venue: string;
  readonly symbol: string;
  /** Of the symbol's base; less than 0 where it was sold short, never 0. */
  readonly size: number;
  readonly entryPrice: number;
  readonly entryTimeMs: number;
  readonly note: string;
}

export interface StoredPosition extends Position {
  /** A UUID. */
  readonly id: string;
  /** How often it was changed. */
  readonly revision: number;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface PositionChange {
  readonly id: string;
  /** What is absent stays. */
  readonly changed: Partial<Position>;
  /** What the client has seen; null: whatever it is by now. */
  readonly revision: number | null;
  readonly nowMs: number;
}

/** The positions that the API keeps. Calls may overlap, also with those of other processes. Rejects with an MdpError. */
export interface PositionStore {
  /** By venue, symbol and time of entry. */
  list(abort: AbortSignal): Promise<readonly StoredPosition[]>;
  find(id: string, abort: AbortSignal): Promise<StoredPosition | null>;
  /** `full`: there are as many as may be. `exists`: the id is taken. */
  create(
    position: Position & { readonly id: string; readonly nowMs: number }, abort: AbortSignal,
  ): Promise<StoredPosition | 'full' | 'exists'>;
  /** `missing`: there is none with the id. `stale`: its revision is another one. */
  change(change: PositionChange, abort: AbortSignal): Promise<StoredPosition | 'missing' | 'stale'>;
  /** Whether there was one. */
  remove(id: string, abort: AbortSignal): Promise<boolean>;
}

/** A page of a few hundred rows is what a person can look over; all of them are 300 KB of JSON. */
export const positionsMax = 1_000;
