import { MovingAverage, TopicStats } from '../../kafka/topic-stats.ts';
import type { KafkaValues } from '../../kafka/settings.ts';
import type { TopicStatus } from '../../model/status.ts';

export type TopicFiguresValues = KafkaValues['topic_stats'];

export type Timed = 'consume' | 'fold' | 'commit';

/** Figures of topics that are read; of more topics than `max`, those that were counted last. */
export class TopicFigures {
  readonly #values: TopicFiguresValues;
  readonly #topics: TopicStats<Figures>;

  constructor(values: TopicFiguresValues) {
    this.#values = values;
    this.#topics = new TopicStats(values.max, () => newFigures(values.window));
  }

  countFetch(topic: string, messages: number, nowMs: number): void {
    const figures = this.#topics.of(topic);
    figures.fetches++;
    figures.messages += messages;
    if (messages > 0) figures.lastMessageAtMs = nowMs;
  }

  time(topic: string, what: Timed, ms: number): void {
    if (this.#values.moving_average) this.#topics.of(topic).averages[what].add(ms);
  }

  status(): readonly TopicStatus[] {
    return this.#topics.all().map(([topic, { messages, fetches, lastMessageAtMs, averages }]) => ({
      topic, messages, fetches, lastMessageAtMs,
      averages: !this.#values.moving_average ? null : {
        consumeMs: averages.consume.value, fetchToFoldMs: averages.fold.value, commitMs: averages.commit.value,
      },
    }));
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
