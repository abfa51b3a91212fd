/**
 * The arrow between two boxes. Capacity counts items and bytes; an item larger than the byte bound enters an empty queue.
 *
 * What happens when it is full belongs to the lane:
 *   block    `put` waits. Nothing is lost; the source is paused behind it.
 *   oldest   the oldest droppable item makes room.
 *   newest   the item that comes is dropped.
 * A dropped item leaves its remainder in its place (a gap), which needs no capacity and is never dropped.
 *
 * Always: offered = taken + dropped + superseded + abandoned + refused + depth.
 */
export type QueuePolicy = 'block' | 'oldest' | 'newest';

export interface QueueOptions<T> {
  readonly itemsMax: number;
  readonly bytesMax: number;
  readonly policy: QueuePolicy;
  readonly bytesOf: (item: T) => number;
  /** False for what needs no capacity and must never be dropped: gaps, markers, the end of a log. */
  readonly droppable?: (item: T) => boolean;
  /** Called before anything is dropped: how many waiting items' worth the newcomer has replaced in place. */
  readonly supersede?: (incoming: T, waiting: Iterable<T>) => void;
  /** What stays in the place of a dropped item; null when nothing does. Counts the loss. */
  readonly remainder?: (dropped: T, policy: QueuePolicy) => T | null;
  /** Joins a remainder with the one that stands before it, or null: runs of losses become one gap. */
  readonly merge?: (before: T, after: T) => T | null;
}
