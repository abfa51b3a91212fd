import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from './kafka/broker.ts';
import { Certificates, scramArguments, type Listener, type ListenerName } from './kafka/listeners.ts';
import { brokerProperties, logDirectory, network, type KafkaOptions, type Network } from './kafka/properties.ts';
import {
  decoded, encoded, type ProduceOptions, type ReadRecord, type RecordToWrite, type WrittenRecord,
} from './kafka/records.ts';
import type { TcpProxy } from './tcp-proxy.ts';

export { whyNoKafka } from './kafka/broker.ts';
export { users, type ListenerName } from './kafka/listeners.ts';
export type { KafkaOptions } from './kafka/properties.ts';
export type { ProduceOptions, RecordToWrite, WrittenRecord } from './kafka/records.ts';

export interface GroupDescription {
  readonly state: string;
  readonly members: readonly { readonly id: string; readonly clientId: string; readonly partitions: readonly string[] }[];
  /** By "topic-partition". */
  readonly committed: Readonly<Record<string, number>>;
}

const recordsPerRequest = 20_000;

/** A Kafka of the test's own: Apache Kafka in KRaft mode, on free ports of 127.0.0.1, in a temporary directory. */
export class TestKafka {
  /** Null without a listener that talks TLS. */
  readonly certificates: Certificates | null;
  /** One a broker, when `proxied` was asked for. */
  readonly proxies: readonly TcpProxy[];
  readonly #directory: string;
  readonly #brokers: readonly Broker[];
  readonly #listeners: readonly (readonly Listener[])[];

