import kafkajs from 'kafkajs';
import type { Kafka, Message, PartitionMetadata, Producer } from 'kafkajs';
import { MdpError } from '../errors.ts';

const { Partitioners } = kafkajs; // Node does not see this name from outside.

/**
 * How often a message may stand in the topic when a call for it has failed and is made again.
 *   once           once, if calls for one partition never overlap and the next one after a failure is that same call;
 *   at-least-once  twice perhaps; calls may come as they like.
 */
export type Delivery = 'once' | 'at-least-once';

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
  readonly #partitioner = Partitioners.DefaultPartitioner();
  readonly #metadata: PartitionMetadata[];

  private constructor(producer: Producer, topic: string, metadata: PartitionMetadata[]) {
    this.topic = topic;
    this.partitions = metadata.length;
    this.#producer = producer;
    this.#metadata = metadata;
  }

  /** Where the brokers make topics on first use, this is one; else a missing one is an MdpError `kafka-refused`. */
  static async open(kafka: Kafka, topic: string, delivery: Delivery = 'once'): Promise<TopicProducer> {
    const producer = kafka.producer({ idempotent: delivery === 'once', createPartitioner: Partitioners.DefaultPartitioner });
    const admin = kafka.admin();
    try {
      await producer.connect();
      await producer.send({ topic, messages: [] }); // Nothing is written, but the brokers are asked for the topic.
      await admin.connect();
      const { topics: [found] } = await admin.fetchTopicMetadata({ topics: [topic] });
      return new TopicProducer(producer, topic, found.partitions);
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw isTopicMissing(error) ? missing(topic, error) : error;
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
    const [written] = await this.#producer.send({ topic: this.topic, messages: placed });
    return Number(written.baseOffset);
  }

  /** Never throws. */
  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => {});
  }
}

function isTopicMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('type' in cause && cause.type === 'UNKNOWN_TOPIC_OR_PARTITION') return true;
  }
  return false;
}

function missing(topic: string, cause: unknown): MdpError {
  return new MdpError('kafka-refused', `There is no topic "${topic}", and the brokers make none on first use. Create it, ` +
    'or mend its name.', cause);
}
