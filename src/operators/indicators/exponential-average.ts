/** What an exponential average leaves in a state: values taken, and the average (their sum until there are n). */
const place = { count: 0, average: 1 } as const;
export const averageSize = 2;

/**
 * An exponential average in the state of an indicator, α = 2 / (n + 1): average + α · (value − average), and the
 * first one is the simple mean of the first n values.
 */
export class ExponentialAverage {
  readonly #at: number;
  readonly #n: number;

  /** `at`: its first place in the state. */
  constructor(at: number, n: number) {
    this.#at = at;
    this.#n = n;
  }

  /** Takes a value; gives the average, NaN before the nth. */
  take(state: Float64Array, value: number): number {
    const [count, average] = [this.#at + place.count, this.#at + place.average];
    const taken = ++state[count];
    if (taken > this.#n) return state[average] += (value - state[average]) * (2 / (this.#n + 1));
    state[average] += value;
    if (taken < this.#n) return NaN;
    return state[average] /= this.#n;
  }
}
