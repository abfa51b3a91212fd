import type { Clock } from '../model/clock.ts';
import type { ProducerFacts } from '../model/status.ts';
import type { KafkaValues } from './settings.ts';
import { MovingAverage, TopicStats } from './topic-stats.ts';

export interface Produced {
  readonly messages: number;
  /** Of keys and values. */
  readonly bytes: number;
  /** When the call began. */
  readonly sinceMs: number;
}

interface Figures {
  messages: number;
  bytes: number;
  errors: number;
  lastMessageAtMs: number | null;
  readonly produceMs: MovingAverage;
}

/** What a producer counts and times, over all its topics and connections: once a call, never for a message. */
export class ProducerFigures {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #values: KafkaValues['topic_stats'];
  readonly #topics: TopicStats<Figures>;
  readonly #total = { messages: 0, bytes: 0, errors: 0, produceMs: 0 };
  #connection: ProducerFacts['connection'] = 'connecting';
  #problem: string | null = null;

  constructor(values: KafkaValues['topic_stats'], clock: Pick<Clock, 'nowMs'>) {
    this.#values = values;
    this.#clock = clock;
    this.#topics = new TopicStats(values.max, () => (
      { messages: 0, bytes: 0, errors: 0, lastMessageAtMs: null, produceMs: new MovingAverage(values.window) }));
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** The brokers answered, and nothing was written. */
  connected(): void {
    this.#connection = 'connected';
    this.#problem = null;
  }

  produced(topic: string, { messages, bytes, sinceMs }: Produced): void {
    const nowMs = this.nowMs();
    const figures = this.#topics.of(topic);
    for (const counts of [this.#total, figures]) {
      counts.messages += messages;
      counts.bytes += bytes;
    }
    figures.lastMessageAtMs = nowMs;
    figures.produceMs.add(nowMs - sinceMs);
    this.#total.produceMs += nowMs - sinceMs;
    this.connected();
  }

  failed(topic: string, problem: string): void {
    this.#topics.of(topic).errors++;
    this.#total.errors++;
    this.#problem = problem;
    this.#connection = 'lost';
  }

  closed(): void {
    this.#connection = 'closed';
  }

  facts(): ProducerFacts {
    const hasAverages = this.#values.moving_average;
    return {
      ...this.#total, connection: this.#connection, problem: this.#problem,
      topics: this.#topics.all().map(([topic, { produceMs, ...counts }]) => (
        { topic, ...counts, averageProduceMs: hasAverages ? produceMs.value : null })),
    };
  }
}
