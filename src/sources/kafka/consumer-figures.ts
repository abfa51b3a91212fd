import type { RecentMessages } from '../../kafka/recent-messages.ts';
import type { Clock } from '../../model/clock.ts';
import type { TopicStatus } from '../../model/status.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import type { HeldPartition } from './held-partition.ts';
import { TopicFigures, type TopicFiguresValues } from './topic-figures.ts';

export interface ConsumerFiguresOptions {
  readonly topicStats: TopicFiguresValues;
  readonly clock: Clock;
  /** Where messages are shown; absent where nobody looks. */
  readonly recent?: RecentMessages;
}

export interface FetchRead {
  readonly messages: number;
  readonly fetchedAtMs: number;
}

/** A Fetch whose messages wait for their lane or their budget is shown while it is read, so often. */
const showEveryMs = 250;

/**
 * What a consumer of Kafka counts and times, over all its sessions: once for each Fetch, batch and commit, never for a
 * message.
 */
export class ConsumerFigures {
  messages = 0;
  fetches = 0;
  consumeMs = 0; // All Fetches together.
  commits = 0;
  commitsFailed = 0;
  commitMs = 0; // All commits together.
  readonly #options: ConsumerFiguresOptions;
  readonly #topics: TopicFigures;
  readonly #shownAtMs = new WeakMap<HeldPartition, number>();

  constructor(options: ConsumerFiguresOptions) {
    this.#options = options;
    this.#topics = new TopicFigures(options.topicStats);
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  topics(): readonly TopicStatus[] {
    return this.#topics.status();
  }

  /** Before a batch is handed on: the same batch, timed until it is folded. Its Fetch came at `fetchedAtMs`. */
  timed({ topic }: HeldPartition, batch: TickBatch, fetchedAtMs: number): TickBatch {
    return {
      ...batch,
      release: () => {
        this.#topics.time(topic, 'fold', this.nowMs() - fetchedAtMs);
        batch.release?.();
      },
    };
  }

  /** After a batch was handed on, while the memory of its Fetch is still there. */
  handedOn(held: HeldPartition): void {
    if (this.nowMs() - (this.#shownAtMs.get(held) ?? 0) >= showEveryMs) this.#show(held);
  }

  /** When nothing more of a Fetch is read, while its memory is still there. `messages`: those that were read. */
  fetchRead(held: HeldPartition, { messages, fetchedAtMs }: FetchRead): void {
    const nowMs = this.nowMs();
    this.messages += messages;
    this.fetches++;
    this.consumeMs += nowMs - fetchedAtMs;
    this.#topics.countFetch(held.topic, messages, nowMs);
    this.#topics.time(held.topic, 'consume', nowMs - fetchedAtMs);
    this.#show(held);
    held.tail.letGo();
  }

  committed(topic: string, { sinceMs, failed }: { readonly sinceMs: number; readonly failed: boolean }): void {
    const tookMs = this.nowMs() - sinceMs;
    this.commitMs += tookMs;
    if (failed) this.commitsFailed++;
    else this.commits++;
    this.#topics.time(topic, 'commit', tookMs);
  }

  #show(held: HeldPartition): void {
    const { recent } = this.#options;
    if (recent === undefined || !recent.isOn) return;
    this.#shownAtMs.set(held, this.nowMs());
    const { per_topic: messagesMax, message_bytes_max: bytesMax } = recent.values;
    recent.add(held.topic, held.tail.copies(held.partition, { messagesMax, bytesMax }));
  }
}
