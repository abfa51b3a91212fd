import type { Kafka, Message } from '../kafka/client.ts';
import type { ProducerFigures } from '../kafka/producer-figures.ts';
import { TopicProducer } from '../kafka/topic-producer.ts';
import type { Clock } from '../model/clock.ts';
import type { Lane } from '../model/lane.ts';
import { rowCount, type DeadLetter, type RowBatch } from '../model/rows.ts';
import type { ProducerFacts } from '../model/status.ts';
import { answerOf, partingOf } from './broker-answer.ts';
import { headersOf, placeOf } from './dead-letter-headers.ts';
import type { Sink, WriteResult } from './sink.ts';

/** Where the dead letters of one source go. */
export interface DeadLetterTopic {
  readonly source: string;
  readonly topic: string;
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  /** The consumer group of the source, for people. */
  readonly group: string;
}

export interface DeadLetterTopicOptions {
  readonly topics: readonly DeadLetterTopic[];
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly breaker: NonNullable<Sink['breaker']>;
  readonly figures: ProducerFigures;
}

/**
 * Messages that could not be used, once more in a topic for them. It stands behind the sink of the database and passes all
 * other rows: a batch is done, and a checkpoint passes it, when both have it, so that no lane ever goes on behind a letter
 * that is not safe. At least once: what is read again after a crash is written again, with the same key in its headers.
 */
export class DeadLetterTopicSink implements Sink {
  readonly name = 'dead-letter-topic';
  readonly breaker: NonNullable<Sink['breaker']>;
  readonly #options: DeadLetterTopicOptions;
  /** By source. */
  readonly #producers = new Map<string, TopicProducer>();

  constructor(options: DeadLetterTopicOptions) {
    this.#options = options;
    this.breaker = options.breaker;
  }

  wants(rows: RowBatch): boolean {
    return this.#targetOf(rows) !== undefined && rows.deadLetters.some(isOfTick);
  }

  async open(abort: AbortSignal): Promise<void> {
    for (const { source, topic, kafka, brokers } of this.#options.topics) {
      if (this.#producers.has(source)) continue;
      const opening = TopicProducer.open(kafka, topic, { delivery: 'at-least-once', figures: this.#options.figures });
      this.#producers.set(source, await this.#answered(opening, { topic, brokers }, abort));
    }
  }

  async write(rows: RowBatch, abort: AbortSignal): Promise<WriteResult> {
    const target = this.#targetOf(rows);
    const letters = rows.deadLetters.filter(isOfTick);
    if (target !== undefined && letters.length > 0) {
      const producer = this.#producers.get(target.source)!;
      for (const [partition, ofPartition] of Map.groupBy(letters, (letter) => partitionOf(letter, producer))) {
        for (const chunk of chunksOf(ofPartition)) {
          const messages = chunk.map((letter) => messageOfLetter(letter, rows.lane, target.group));
          await this.#answered(producer.send(partition, messages), target, abort);
        }
      }
    }
    return { committed: rowCount(rows), outdated: 0, direct: 0, setAside: [], fellBack: false };
  }

  async close(): Promise<void> {
    const { clock, figures } = this.#options;
    await partingOf(Promise.all([...this.#producers.values()].map((producer) => producer.close())), clock);
    figures.closed();
  }

  producer(): ProducerFacts {
    return this.#options.figures.facts();
  }

  #targetOf({ lane }: RowBatch): DeadLetterTopic | undefined {
    return this.#options.topics.find(({ source }) => source === lane.source);
  }

  #answered<T>(
    asking: Promise<T>, { topic, brokers }: Pick<DeadLetterTopic, 'topic' | 'brokers'>, abort: AbortSignal,
  ): Promise<T> {
    const { clock, deadlineMs } = this.#options;
    return answerOf(asking, { doing: `write dead letters to the topic "${topic}"`, brokers, clock, deadlineMs, abort });
  }
}

function isOfTick({ origin }: DeadLetter): boolean {
  return origin === 'tick';
}

/** What goes together: a letter is at most 800 kB, brokers take 1 MiB, and 2 kB are room for the headers of ours. */
const chunkBytesMax = 200_000;

function* chunksOf(letters: readonly DeadLetter[]): Generator<readonly DeadLetter[]> {
  let [from, bytes] = [0, 0];
  for (const [index, { bytes: kept, original }] of letters.entries()) {
    const own = 2_000 + (original === undefined ? kept.length : (original.value?.length ?? 0) + (original.key?.length ?? 0));
    if (index > from && bytes + own > chunkBytesMax) {
      yield letters.slice(from, index);
      [from, bytes] = [index, 0];
    }
    bytes += own;
  }
  yield letters.slice(from);
}

/** By its key where it has one: the letters of a symbol stay in order. */
function partitionOf(letter: DeadLetter, producer: TopicProducer): number {
  const key = letter.original?.key ?? null;
  return key === null ? Math.max(0, placeOf(letter).partition) % producer.partitions
    : producer.partitionOf(Buffer.from(key));
}

function messageOfLetter(letter: DeadLetter, lane: Lane, group: string): Message {
  const { original, bytes } = letter;
  const value = original === undefined ? bytes : original.value;
  return {
    key: original?.key === null || original === undefined ? null : Buffer.from(original.key),
    value: value === null ? null : Buffer.from(value),
    headers: { ...headersOf(letter, lane, group) },
  };
}
