import { MdpError } from '../../errors.ts';
import type { Kafka } from '../../kafka/client.ts';
import { topicId } from '../../kafka/topic-id.ts';
import type { Clock } from '../../model/clock.ts';
import type { Lane } from '../../model/lane.ts';
import type { HeldPartition } from './held-partition.ts';

export interface TopicIdClients {
  /** For lanes that are taken up, which wait for it. */
  readonly patient: Kafka;
  /** For a look now and then: brokers that do not answer are given up soon, so that no end waits for them. */
  readonly quick: Kafka;
}

/** One membership, as far as its partitions are looked at. */
export interface WatchedSession {
  readonly held: readonly HeldPartition[];
  /** Nothing more of this partition is read, for that reason. */
  failed(held: HeldPartition, error: unknown): void;
}

/**
 * Whether topics are still those that lanes were taken up from. A topic that is deleted, made anew and longer than our
 * position before the next Fetch is read on by kafkajs as if nothing had happened; only its id is another one.
 */
export class TopicIds {
  readonly #source: string;
  /** By topic: what is being asked. */
  readonly #asked = new Map<string, Promise<string | null>>();
  /** Over all sessions. */
  readonly #ofLane = new WeakMap<Lane, string>();
  #clients: TopicIdClients | null = null;

  constructor(source: string) {
    this.#source = source;
  }

  /** A session begins, and asks by these clients. */
  begin(clients: TopicIdClients): void {
    this.#clients = clients;
    this.#asked.clear();
  }

  /** Null where the brokers have no ids. Throws what kafkajs throws. */
  of(topic: string): Promise<string | null> {
    const asking = this.#asked.get(topic) ?? topicId(this.#clients!.patient, topic);
    this.#asked.set(topic, asking);
    return asking.finally(() => { if (this.#asked.get(topic) === asking) this.#asked.delete(topic); });
  }

  /** This lane reads, or reads on, a topic of this id. Throws an MdpError `log-changed` where it has read another one. */
  took(lane: Lane, { name }: HeldPartition, id: string | null): void {
    if (id === null) return;
    const before = this.#ofLane.get(lane) ?? id;
    this.#ofLane.set(lane, before);
    if (before === id) return;
    throw new MdpError('log-changed', `Source "${this.#source}": partition ${name} was deleted and made anew: its topic ` +
      `has the id ${id} now, and had ${before} when its lane was taken up. Bring the old one back, or give the source ` +
      `another name; \`mdp run --rebuild ${this.#source}\` folds what the topic holds now from its beginning.`);
  }

  /** Looks at what a session reads, now and whenever `everyMs` have passed, until `signal` fires. */
  async watch(session: WatchedSession, { clock, everyMs, signal }: Watch): Promise<void> {
    while (!signal.aborted) {
      await this.look(session);
      await clock.wait(everyMs, signal);
    }
  }

  /** Brokers that do not answer say nothing: they are asked again. */
  async look(session: WatchedSession): Promise<void> {
    const { quick } = this.#clients!;
    const topics = new Set(session.held.map(({ topic }) => topic));
    await Promise.all([...topics].map(async (topic) => {
      const id = await topicId(quick, topic).catch(() => null);
      for (const held of session.held) if (held.topic === topic) this.#check(session, held, id);
    }));
  }

  #check(session: WatchedSession, held: HeldPartition, id: string | null): void {
    if (held.lane === null || held.error !== null || held.isGone) return;
    try {
      this.took(held.lane, held, id);
    } catch (error) {
      session.failed(held, error);
    }
  }
}

interface Watch {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}
