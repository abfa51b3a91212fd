/** What is kept for each topic; of more topics than `max`, for those that were used last. */
export class TopicStats<T> {
  readonly #max: number;
  readonly #create: () => T;
  /** In the order of their last use. */
  readonly #topics = new Map<string, T>();

  constructor(max: number, create: () => T) {
    this.#max = max;
    this.#create = create;
  }

  /** Makes it the one that was used last; the one that was quiet longest makes room where there is none. */
  of(topic: string): T {
    const known = this.#topics.get(topic) ?? this.#create();
    this.#topics.delete(topic);
    this.#topics.set(topic, known);
    const [oldest] = this.#topics.keys();
    if (this.#topics.size > this.#max) this.#topics.delete(oldest);
    return known;
  }

  /** Uses none of them. */
  all(): readonly (readonly [topic: string, kept: T])[] {
    return [...this.#topics];
  }
}

/**
 * The plain mean of up to `(window + 1) / 2` measurements; from there on an exponential one, whose weights have the same
 * centre as a plain mean of `window`: alpha = 2 / (window + 1). It takes two numbers however long the window is.
 */
export class MovingAverage {
  readonly #alpha: number;
  #count = 0;
  #mean = 0;

  constructor(window: number) {
    this.#alpha = 2 / (window + 1);
  }

  add(measured: number): void {
    this.#count++;
    this.#mean += (measured - this.#mean) * Math.max(1 / this.#count, this.#alpha);
  }

  /** Null before the first. */
  get value(): number | null {
    return this.#count === 0 ? null : this.#mean;
  }
}
