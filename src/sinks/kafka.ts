import type { Kafka } from '../kafka/client.ts';
import { OrderedWriter, type KeyedMessage } from '../kafka/ordered-writer.ts';
import type { ProducerFigures } from '../kafka/producer-figures.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import type { Clock } from '../model/clock.ts';
import { rowCount, type RowBatch } from '../model/rows.ts';
import type { ProducerFacts } from '../model/status.ts';
import { answerOf, partingOf } from './broker-answer.ts';
import { barMessages, indicatorMessages } from './kafka/row-messages.ts';
import { topicOfLine } from './kafka/settings.ts';
import type { RowNames } from './set-aside.ts';
import type { Sink, WriteResult } from './sink.ts';

export interface KafkaSinkOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  /** Null: bars go nowhere. */
  readonly barsTopic: string | null;
  /** By the name of the indicator: `rsi`. Values of others go nowhere. */
  readonly indicatorTopics: ReadonlyMap<string, string>;
  readonly names: RowNames;
  /** Shards: each has producers of its own. */
  readonly workers: number;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly breaker: NonNullable<Sink['breaker']>;
  readonly figures: ProducerFigures;
}

/**
 * Writes every row of a bar, and every value of an indicator, to a topic as well; docs/topics.md says what stands there, and
 * how to read it. It stands behind the sink of the database: a batch is done, and a checkpoint passes it, when both have it.
 * Over a crash rows are written again, with the same stamp, so that readers keep the greatest.
 *
 * Each shard has a producer of its own for each topic. A worker writes one batch after the other and repeats the one that
 * failed, which is what an idempotent producer asks for; of a producer that workers share, one would take up the number that
 * the failed batch of another has, and its messages would be dropped as written already (decision 018).
 */
export class KafkaSink implements Sink {
  readonly name = 'kafka';
  readonly breaker: NonNullable<Sink['breaker']>;
  readonly #options: KafkaSinkOptions;
  /** By shard, then by topic. */
  readonly #writers: readonly ReadonlyMap<string, OrderedWriter>[];
  /** By the line of the indicator. */
  readonly #topicOfLine: readonly (string | null)[];

  constructor(options: KafkaSinkOptions) {
    const { kafka, figures, workers, barsTopic, indicatorTopics, names } = options;
    this.#options = options;
    this.breaker = options.breaker;
    this.#topicOfLine = (names.indicatorLines ?? []).map(({ indicator }) => topicOfLine(indicator, indicatorTopics));
    const topics = new Set([barsTopic, ...this.#topicOfLine].filter((topic) => topic !== null));
    this.#writers = Array.from({ length: workers }, () => new Map([...topics].map((topic) =>
      [topic, new OrderedWriter(() => TopicProducer.open(kafka, topic, { delivery: 'once', figures }))])));
  }

  wants(rows: RowBatch): boolean {
    return this.#topicsOf(rows).size > 0;
  }

  async open(abort: AbortSignal): Promise<void> {
    for (const writers of this.#writers) {
      for (const [topic, writer] of writers) await this.#answered(writer.open(), topic, abort);
    }
  }

  async write(rows: RowBatch, abort: AbortSignal): Promise<WriteResult> {
    for (const topic of this.#topicsOf(rows)) {
      const writer = this.#writers[rows.shard].get(topic)!;
      await this.#answered(writer.write(rows, () => this.#messagesFor(topic, rows)), topic, abort);
    }
    return { committed: rowCount(rows), outdated: 0, direct: 0, setAside: [], fellBack: false };
  }

  producer(): ProducerFacts {
    return this.#options.figures.facts();
  }

  async close(): Promise<void> {
    const { clock, figures } = this.#options;
    const writers = this.#writers.flatMap((ofShard) => [...ofShard.values()]);
    await partingOf(Promise.all(writers.map((writer) => writer.close())), clock);
    figures.closed();
  }

  /** Those that any of these rows goes to. */
  #topicsOf({ bars, indicators }: RowBatch): ReadonlySet<string> {
    const { barsTopic } = this.#options;
    const topics = new Set<string>();
    if (barsTopic !== null && bars.length > 0) topics.add(barsTopic);
    for (let row = 0; row < indicators.length; row++) {
      const topic = this.#topicOfLine[indicators.line[row]];
      if (topic !== null) topics.add(topic);
    }
    return topics;
  }

  /** All at once: a writer tells batches apart, and not what else goes to its topic. */
  * #messagesFor(topic: string, rows: RowBatch): Generator<KeyedMessage> {
    const { barsTopic, names } = this.#options;
    if (topic === barsTopic) yield* barMessages(rows, names);
    yield* indicatorMessages(rows, names, (line) => this.#topicOfLine[line] === topic);
  }

  #answered<T>(asking: Promise<T>, topic: string, abort: AbortSignal): Promise<T> {
    const { brokers, clock, deadlineMs } = this.#options;
    return answerOf(asking, { doing: `write rows to the topic "${topic}"`, brokers, clock, deadlineMs, abort });
  }
}
