import type { TopicStatus } from '../../model/status.ts';

export interface TopicFiguresValues {
  /** Topics that are kept. */
  readonly max: number;
  readonly moving_average: boolean;
  /** What an average spans, in measurements. */
  readonly window: number;
}

export type Timed = 'consume' | 'fold' | 'commit';

/** Figures of topics; of more topics than `max`, those that were counted last. */
export class TopicFigures {
  readonly #values: TopicFiguresValues;
  /** In the order of their last use. */
  readonly #topics = new Map<string, Figures>();

  constructor(values: TopicFiguresValues) {
    this.#values = values;
  }

  countFetch(topic: string, messages: number, nowMs: number): void {
    const figures = this.#of(topic);
    figures.fetches++;
    figures.messages += messages;
    if (messages > 0) figures.lastMessageAtMs = nowMs;
  }

  time(topic: string, what: Timed, ms: number): void {
    if (this.#values.moving_average) this.#of(topic).averages[what].add(ms);
  }

  status(): readonly TopicStatus[] {
    return [...this.#topics].map(([topic, { messages, fetches, lastMessageAtMs, averages }]) => ({
      topic, messages, fetches, lastMessageAtMs,
      averages: !this.#values.moving_average ? null : {
        consumeMs: averages.consume.value, fetchToFoldMs: averages.fold.value, commitMs: averages.commit.value,
      },
    }));
  }

  #of(topic: string): Figures {
    const { max, window } = this.#values;
    const known = this.#topics.get(topic) ?? newFigures(window);
    this.#topics.delete(topic);
    this.#topics.set(topic, known);
    const [oldest] = this.#topics.keys();
    if (this.#topics.size > max) this.#topics.delete(oldest);
    return known;
  }
}

interface Figures {
  messages: number;
  fetches: number;
  lastMessageAtMs: number | null;
  readonly averages: Readonly<Record<Timed, MovingAverage>>;
}

function newFigures(window: number): Figures {
  return {
    messages: 0, fetches: 0, lastMessageAtMs: null,
    averages: { consume: new MovingAverage(window), fold: new MovingAverage(window), commit: new MovingAverage(window) },
  };
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
