import { randomUUID } from 'node:crypto';
import { MdpError } from '../../errors.ts';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from '../../kafka/client.ts';
import type { Clock } from '../../model/clock.ts';

export interface WantedMessages {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: readonly number[];
  /** The name of the consumer group begins with this, so that a rule for it can be a rule for prefixes. */
  readonly groupPrefix: string;
  readonly clock: Clock;
  /** Longest time from one message to the next, ms. */
  readonly patienceMs: number;
}

/** A batch is fetched for one message of it: what comes behind is read for nothing. */
const fetchBytes = 65_536;

/**
 * Single messages of a partition by their offsets; left out is what is not there any more. Reads in a consumer group of its
 * own, which is deleted behind it: members of another one would lose their partitions for a while. Throws an MdpError
 * `kafka-unreachable` where the broker gives nothing, and what kafkajs throws.
 */
export async function findMessages(kafka: Kafka, wanted: WantedMessages): Promise<ReadonlyMap<number, KafkaMessage>> {
  const { topic, partition, groupPrefix } = wanted;
  const admin = kafka.admin();
  await admin.connect();
  try {
    const bounds = (await admin.fetchTopicOffsets(topic)).find((one) => one.partition === partition);
    const isThere = (offset: number): boolean =>
      bounds !== undefined && offset >= Number(bounds.low) && offset < Number(bounds.high);
    const offsets = [...new Set(wanted.offsets.filter(isThere))].sort((a, b) => a - b);
    if (offsets.length === 0) return new Map();
    const groupId = `${groupPrefix}.dead-letters.${randomUUID()}`;
    const consumer = kafka.consumer({
      groupId, maxBytesPerPartition: fetchBytes, maxWaitTimeInMs: 250, retry: { restartOnFailure: async () => false },
    });
    try {
      return await new Search(consumer, { ...wanted, offsets }).found();
    } finally {
      await consumer.disconnect().catch(() => {});
      await admin.deleteGroups([groupId]).catch(() => {}); // Else the brokers forget it by themselves.
    }
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** One reading of a partition, from wanted offset to wanted offset. */
class Search {
  readonly #consumer: Consumer;
  readonly #wanted: WantedMessages;
  readonly #found = new Map<number, KafkaMessage>();
  readonly #done = Promise.withResolvers<void>();
  readonly #ended = new AbortController();
  /** Of the offset that is looked for. */
  #index = 0;
  #steps = 0;

  constructor(consumer: Consumer, wanted: WantedMessages) {
    this.#consumer = consumer;
    this.#wanted = wanted;
    this.#done.promise.catch(() => {}); // It may fail before anybody waits.
  }

  async found(): Promise<ReadonlyMap<number, KafkaMessage>> {
    const consumer = this.#consumer;
    consumer.on('consumer.group_join', ({ payload }) => this.#joined(payload.memberAssignment));
    consumer.on('consumer.crash', ({ payload }) => this.#done.reject(payload.error));
    await consumer.connect();
    await consumer.subscribe({ topics: [this.#wanted.topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false, eachBatchAutoResolve: false, eachBatch: async (payload) => this.#take(payload),
    });
    await Promise.race([this.#done.promise, this.#silence()]).finally(() => this.#ended.abort());
    return this.#found;
  }

  /** Called before the first Fetch: of other partitions nothing is fetched. */
  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    const { topic, partition } = this.#wanted;
    const others = (assignment[topic] ?? []).filter((one) => one !== partition);
    this.#consumer.pause([{ topic, partitions: others }]);
    this.#seek();
  }

  #take({ batch }: EachBatchPayload): void {
    const { offsets, partition } = this.#wanted;
    if (batch.partition !== partition) return;
    this.#steps++;
    const messages = new Map(batch.messages.map((message) => [Number(message.offset), message]));
    const last = Number(batch.lastOffset());
    for (; this.#index < offsets.length && offsets[this.#index] <= last; this.#index++) {
      const message = messages.get(offsets[this.#index]);
      if (message !== undefined) this.#found.set(offsets[this.#index], message);
    }
    if (this.#index === offsets.length) this.#done.resolve();
    else this.#seek();
  }

  #seek(): void {
    const { topic, partition, offsets } = this.#wanted;
    if (this.#index < offsets.length) this.#consumer.seek({ topic, partition, offset: String(offsets[this.#index]) });
  }

  /** Throws when nothing has come for too long. */
  async #silence(): Promise<void> {
    const { clock, patienceMs, topic, partition, offsets } = this.#wanted;
    for (let steps = -1; steps !== this.#steps;) {
      steps = this.#steps;
      await clock.wait(patienceMs, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
    }
    throw new MdpError('kafka-unreachable', `Kafka gives no record at offset ${offsets[this.#index]} of ` +
      `${topic}/${partition}, nor any behind it, within ${patienceMs} ms. Check that the brokers run.`);
  }
}