  private constructor(directory: string, options: KafkaOptions, places: Network) {
    this.#directory = directory;
    this.#listeners = places.listeners;
    this.proxies = places.proxies;
    const wantsTls = options.listeners?.some((name) => name.endsWith('tls')) === true;
    this.certificates = wantsTls ? new Certificates(directory) : null;
    const clusterId = `m${randomBytes(16).toString('base64url').slice(1)}`; // One that looks like an option is refused.
    this.#brokers = places.listeners.map((listeners, index) => {
      const configuration = join(directory, `broker-${index + 1}.properties`);
      const place = { number: index + 1, directory, network: places, certificates: this.certificates };
      const properties = brokerProperties(place, options);
      writeFileSync(configuration, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
      const scram = index === 0 && listeners.some(({ name }) => name.startsWith('sasl')) ? scramArguments() : [];
      const storageArguments = ['--cluster-id', clusterId, ...scram];
      return new Broker({ configuration, port: listeners[0].port, storageArguments, jvm: options.jvm ?? [] });
    });
  }

  static async start(options: KafkaOptions = {}): Promise<TestKafka> {
    for (let attempt = 1; ; attempt++) {
      const kafka = new TestKafka(mkdtempSync(join(tmpdir(), 'mdp-kafka-')), options, await network(options));
      try {
        await Promise.all(kafka.#brokers.map((broker) => broker.start()));
        await kafka.#awaitAll();
        return kafka;
      } catch (error) {
        await kafka.dispose();
        // A port that was free may be somebody else's by now.
        if (attempt === 3 || !kafka.log.includes('Address already in use')) throw error;
      }
    }
  }

  /** Address of the first broker, host:port. */
  get bootstrap(): string {
    return this.addresses()[0];
  }

  /** One a broker. */
  addresses(name: ListenerName = 'plain'): string[] {
    return this.#listeners.map((listeners) => {
      const listener = listeners.find((one) => one.name === name);
      if (listener === undefined) throw new Error(`no listener "${name}" was asked for`);
      return `127.0.0.1:${listener.advertisedPort}`;
    });
  }

  /** What the brokers have logged: warnings and errors. */
  get log(): string {
    return this.#brokers.map((broker) => broker.log).join('');
  }

  /** Process ids of the brokers that run. */
  get pids(): number[] {
    return this.#brokers.map((broker) => broker.pid).filter((pid) => pid !== null);
  }

  /** Every partition has a leader when it resolves. */
  async createTopic(topic: string, options: {
    partitions?: number; replicas?: number; config?: Readonly<Record<string, string>>;
  } = {}): Promise<void> {
    await this.#ask({ do: 'createTopic', topic, partitions: 1, replicas: 1, config: {}, ...options });
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#ask({ do: 'deleteTopic', topic });
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#ask({ do: 'addPartitions', topic, total });
  }

  /** Deletes the records of a partition before an offset. */
  async deleteRecords(topic: string, partition: number, before: number): Promise<void> {
    await this.#ask({ do: 'deleteRecords', topic, partition, before });
  }

  /** Lets a user do everything with a topic or a group. */
  async allow(user: string, what: 'topic' | 'group', name: string): Promise<void> {
    await this.#ask({ do: 'allow', user, what, name });
  }

  /** Of each partition: where its log begins, and the offset that comes next. */
  offsets(topic: string): Promise<{ begin: number; end: number }[]> {
    return this.#ask({ do: 'offsets', topic });
  }

  group(group: string): Promise<GroupDescription> {
    return this.#ask({ do: 'group', group });
  }

  /** Writes with Kafka's own producer, in order. The place of each record: [partition, offset]. */
  async produce(
    topic: string, records: readonly RecordToWrite[], options: ProduceOptions = {},
  ): Promise<[number, number][]> {
    const { codec = 'none', batchBytes = 65_536, recordsPerBatch = 0, transaction } = options;
    const places: [number, number][] = [];
    for (let from = 0; from < records.length; from += recordsPerRequest) {
      const isLast = from + recordsPerRequest >= records.length;
      places.push(...await this.#ask<[number, number][]>({
        do: 'produce', topic, codec, batchBytes, recordsPerBatch,
        records: records.slice(from, from + recordsPerRequest).map(encoded),
        ...(transaction === undefined ? {} : { transaction: isLast ? transaction : { ...transaction, end: 'leave-open' } }),
      }));
    }
    return places;
  }

  async endTransaction(id: string, end: 'commit' | 'abort'): Promise<void> {
    await this.#ask({ do: 'endTransaction', transaction: id, end });
  }

  /** All records of a topic by Kafka's own consumer, partition by partition, up to the end that it has now. */
  async read(topic: string, isolation: 'read_committed' | 'read_uncommitted' = 'read_committed'): Promise<WrittenRecord[]> {
    return (await this.#ask<ReadRecord[]>({ do: 'read', topic, isolation })).map(decoded);
  }

  /** The record batches of a partition as they lie in the first file of its log on the first broker. */
  segment(topic: string, partition: number): Buffer {
    return readFileSync(this.#segmentPath(topic, partition));
  }

  /** Puts others in their place, of the same lengths. Only while the broker is stopped, and it was in order. */
  plantSegment(topic: string, partition: number, bytes: Buffer): void {
    writeFileSync(this.#segmentPath(topic, partition), bytes);
  }

  /** `clean` hands its partitions over and syncs its logs; `kill` is a crash. Brokers count from 1; all when not given. */
  async stop(kind: 'clean' | 'kill', broker?: number): Promise<void> {
    await Promise.all(this.#which(broker).map((one) => one.stop(kind)));
  }

  /** On the same ports and the same data. */
  async startAgain(broker?: number): Promise<void> {
    await Promise.all(this.#which(broker).map((one) => one.start()));
    await this.#awaitAll();
  }

  /** Nothing of it runs any more, and every connection stays open. */
  freeze(broker?: number): void {
    for (const one of this.#which(broker)) one.freeze();
  }

  thaw(broker?: number): void {
    for (const one of this.#which(broker)) one.thaw();
  }

  async dispose(): Promise<void> {
    await this.stop('kill');
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #segmentPath(topic: string, partition: number): string {
    return join(logDirectory(this.#directory, 1), `${topic}-${partition}`, '00000000000000000000.log');
  }

  #which(broker: number | undefined): readonly Broker[] {
    return broker === undefined ? this.#brokers : [this.#brokers[broker - 1]];
  }

  /** Until each broker that runs is known to the controller as alive. */
  async #awaitAll(): Promise<void> {
    await this.#ask({ do: 'awaitBrokers', count: this.#brokers.filter((broker) => broker.answers).length });
  }

  #ask<T>(request: Readonly<Record<string, unknown>>): Promise<T> {
    const broker = this.#brokers.find((one) => one.answers);
    return broker === undefined ? Promise.reject(new Error('no broker runs')) : broker.ask<T>(request);
  }
}
