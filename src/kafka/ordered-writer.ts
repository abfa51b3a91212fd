import type { Message } from './client.ts';
import { isAnswer } from './kafka-error.ts';
import type { TopicProducer } from './topic-producer.ts';

/** The key decides the partition. */
export interface KeyedMessage {
  readonly key: string;
  readonly value: string;
}

/**
 * What goes to a partition at once, in characters: a character is at most three bytes, and brokers take 1 MiB as one record
 * batch unless told otherwise.
 */
const charactersMax = 250_000;

/** What a broker says that has lost count of the messages of a producer, or has given its number to another one. */
const countLost = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING',
];

/**
 * Writes batches of messages to one topic, one batch at a time, each message once and those of a key in order.
 *
 * A call that has failed, or that nobody waited for, is made again with the same batch: what is safe is passed over, what is
 * under way is waited for, and the rest goes on with the very call that failed, as an idempotent producer wants it. When
 * another batch comes in its place, that one was given up: the broker may have it, under numbers that the next messages
 * would bear as well and be dropped for as written already. So a new producer begins, with numbers of its own.
 *
 * Twice stands only what was being written when the process died, or the broker lost count.
 */
export class OrderedWriter {
  readonly #connect: () => Promise<TopicProducer>;
  #producer: Promise<TopicProducer> | null = null;
  #last: BatchWrite | null = null;

  /** `connect` opens a producer with delivery `once` that nobody else writes with. */
  constructor(connect: () => Promise<TopicProducer>) {
    this.#connect = connect;
  }

  /** Calls may overlap. Throws what `connect` throws; then it may be called again. */
  open(): Promise<TopicProducer> {
    if (this.#producer !== null) return this.#producer;
    const opening = this.#producer = this.#connect();
    opening.catch(() => { if (this.#producer === opening) this.#producer = null; });
    return opening;
  }

  /**
   * Resolves when all in-sync replicas have all of them. A batch is told from others by its identity; one that comes while
   * another is under way waits for how that ends. Throws what kafkajs throws.
   */
  write(batch: object, messagesOf: () => Iterable<KeyedMessage>): Promise<void> {
    if (this.#last?.batch !== batch) this.#last = { batch, messagesOf, before: this.#last, parts: null, underWay: null };
    const own = this.#last;
    own.underWay ??= this.#write(own).finally(() => { own.underWay = null; });
    return own.underWay;
  }

  /** Never throws. It can be opened again. */
  async close(): Promise<void> {
    const closing = this.#producer;
    this.#producer = null;
    await closing?.then((producer) => producer.close(), () => {});
  }

  async #write(own: BatchWrite): Promise<void> {
    if (own.before !== null) {
      await own.before.underWay?.catch(() => {});
      if (own.before.parts?.every((part) => part.isSafe) === false) void this.close();
      own.before = null;
    }
    const producer = await this.open();
    own.parts ??= partsOf(own.messagesOf(), producer);
    const outcomes = await Promise.allSettled(own.parts.map((part) => part.send(producer)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    if (isAnswer(failed.reason, countLost)) void this.close();
    throw failed.reason;
  }
}

/** One batch on its way. */
interface BatchWrite {
  readonly batch: object;
  readonly messagesOf: () => Iterable<KeyedMessage>;
  /** What came before it, until it is known how that has ended. */
  before: BatchWrite | null;
  /** Null until there is a producer: nothing of it is written. */
  parts: readonly PartitionPart[] | null;
  underWay: Promise<void> | null;
}

/** What goes to one partition. */
class PartitionPart {
  readonly #partition: number;
  readonly #chunks: Message[][];

  constructor(partition: number, chunks: Message[][]) {
    this.#partition = partition;
    this.#chunks = chunks;
  }

  get isSafe(): boolean {
    return this.#chunks.length === 0;
  }

  /** Calls do not overlap. */
  async send(producer: TopicProducer): Promise<void> {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      try {
        await producer.send(this.#partition, chunk);
        this.#chunks.shift();
      } catch (error) {
        if (chunk.length === 1 || !isAnswer(error, ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])) throw error;
        const half = chunk.length >> 1; // None of them was written.
        this.#chunks.splice(0, 1, chunk.slice(0, half), chunk.slice(half));
      }
    }
  }
}

function partsOf(messages: Iterable<KeyedMessage>, producer: TopicProducer): PartitionPart[] {
  const parts = new Map<number, { readonly chunks: Message[][]; characters: number }>();
  const partitions = new Map<string, number>();
  for (const { key, value } of messages) {
    const partition = partitions.get(key) ?? producer.partitionOf(key);
    partitions.set(key, partition);
    const part = parts.get(partition) ?? { chunks: [[]], characters: 0 };
    parts.set(partition, part);
    part.characters += key.length + value.length;
    if (part.characters > charactersMax && part.chunks.at(-1)!.length > 0) {
      part.chunks.push([]);
      part.characters = key.length + value.length;
    }
    part.chunks.at(-1)!.push({ key, value });
  }
  return [...parts].map(([partition, { chunks }]) => new PartitionPart(partition, chunks));
}
