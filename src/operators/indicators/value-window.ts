/**
 * The last n values of something in the state of an indicator: how many have come, then a ring of n. It knows where
 * they are and keeps none. What is computed of a full one is computed anew from the oldest to the newest: no sum is
 * carried from bar to bar, none drifts, and the result follows from these n values alone.
 */
export class ValueWindow {
  /** Numbers that it takes of the state. */
  readonly size: number;
  readonly #at: number;
  readonly #n: number;

  /** `at`: its first place in the state. */
  constructor(at: number, n: number) {
    this.#at = at;
    this.#n = n;
    this.size = 1 + n;
  }

  push(state: Float64Array, value: number): void {
    const count = state[this.#at];
    state[this.#at + 1 + (count % this.#n)] = value;
    state[this.#at] = count + 1;
  }

  isFull(state: Float64Array): boolean {
    return state[this.#at] >= this.#n;
  }

  /** The value at a place in order of time, 0 the oldest of a full window. */
  valueAt(state: Float64Array, index: number): number {
    const place = (state[this.#at] % this.#n) + index;
    return state[this.#at + 1 + (place < this.#n ? place : place - this.#n)];
  }

  /** Counted from the oldest value, so that the mean of equal values is that value. */
  mean(state: Float64Array): number {
    const oldest = this.valueAt(state, 0);
    let above = 0;
    for (let index = 1; index < this.#n; index++) above += this.valueAt(state, index) - oldest;
    return oldest + above / this.#n;
  }
}
