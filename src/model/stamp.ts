/**
 * The stamp of a row, none of it null: which telling of the history, the last log record that changed the row, and how
 * final it is. Within a generation the greater stamp wins; a later generation wins, except that a row that is not whole
 * never replaces a closed one that is.
 */
export interface Stamp {
  readonly generation: number;
  readonly position: number;
  readonly state: number;
}

/** Orders stamps: negative, 0 or positive, as `a` is less than, equal to or greater than `b`. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.generation - b.generation || a.position - b.position || a.state - b.state;
}
