import type { Admin } from '../../kafka/client.ts';

/** Where a partition's log begins and ends, and where a lane begins that never was. */
export interface PartitionOffsets {
  /** Of the first record that is still there. */
  readonly first: number;
  /** Behind the last one. */
  readonly end: number;
  readonly beginAt: number;
  /** Of its topic. */
  readonly partitions: number;
}

/** Where a lane begins that never was: at the first record, behind the last, or at the first not older than a time. */
export type StartAt = 'earliest' | 'latest' | { readonly timeMs: number };

type ByPartition = ReadonlyMap<number, PartitionOffsets>;

/** Asks the brokers about whole topics, once for all partitions that are taken up together. */
export class TopicOffsets {
  readonly #admin: Admin;
  readonly #startAt: StartAt;
  readonly #asked = new Map<string, Promise<ByPartition>>();

  constructor(admin: Admin, startAt: StartAt) {
    this.#admin = admin;
    this.#startAt = startAt;
  }

  /** Null: the topic has no such partition any more. */
  async of(topic: string, partition: number): Promise<PartitionOffsets | null> {
    const asked = this.#asked.get(topic) ?? this.#ask(topic);
    this.#asked.set(topic, asked);
    try {
      return (await asked).get(partition) ?? null;
    } finally {
      this.#asked.delete(topic);
    }
  }

  async #ask(topic: string): Promise<ByPartition> {
    const [bounds, begins] = await Promise.all([this.#admin.fetchTopicOffsets(topic), this.#begins(topic)]);
    return new Map(bounds.map(({ partition, low, high }) => {
      const [first, end] = [Number(low), Number(high)];
      const beginAt = begins?.get(partition) ?? (this.#startAt === 'latest' ? end : first);
      return [partition, { first, end, beginAt, partitions: bounds.length }];
    }));
  }

  async #begins(topic: string): Promise<ReadonlyMap<number, number> | null> {
    if (typeof this.#startAt === 'string') return null;
    const found = await this.#admin.fetchTopicOffsetsByTimestamp(topic, this.#startAt.timeMs);
    return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
  }
}
