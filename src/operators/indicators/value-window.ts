/**
 * The last n values of something in the state of an indicator: how many there are, the place of the next one, and a
 * ring of n. It knows where they are and keeps none. What is computed of a full one is computed anew from the oldest
 * to the newest: no sum is carried from bar to bar, none drifts, and the result follows from these n values alone.
 */
export class ValueWindow {
  /** Numbers that it takes of the state. */
  readonly size: number;
  readonly #count: number;
  readonly #next: number;
  readonly #ring: number;
  readonly #n: number;

  /** `at`: its first place in the state. */
  constructor(at: number, n: number) {
    [this.#count, this.#next, this.#ring] = [at, at + 1, at + 2];
    this.#n = n;
    this.size = 2 + n;
  }

  push(state: Float64Array, value: number): void {
    const slot = state[this.#next];
    state[this.#ring + slot] = value;
    state[this.#next] = slot + 1 === this.#n ? 0 : slot + 1;
    if (state[this.#count] < this.#n) state[this.#count]++;
  }

  isFull(state: Float64Array): boolean {
    return state[this.#count] === this.#n;
  }

  /** The value at a place in order of time, 0 the oldest of a full window. */
  valueAt(state: Float64Array, index: number): number {
    const slot = state[this.#next] + index;
    return state[this.#ring + (slot < this.#n ? slot : slot - this.#n)];
  }

  /** Counted from the oldest value, so that the mean of equal values is that value. */
  mean(state: Float64Array): number {
    const oldest = this.valueAt(state, 0);
    let above = 0;
    for (let index = 1; index < this.#n; index++) above += this.valueAt(state, index) - oldest;
    return oldest + above / this.#n;
  }
}
