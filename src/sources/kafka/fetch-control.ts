import type { Consumer } from '../../kafka/client.ts';
import type { HeldPartition } from './held-partition.ts';

/**
 * Says what is fetched, and from where. kafkajs keeps what is paused over a rebalance and forgets where it stood, so that
 * both are said anew for every partition whenever the group is joined. A consumer that has crashed has no group any more:
 * then there is nothing to say.
 */
export class FetchControl {
  readonly #consumer: Consumer;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  pause(held: readonly HeldPartition[]): void {
    if (held.length === 0) return;
    unlessCrashed(() => this.#consumer.pause(held.map(({ topic, partition }) => ({ topic, partitions: [partition] }))));
  }

  /** It is fetched from the record on that was read last, which is seen again; its lane gets the next one first. */
  fetchFrom(held: HeldPartition): void {
    const { topic, partition } = held;
    held.checkAgain();
    held.fetchNext = held.check?.offset ?? held.next;
    unlessCrashed(() => {
      this.#consumer.seek({ topic, partition, offset: String(held.fetchNext) });
      this.#consumer.resume([{ topic, partitions: [partition] }]);
    });
  }
}

export function isOfKafka(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

function unlessCrashed(say: () => void): void {
  try {
    say();
  } catch (error) {
    if (!isOfKafka(error)) throw error;
  }
}
