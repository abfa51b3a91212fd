import type { RecentMessage, RecentTopics } from '../model/message.ts';
import type { ValuesOf } from '../model/setting.ts';
import type { kafkaRecentMessagesSettings } from './settings.ts';

export type RecentMessagesValues = ValuesOf<typeof kafkaRecentMessagesSettings>;

/** Beside its bytes a message takes about this much: two views of them and an object. */
const overheadBytes = 300;

interface Topic {
  messages: RecentMessage[]; // Newest last.
  bytes: number;
}

/**
 * The last messages of each topic, for people who look: copies, filled by whoever reads, asked for by the server. What it
 * takes is bounded three times: messages of a topic, topics, and bytes of all together. Who must go is the topic that was
 * written to or asked for least recently; where there is only one, its oldest message.
 */
export class RecentMessages implements RecentTopics {
  readonly values: RecentMessagesValues;
  /** In the order of their last use. */
  readonly #topics = new Map<string, Topic>();
  readonly #read = new Set<string>();
  #bytes = 0;

  constructor(values: RecentMessagesValues) {
    this.values = values;
  }

  get isOn(): boolean {
    return this.values.per_topic > 0;
  }

  /** Topics and bytes that are kept now. */
  get size(): { readonly topics: number; readonly bytes: number } {
    return { topics: this.#topics.size, bytes: this.#bytes };
  }

  /** Somebody reads these topics, though they may hold nothing yet. There are as many as the configuration names. */
  expect(topics: readonly string[]): void {
    for (const topic of topics) this.#read.add(topic);
  }

  /** Takes the newest messages of one partition, in the order of the log. What it had from their first offset on is old. */
  add(topic: string, messages: readonly RecentMessage[]): void {
    if (messages.length === 0 || !this.isOn) return;
    const { per_topic, topics_max, bytes_max } = this.values;
    const known = this.#touch(topic) ?? { messages: [], bytes: 0 };
    this.#topics.set(topic, known);
    const [{ partition, offset }] = messages;
    const kept = known.messages.filter((message) => message.partition !== partition || message.offset < offset);
    this.#replace(known, [...kept, ...messages].slice(-per_topic));
    for (const [name, oldest] of this.#topics) {
      if (this.#topics.size <= topics_max && this.#bytes <= bytes_max) return;
      if (oldest === known) break;
      this.#replace(oldest, []);
      this.#topics.delete(name);
    }
    while (this.#bytes > bytes_max && known.messages.length > 0) this.#replace(known, known.messages.slice(1));
  }

  of(topic: string): readonly RecentMessage[] | null {
    const known = this.#touch(topic);
    return known?.messages.toReversed() ?? (this.#read.has(topic) ? [] : null);
  }

  #touch(topic: string): Topic | undefined {
    const known = this.#topics.get(topic);
    if (known === undefined) return undefined;
    this.#topics.delete(topic);
    this.#topics.set(topic, known);
    return known;
  }

  #replace(topic: Topic, messages: RecentMessage[]): void {
    const bytes = messages.reduce((total, { key, value }) =>
      total + overheadBytes + (key?.length ?? 0) + (value?.length ?? 0), 0);
    this.#bytes += bytes - topic.bytes;
    topic.bytes = bytes;
    topic.messages = messages;
  }
}
