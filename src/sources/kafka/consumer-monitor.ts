import type { MdpError } from '../../errors.ts';
import type { Consumer } from '../../kafka/client.ts';
import type { KafkaValues } from '../../kafka/settings.ts';
import type { RecentMessages } from '../../kafka/recent-messages.ts';
import { messageOf } from '../../errors.ts';
import type { Clock } from '../../model/clock.ts';
import type { ConsumerStatus, PartitionStatus } from '../../model/status.ts';
import { ConsumerFigures } from './consumer-figures.ts';
import { ConsumerLife } from './consumer-life.ts';
import { ConsumerWatchdog } from './consumer-watchdog.ts';
import type { HeldPartition } from './held-partition.ts';
import type { ConsumerLook } from './silence-watch.ts';
import type { TopicOffsets } from './topic-offsets.ts';

export interface ConsumerMonitorOptions {
  readonly source: string;
  readonly group: string;
  readonly kafka: Pick<KafkaValues, 'topic_stats' | 'watchdog' | 'health_check_ms'>;
  readonly clock: Clock;
  readonly recent?: RecentMessages;
  readonly onDead: (error: MdpError) => void;
}

/** One membership, as far as it is looked at. */
export interface MonitoredSession {
  readonly held: readonly HeldPartition[];
  readonly readers: ReadonlySet<object>;
}

/** All that is shown of a consumer, over all its sessions, and what says that it is dead. Looks, and touches nothing. */
export class ConsumerMonitor {
  readonly figures: ConsumerFigures;
  readonly #life = new ConsumerLife();
  readonly #watchdog: ConsumerWatchdog;
  readonly #options: ConsumerMonitorOptions;
  #session: MonitoredSession | null = null;
  #offsets: TopicOffsets | null = null;
  /** What read a Fetch when we looked last. */
  #readers: ReadonlySet<object> = new Set();
  #isRunning = false;

  constructor(options: ConsumerMonitorOptions) {
    const { source, kafka, clock, recent, onDead } = options;
    this.#options = options;
    const shown = recent === undefined ? {} : { recent };
    this.figures = new ConsumerFigures({ topicStats: kafka.topic_stats, clock, ...shown });
    this.#watchdog = new ConsumerWatchdog({
      source, stallMs: kafka.watchdog.stall_ms, restartsMax: kafka.watchdog.restarts_max, clock, onDead,
      vainSessions: () => this.#life.vainSessions, look: () => this.#look(),
    });
  }

  /** Looks at it until `signal` fires. Only the first call counts. */
  run(signal: AbortSignal): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#watchdog.run(signal);
    void this.#askBrokers(signal);
  }

  /** A session begins. */
  begin(session: MonitoredSession, consumer: Consumer, offsets: TopicOffsets): void {
    this.#session = session;
    this.#offsets = offsets;
    this.#life.begin(consumer, this.figures.messages);
  }

  /** It could not begin, or has ended by a fault. */
  failed(): void {
    this.#life.failed(this.figures.messages);
  }

  /** Nothing more is to be read. */
  left(): void {
    this.#life.left();
  }

  status(): ConsumerStatus {
    const { figures } = this;
    const { connection, memberId, sessions, joins, crashes, brokersProblem } = this.#life;
    return {
      group: this.#options.group, connection, memberId, sessions, joins, crashes, brokersProblem,
      partitions: connection === 'member' ? (this.#session?.held.map(partitionStatus) ?? []) : [],
      messages: figures.messages, fetches: figures.fetches, consumeMs: figures.consumeMs, commits: figures.commits,
      commitsFailed: figures.commitsFailed, commitMs: figures.commitMs, topics: figures.topics(),
      watchdog: this.#watchdog.status(),
    };
  }

  #look(): Omit<ConsumerLook, 'nowMs'> {
    const { connection, fetches } = this.#life;
    const readers = new Set(this.#session?.readers);
    const stayed = [...readers].some((reader) => this.#readers.has(reader));
    this.#readers = readers;
    const partitions = this.#session?.held.map((held) => (
      { name: held.name, position: positionOf(held), isBehind: held.state === 'reading' && (lagOf(held) ?? 0) > 0 }));
    return {
      partitions: connection === 'member' ? (partitions ?? []) : null, fetches, isHeldBack: connection === 'left' || stayed,
    };
  }

  /** A consumer that hears nothing does not hear that there is more: the brokers are asked by another connection. */
  async #askBrokers(signal: AbortSignal): Promise<void> {
    const { clock, kafka } = this.#options;
    for (;;) {
      await clock.wait(kafka.health_check_ms, signal);
      if (signal.aborted) return;
      if (this.#life.connection !== 'member') continue;
      try {
        await Promise.all((this.#session?.held ?? []).map((held) => this.#askEnd(held)));
        this.#life.brokersProblem = null;
      } catch (error) {
        this.#life.brokersProblem = messageOf(error);
      }
    }
  }

  async #askEnd(held: HeldPartition): Promise<void> {
    if (held.lane === null) return;
    const told = await this.#offsets?.of(held.topic, held.partition);
    if (told !== null && told !== undefined) held.logEnd = Math.max(held.logEnd ?? 0, told.end); // A Fetch may know more.
  }
}

/** Where the next Fetch begins: behind the last record of ours there may be some that are handed to nobody. */
function positionOf({ next, fetchNext }: HeldPartition): number {
  return Math.max(next, fetchNext);
}

function lagOf(held: HeldPartition): number | null {
  return held.logEnd === null || held.lane === null ? null : Math.max(0, held.logEnd - positionOf(held));
}

function partitionStatus(held: HeldPartition): PartitionStatus {
  const { topic, partition, lane, state, logEnd, error } = held;
  return {
    topic, partition, lane: lane?.name ?? null, state, position: positionOf(held), logEnd, lag: lagOf(held),
    problem: error?.message ?? null,
  };
}
