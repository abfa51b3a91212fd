import { randomUUID } from 'node:crypto';
import { healsByWaiting, isProgramFault, MdpError } from '../errors.ts';
import { checkConnection, createClient, type Admin } from '../kafka/client.ts';
import { decompress } from '../kafka/codecs.ts';
import { FetchTap } from '../kafka/fetch-tap.ts';
import { kafkaError } from '../kafka/kafka-error.ts';
import { aborted } from '../model/aborted.ts';
import type { Gap } from '../model/gap.ts';
import type { Lane, Resume } from '../model/lane.ts';
import type { ConsumerStatus } from '../model/status.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import { ConsumerMonitor } from './kafka/consumer-monitor.ts';
import { ConsumerSession } from './kafka/consumer-session.ts';
import type { MessageDecoder } from './kafka/decoders/decoder.ts';
import { createDecoder } from './kafka/decoders/registry.ts';
import { stoppingAtBad } from './kafka/decoders/stop-at-bad.ts';
import { Membership } from './kafka/membership.ts';
import { kafkaSourceSettings, type KafkaSourceValues } from './kafka/source-settings.ts';
import { parseStart } from './kafka/start.ts';
import { takeUp, type TakeUpParts } from './kafka/take-up.ts';
import { TopicIds } from './kafka/topic-ids.ts';
import { TopicPolicy } from './kafka/topic-policy.ts';
import { TopicOffsets, type StartAt } from './kafka/topic-offsets.ts';
import type { SourceContext, SourceOutside, SourceType } from './settings.ts';
import type { Source } from './source.ts';
import { ColumnPool } from './tick-columns.ts';

/** Brokers that answer let us go at once; the others notice by themselves. */
const leaveMsMax = 3_000;

/** A member hears by its heartbeats that others come or go: that must not take longer where sessions may. */
const heartbeatMsMax = 3_000;

/** Topics may grow: twice as many partitions as there are, and so many at least, are read side by side. */
const readersMin = 16;

/** A member of a consumer group: each partition that it is given is a lane. */
export class KafkaSource implements Source {
  readonly name: string;
  readonly pausable = true;
  readonly #context: SourceContext<KafkaSourceValues>;
  readonly #outside: SourceOutside;
  readonly #startAt: StartAt;
  readonly #decoder: MessageDecoder;
  readonly #pool: ColumnPool;
  readonly #monitor: ConsumerMonitor;
  readonly #membership: Membership;
  readonly #policy: TopicPolicy;
  readonly #ids: TopicIds;
  readonly #ownId = randomUUID();
  readonly #closed = new AbortController();
  #session: ConsumerSession | null = null;
  /** By partition: lanes of sessions that ended by a fault. They go on where they come back to us; others are let go. */
  readonly #left = new Map<string, Lane>();

  /** Throws an MdpError `config-invalid`. */
  constructor(context: SourceContext<KafkaSourceValues>) {
    const { name, values, instruments, outside } = context;
    const invalid = (problem: string): MdpError => new MdpError('config-invalid', `Source "${name}": ${problem}.`);
    if (outside === undefined) throw invalid('is of type kafka and cannot be read here');
    if (values.topics.length === 0) throw invalid('has no topics; name at least one');
    this.name = name;
    this.#context = context;
    this.#outside = outside;
    checkConnection({ ...outside.kafka, brokers: this.#brokers });
    this.#startAt = parseStart(name, values.start);
    this.#pool = new ColumnPool(values.batch_ticks, values.ids, true);
    this.#monitor = new ConsumerMonitor({
      ...outside, source: name, group: this.#group,
      onDead: (error) => outside.onDead?.(name, error),
    });
    this.#membership = new Membership({ ...outside, source: name, group: this.#group });
    this.#policy = new TopicPolicy(name, outside.onTrouble);
    this.#ids = new TopicIds(name);
    outside.recent?.expect(values.topics);
    const decoder = createDecoder({
      source: name, values, instruments, clock: outside.clock, abort: this.#closed.signal,
      onTrouble: outside.onTrouble,
    });
    this.#decoder = outside.kafka.batch_error_isolation ? decoder : stoppingAtBad(decoder);
  }

