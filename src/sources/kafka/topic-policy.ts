import { MdpError, messageOf } from '../../errors.ts';
import { topicConfig, type Admin } from '../../kafka/client.ts';
import { isNotAllowed } from '../../kafka/kafka-error.ts';

/**
 * Refuses topics whose brokers compact them: those throw away all but the last message of each key, so that a log that is
 * folded again is another one, and its bars are others. Asks once a topic and session.
 */
export class TopicPolicy {
  readonly #source: string;
  readonly #onTrouble: (message: string) => void;
  /** By topic. */
  readonly #asked = new Map<string, Promise<string>>();
  readonly #unknown = new Set<string>();

  constructor(source: string, onTrouble: (message: string) => void) {
    this.#source = source;
    this.#onTrouble = onTrouble;
  }

  /** Another session: whoever has mended a topic has done so before it. */
  begin(): void {
    this.#asked.clear();
  }

  /** Throws an MdpError `topic-compacted`, or what kafkajs throws. Where nobody may look, people are told once. */
  async check(admin: Admin, topic: string): Promise<void> {
    const asking = this.#asked.get(topic) ?? this.#ask(admin, topic);
    this.#asked.set(topic, asking);
    const policy = await asking.catch((error: unknown) => {
      this.#asked.delete(topic);
      throw error;
    });
    if (!policy.split(',').some((part) => part.trim() === 'compact')) return;
    throw new MdpError('topic-compacted', `Source "${this.#source}": topic ${topic} is compacted (its cleanup.policy is ` +
      `"${policy}"): its brokers throw away all messages of a key but the last, and bars would miss the trades. Set the ` +
      'policy to "delete" if the messages are still there, or write the trades to another topic; then start again.');
  }

  async #ask(admin: Admin, topic: string): Promise<string> {
    try {
      return await topicConfig(admin, topic, 'cleanup.policy') ?? '';
    } catch (error) {
      if (!isNotAllowed(error)) throw error;
      if (!this.#unknown.has(topic)) {
        this.#onTrouble(`Kafka, source ${this.#source}: whether topic ${topic} is compacted cannot be seen ` +
          `(${messageOf(error)}). Bars of a compacted topic would be wrong: allow DescribeConfigs on it, or look yourself.`);
      }
      this.#unknown.add(topic);
      return '';
    }
  }
}
