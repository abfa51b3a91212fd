import type { Message } from '../kafka/client.ts';
import type { TopicProducer } from '../kafka/topic-producer.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { TickMessages } from '../sources/kafka/decoders/tick-messages.ts';

/**
 * Characters of keys and values that go to one partition at once. A character is at most three bytes, and 750 kB are less
 * than the 1 MiB that brokers take as one record batch unless told otherwise, with 4,000 headers of records of 20 bytes.
 */
const charactersMax = 250_000;

export interface TickWriterParts {
  readonly producer: Pick<TopicProducer, 'partitionOf' | 'send'>;
  readonly messages: TickMessages;
  /** Repeats what fails for a while; see `BrokerCalls`. */
  readonly persist: (work: () => Promise<unknown>) => Promise<unknown>;
}

/** Writes batches of ticks to the partitions of a topic, in order, each tick to the partition of its symbol. */
export class TickWriter {
  /** Ticks that the brokers have taken for good. */
  written = 0;
  readonly #parts: TickWriterParts;
  /** By instrument. */
  readonly #partitions: number[] = [];

  constructor(parts: TickWriterParts) {
    this.#parts = parts;
  }

  /** Resolves when all of the batch is safe. Calls do not overlap. */
  async write(batch: TickBatch): Promise<void> {
    const writing = [...this.#byPartition(batch)].map(([partition, chunks]) => this.#writeAll(partition, chunks));
    const failed = (await Promise.allSettled(writing)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #writeAll(partition: number, chunks: readonly Message[][]): Promise<void> {
    const { producer, persist } = this.#parts;
    for (const chunk of chunks) {
      await persist(() => producer.send(partition, chunk));
      this.written += chunk.length;
    }
  }

  #byPartition(batch: TickBatch): Map<number, Message[][]> {
    const { messages } = this.#parts;
    const partitions = new Map<number, { readonly chunks: Message[][]; characters: number }>();
    for (let row = 0; row < batch.length; row++) {
      const message = { key: messages.key(batch, row), value: messages.value(batch, row) };
      const partition = this.#partitionOf(batch.instrument[row], message.key);
      const characters = message.key.length + message.value.length;
      const place = partitions.get(partition) ?? { chunks: [[]], characters: 0 };
      partitions.set(partition, place);
      place.characters += characters;
      if (place.characters > charactersMax && place.chunks.at(-1)!.length > 0) {
        place.chunks.push([]);
        place.characters = characters;
      }
      place.chunks.at(-1)!.push(message);
    }
    return new Map([...partitions].map(([partition, { chunks }]) => [partition, chunks]));
  }

  #partitionOf(instrument: number, key: string): number {
    return this.#partitions[instrument] ??= this.#parts.producer.partitionOf(key);
  }
}