  /** Joins the group. After a lost connection it joins anew, and lanes that it is given again go on where they were. */
  async *read(resume: Resume, drain: AbortSignal): AsyncGenerator<TickBatch | Gap, void> {
    this.#monitor.run(this.#closed.signal);
    const beginning = this.#begin(resume, drain);
    beginning.catch(() => {}); // Who asks us to stop does not wait for brokers that do not answer.
    try {
      const begun = await Promise.race([beginning, aborted(drain).then(() => null)]);
      if (begun !== null && begun.first.done !== true) {
        yield begun.first.value;
        yield* begun.items;
      }
      this.#monitor.left();
    } catch (error) {
      this.#monitor.failed();
      if (isProgramFault(error)) throw error; // Nothing that the brokers could be blamed for.
      const told = kafkaError(error, this.#brokers, `read ${this.#context.values.topics.join(', ')}`);
      if (!healsByWaiting(told)) void this.#session?.leave(); // Its partitions are for others to read.
      throw told;
    }
  }

  /** Up to the first item; null when nothing is wanted any more by then. */
  async #begin(resume: Resume, drain: AbortSignal): Promise<Begun | null> {
    await this.#leaveLast();
    const session = await this.#join(resume);
    if (drain.aborted) {
      await session.leave();
      return null;
    }
    const items = session.items(drain);
    return { items, first: await items.next() };
  }

  async #leaveLast(): Promise<void> {
    await this.#session?.leave();
    for (const { name, lane } of this.#session?.held ?? []) if (lane !== null) this.#left.set(name, lane);
  }

