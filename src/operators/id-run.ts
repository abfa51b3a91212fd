/**
 * The blocks of one instrument in the order of their ids. `lowest` parts them: ids of block n are at least `lowest[n]` and
 * less than `lowest[n + 1]`.
 */
export class IdRun {
  readonly lowest: number[] = [];
  readonly blocks: number[] = [];
  /** Blocks before this place were given back. */
  first = 0;
  /** No event time of the block is newer. Here, because the block itself is seldom in reach of the processor. */
  readonly #newestMs: number[] = [];

  get length(): number {
    return this.blocks.length - this.first;
  }

  get lastPlace(): number {
    return this.blocks.length - 1;
  }

  /** The blocks, in order. */
  all(): number[] {
    return this.blocks.slice(this.first);
  }

  /** The place of the block that has this id if any has; there must be a block. */
  placeOf(id: number): number {
    let from = this.first + 1;
    let until = this.blocks.length;
    while (from < until) {
      const middle = (from + until) >> 1;
      if (this.lowest[middle] <= id) from = middle + 1;
      else until = middle;
    }
    return from - 1;
  }

  push(block: number, lowest: number, newestMs: number): void {
    this.blocks.push(block);
    this.lowest.push(lowest);
    this.#newestMs.push(newestMs);
  }

  /** Puts in a block that was divided from the one before this place. */
  insert(place: number, block: number, lowest: number): void {
    this.blocks.splice(place, 0, block);
    this.lowest.splice(place, 0, lowest);
    this.#newestMs.splice(place, 0, this.#newestMs[place - 1]);
  }

  noteNewest(place: number, eventTimeMs: number): void {
    if (eventTimeMs > this.#newestMs[place]) this.#newestMs[place] = eventTimeMs;
  }

  /** Takes out the first block if none of its ids lies at or after the horizon. */
  shift(horizonMs: number): number | null {
    if (this.length === 0 || this.#newestMs[this.first] >= horizonMs) return null;
    const block = this.blocks[this.first++];
    // Places move up now and then, not every time: lists may be long.
    if (this.first >= 16 && this.first * 2 >= this.blocks.length) this.removeBehind(-Infinity);
    return block;
  }

  /** Takes out all blocks that have no id at or after the horizon. */
  removeBehind(horizonMs: number): number[] {
    const removed: number[] = [];
    let kept = 0;
    for (let place = this.first; place < this.blocks.length; place++) {
      if (this.#newestMs[place] < horizonMs) {
        removed.push(this.blocks[place]);
        continue;
      }
      this.blocks[kept] = this.blocks[place];
      this.lowest[kept] = this.lowest[place];
      this.#newestMs[kept++] = this.#newestMs[place];
    }
    this.blocks.length = this.lowest.length = this.#newestMs.length = kept;
    this.first = 0;
    return removed;
  }
}
