import type { Kafka, Message, PartitionMetadata, Producer } from 'kafkajs';
import { MdpError, messageOf } from '../errors.ts';
import { isAnswer } from './kafka-error.ts';
import { kafkajs } from './kafkajs.ts';
import type { ProducerFigures } from './producer-figures.ts';

/**
 * How often a message may stand in the topic when a call for it has failed and is made again.
 *   once           once, if calls for one partition never overlap and the next one after a failure is that same call;
 *   at-least-once  twice perhaps; calls may come as they like.
 */
export type Delivery = 'once' | 'at-least-once';

export interface TopicProducerOptions {
  /** `once` unless given. */
  readonly delivery?: Delivery;
  /** What it counts and times, where somebody looks. */
  readonly figures?: ProducerFigures;
}

/**
 * Writes to the partitions of one topic. One call writes to one partition: of a call for several kafkajs's idempotent
 * producer forgets those whose leader has moved to a broker that had answered already. Throws what kafkajs throws, which is
 * for `kafkaError`.
 */
export class TopicProducer {
  readonly topic: string;
  /** How many the topic had when it was opened: a key stays on its partition for as long as this object lives. */
  readonly partitions: number;
  readonly #producer: Producer;
  readonly #figures: ProducerFigures | null;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #partitioner = kafkajs().Partitioners.DefaultPartitioner();
  readonly #metadata: PartitionMetadata[];

  private constructor(producer: Producer, topic: string, { metadata, figures }: Opened) {
    this.topic = topic;
    this.partitions = metadata.length;
    this.#producer = producer;
    this.#figures = figures;
    this.#metadata = metadata;
  }

  /** Where the brokers make topics on first use, this is one; else a missing one is an MdpError `kafka-refused`. */
  static async open(kafka: Kafka, topic: string, options: TopicProducerOptions = {}): Promise<TopicProducer> {
    const { delivery = 'once', figures = null } = options;
    const { DefaultPartitioner: createPartitioner } = kafkajs().Partitioners;
    const producer = kafka.producer({ idempotent: delivery === 'once', createPartitioner });
    const admin = kafka.admin();
    try {
      await producer.connect();
      await producer.send({ topic, messages: [] }); // Nothing is written, but the brokers are asked for the topic.
      await admin.connect();
      const { topics: [found] } = await admin.fetchTopicMetadata({ topics: [topic] });
      figures?.connected();
      return new TopicProducer(producer, topic, { metadata: found.partitions, figures });
    } catch (error) {
      figures?.failed(topic, messageOf(error));
      await producer.disconnect().catch(() => {});
      throw isAnswer(error, ['UNKNOWN_TOPIC_OR_PARTITION']) ? missing(topic, error) : error;
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }

  /** By Murmur2 of the key, as Kafka's own producer in Java divides keys. */
  partitionOf(key: string | Buffer): number {
    return this.#partitioner({ topic: this.topic, partitionMetadata: this.#metadata, message: { key, value: null } });
  }

  /** Resolves with the offset of the first of them when all in-sync replicas have them. */
  async send(partition: number, messages: readonly Message[]): Promise<number> {
    const placed = messages.map((message) => ({ ...message, partition }));
    const sinceMs = this.#figures?.nowMs() ?? 0;
    const sending = this.#producer.send({ topic: this.topic, messages: placed });
    this.#underWay.add(sending);
    try {
      const [written] = await sending;
      this.#figures?.produced(this.topic, { messages: messages.length, bytes: bytesOf(messages), sinceMs });
      return Number(written.baseOffset);
    } catch (error) {
      this.#figures?.failed(this.topic, messageOf(error));
      throw error;
    } finally {
      this.#underWay.delete(sending);
    }
  }

  /** Never throws. A call that is under way connects kafkajs anew and leaves it so: behind it, it is closed once more. */
  async close(): Promise<void> {
    const disconnect = (): Promise<void> => this.#producer.disconnect().catch(() => {});
    if (this.#underWay.size > 0) void Promise.allSettled(this.#underWay).then(disconnect);
    await disconnect();
  }
}

interface Opened {
  readonly metadata: PartitionMetadata[];
  readonly figures: ProducerFigures | null;
}

function bytesOf(messages: readonly Message[]): number {
  let bytes = 0;
  for (const { key, value } of messages) bytes += Buffer.byteLength(key ?? '') + Buffer.byteLength(value ?? '');
  return bytes;
}

function missing(topic: string, cause: unknown): MdpError {
  return new MdpError('kafka-refused', `There is no topic "${topic}", and the brokers make none on first use. Create it, ` +
    'or mend its name.', cause);
}
