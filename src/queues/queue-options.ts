export type QueuePolicy = 'block' | 'oldest' | 'newest';

export interface QueueOptions<T> {
  /** Both may change: what is in stays, and what comes meets the bound of that moment. */
  readonly itemsMax: number;
  readonly bytesMax: number;
  readonly policy: QueuePolicy;
  readonly bytesOf: (item: T) => number;
  /** False for what needs no capacity and must never be dropped: gaps, markers, the end of a log. Default: all may. */
  readonly droppable?: (item: T) => boolean;
  /** Tried before anything is dropped: moves what it can of the newcomer into waiting items. True: nothing of it is left. */
  readonly supersede?: (incoming: T, waiting: readonly T[]) => boolean;
  /** What stays in the place of a dropped item, or null. The one place where the loss is counted. */
  readonly remainder?: (dropped: T, policy: 'oldest' | 'newest') => T | null;
  /** One item for two neighbours, or null when they cannot be one: runs of losses become one gap. */
  readonly merge?: (before: T, after: T) => T | null;
}

export interface QueueCounts {
  offered: number;
  taken: number;
  dropped: number;
  superseded: number;
  abandoned: number; // Left behind by a forced end.
  refused: number; // Offered after it was closed.
}