  get #brokers(): readonly string[] {
    const { brokers } = this.#context.values;
    return brokers.length > 0 ? brokers : this.#outside.kafka.brokers;
  }

  /** Beside those who read for good nobody may be a member of their group. */
  get #group(): string {
    const group = this.#context.values.group_id ?? this.#outside.kafka.group_id;
    if (this.#outside.only !== undefined) return `${group}.verify.${this.#ownId}`;
    return this.#isGuest ? `${group}.serve.${this.#ownId}` : group;
  }

  /** Reads beside somebody: its group ends with it, and has no offsets. */
  get #isGuest(): boolean {
    return this.#outside.only !== undefined || this.#outside.looksOn === true;
  }

  get #topics(): readonly string[] {
    const { only } = this.#outside;
    return this.#context.values.topics.filter((topic) => only === undefined || only.startsWith(`${topic}/`));
  }

  async #join(resume: Resume): Promise<ConsumerSession> {
    const { values, instruments, batchSpanMs, clock } = this.#context;
    const { kafka: shared, onTrouble, only } = this.#outside;
    const heartbeatMs = Math.min(heartbeatMsMax, values.session_timeout_ms / 3);
    const tap = new FetchTap({ enabled: values.read_path === 'bytes' });
    const ofBrokers = { ...shared, brokers: this.#brokers };
    const kafka = createClient({
      values: ofBrokers, socketFactory: tap.socketFactory,
      log: (level, message) => { if (level === 'error') onTrouble(`Kafka, source ${this.name}: ${message}`); },
    });
    const admin = kafka.admin();
    await admin.connect();
    const { clusterId, partitions } = await lookAround(admin, this.#topics).catch(async (error: unknown) => {
      await admin.disconnect().catch(() => {});
      throw error;
    });
    const parts: TakeUpParts = {
      source: this.name, clusterId, offsets: new TopicOffsets(admin, this.#startAt), ids: this.#ids, resume,
    };
    this.#policy.begin();
    this.#ids.begin({ patient: kafka, quick: createClient({ values: ofBrokers, log: () => {}, retry: { retries: 0 } }) });
    const ended = new AbortController();
    const consumer = kafka.consumer({
      groupId: this.#group, sessionTimeout: values.session_timeout_ms, heartbeatInterval: heartbeatMs,
      maxBytesPerPartition: values.max_bytes_per_partition,
      maxWaitTimeInMs: 250, retry: { restartOnFailure: async () => false },
    });
    this.#session = new ConsumerSession({
      consumer, topics: this.#topics, isAlone: only !== undefined, readersMax: Math.max(readersMin, 2 * partitions),
      decompress, tap, instruments, clock: this.#outside.clock,
      figures: this.#monitor.figures, heartbeatMs, room: (lane) => resume.room(lane),
      reading: {
        decoder: this.#decoder, pool: this.#pool, batchTicks: values.batch_ticks, batchSpanMs, nowMs: clock,
        keepsOriginals: values.dead_letter_topic !== null, isTraced: this.#outside.isTraced === true,
      },
      takeUp: async (held) => {
        if (only !== undefined && only !== held.name) return aborted(this.#closed.signal); // It is not fetched.
        await this.#policy.check(admin, held.topic);
        await takeUp(held, parts);
        if (held.lane !== null) this.#membership.took(held.lane);
      },
      onFailed: ({ name, error }) => onTrouble(`Source ${this.name} does not read partition ${name}: ${error?.message}`),
      giveUp: ({ lane }) => { if (lane !== null) resume.release(lane); },
      onGiven: (names) => {
        for (const [name, lane] of this.#left) if (!names.has(name)) resume.release(lane);
        this.#left.clear();
      },
      isCut: async ({ topic, partition, next }) => ((await parts.offsets.of(topic, partition))?.first ?? 0) > next,
      onLeft: async () => {
        ended.abort();
        // Brokers forget a group without members, too, but not soon.
        if (this.#isGuest) await admin.deleteGroups([this.#group]).catch(() => {});
        await admin.disconnect();
      },
    });
    const session = this.#session;
    this.#monitor.begin(session, consumer, parts.offsets);
    consumer.on('consumer.group_join', () => void this.#ids.look(session));
    void this.#ids.watch(session, { clock: this.#outside.clock, everyMs: shared.health_check_ms, signal: ended.signal });
    this.#membership.begin(kafka, consumer, () => session.held.flatMap(({ lane }) => (lane === null ? [] : [lane])));
    return session;
  }

  retake(lane: Lane): void {
    this.#session?.retake(lane);
  }

  checkpointed(lane: Lane, position: number): void {
    if (!this.#isGuest) void this.#session?.commit(lane, position);
  }

  problem(): string | null {
    const failed = this.#session?.held.find(({ error }) => error !== null);
    return failed?.error?.message ?? null;
  }

  consumer(): ConsumerStatus {
    return this.#monitor.status();
  }

  logEnd(lane: Lane): number | null {
    return this.#session?.held.find((held) => held.lane === lane)?.logEnd ?? null;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const waiting = new AbortController();
    await Promise.race([this.#session?.leave(), this.#outside.clock.wait(leaveMsMax, waiting.signal)]);
    waiting.abort();
  }
}

/** Which cluster it is, and how many partitions the topics have together. */
async function lookAround(admin: Admin, names: readonly string[]): Promise<{ clusterId: string; partitions: number }> {
  const { clusterId } = await admin.describeCluster();
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
  return { clusterId, partitions: topics.reduce((sum, topic) => sum + topic.partitions.length, 0) };
}

interface Begun {
  readonly items: AsyncGenerator<TickBatch | Gap, void>;
  readonly first: IteratorResult<TickBatch | Gap, void>;
}

export const kafkaSource: SourceType<typeof kafkaSourceSettings> = {
  settings: kafkaSourceSettings,
  create: (context) => new KafkaSource(context),
};
