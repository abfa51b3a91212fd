import type { Kafka } from '../../kafka/client.ts';
import { kafkaError } from '../../kafka/kafka-error.ts';
import { OrderedWriter } from '../../kafka/ordered-writer.ts';
import { TopicProducer } from '../../kafka/topic-producer.ts';
import type { RemovedRow, RemovedRows } from '../../model/removed-rows.ts';
import { removalMessages } from './row-messages.ts';

export interface RemovalTopicsOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  /** The topic where the row stands that was removed; null: in none. */
  readonly topicOf: (row: RemovedRow) => string | null;
}

/**
 * Says in the topics of rows which of them a rebuild takes out of the database. Rebuilds are rare: each announcement has a
 * producer of its own, so that nobody need close one, and the last checkpoint may come when the sinks are closed already.
 */
export class RemovalTopics {
  readonly #options: RemovalTopicsOptions;

  constructor(options: RemovalTopicsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all in-sync replicas have it. Calls may overlap. Throws an MdpError: `kafka-unreachable`, which waiting
   * cures, or `kafka-refused`.
   */
  async announce(removed: RemovedRows): Promise<void> {
    const byTopic = Map.groupBy(removed.rows, (row) => this.#options.topicOf(row));
    for (const [topic, rows] of byTopic) {
      if (topic !== null) await this.#write(topic, { ...removed, rows });
    }
  }

  async #write(topic: string, removed: RemovedRows): Promise<void> {
    const { kafka, brokers } = this.#options;
    const writer = new OrderedWriter(() => TopicProducer.open(kafka, topic));
    try {
      await writer.write(removed, () => removalMessages(removed));
    } catch (error) {
      throw kafkaError(error, brokers, `announce removed rows in the topic "${topic}"`);
    } finally {
      await writer.close();
    }
  }
}
