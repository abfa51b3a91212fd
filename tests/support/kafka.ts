import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from './kafka/broker.ts';
import { Certificates, listenerProperties, scramArguments, type Listener, type ListenerName } from './kafka/listeners.ts';
import { freePort } from './postgres.ts';
import { TcpProxy } from './tcp-proxy.ts';

export { whyNoKafka } from './kafka/broker.ts';
export { users, type ListenerName } from './kafka/listeners.ts';

export interface KafkaOptions {
  /** The first one is the controller too: without it the others go on with what they know. */
  readonly brokers?: number;
  /** Beside `plain`. */
  readonly listeners?: readonly Exclude<ListenerName, 'plain'>[];
  /** Nobody may do anything but the user `mdp`, who is allowed to come by `plain` without a name, and whom `allow` names. */
  readonly authorize?: boolean;
  /** Server properties: `{ 'log.retention.ms': '1000' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More options of the JVMs; they win: `['-Xmx1g', '-XX:TieredStopAtLevel=4']`. */
  readonly jvm?: readonly string[];
  /** Of the first broker; a free one when not given. */
  readonly port?: number;
}

export interface RecordToWrite {
  /** By the hash of the key, or any, when not given. */
  readonly partition?: number;
  readonly key?: string | Uint8Array | null;
  /** Null: a tombstone. */
  readonly value: string | Uint8Array | null;
  readonly timestampMs?: number;
  readonly headers?: readonly (readonly [string, string])[];
}

export interface WrittenRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer])[];
}

export interface ProduceOptions {
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** A batch is written when it is full or when all is told. */
  readonly batchBytes?: number;
  readonly recordsPerBatch?: number;
  /** `leave-open` can be gone on with by the same id, or ended by `endTransaction`. */
  readonly transaction?: { readonly id: string; readonly end: 'commit' | 'abort' | 'leave-open' };
}

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

  private constructor(directory: string, options: KafkaOptions, network: Network) {
    this.#directory = directory;
    this.#listeners = network.listeners;
    this.proxies = network.proxies;
    const wantsTls = options.listeners?.some((name) => name.endsWith('tls')) === true;
    this.certificates = wantsTls ? new Certificates(directory) : null;
    const clusterId = `m${randomBytes(16).toString('base64url').slice(1)}`; // One that looks like an option is refused.
    this.#brokers = network.listeners.map((listeners, index) => {
      const configuration = join(directory, `broker-${index + 1}.properties`);
      const properties = { ...this.#properties(index, options, network), ...options.settings };
      writeFileSync(configuration, Object.entries(properties).map(([key, value]) => `${key}=${value}\n`).join(''));
      const scram = index === 0 && listeners.some(({ name }) => name.startsWith('sasl')) ? scramArguments() : [];
      return new Broker({
        configuration, port: listeners[0].port, storageArguments: ['--cluster-id', clusterId, ...scram], jvm: options.jvm ?? [],
      });
    });
  }

  static async start(options: KafkaOptions = {}): Promise<TestKafka> {
    const directory = mkdtempSync(join(tmpdir(), 'mdp-kafka-'));
    const kafka = new TestKafka(directory, options, await network(options));
    try {
      await Promise.all(kafka.#brokers.map((broker) => broker.start()));
      await kafka.#awaitAll();
    } catch (error) {
      await kafka.dispose();
      throw error;
    }
    return kafka;
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
  async produce(topic: string, records: readonly RecordToWrite[], options: ProduceOptions = {}): Promise<[number, number][]> {
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
    interface Answer { partition: number; offset: number; timestampMs: number; key: string | null; value: string | null;
      headers: [string, string][]; }
    const records = await this.#ask<Answer[]>({ do: 'read', topic, isolation });
    const bytes = (base64: string | null): Buffer | null => base64 === null ? null : Buffer.from(base64, 'base64');
    return records.map((record) => ({
      ...record, key: bytes(record.key), value: bytes(record.value),
      headers: record.headers.map(([name, value]) => [name, Buffer.from(value, 'base64')] as const),
    }));
  }

  /** The record batches of a partition as they lie in the first file of its log on the first broker. */
  segment(topic: string, partition: number): Buffer {
    return readFileSync(join(this.#directory, 'broker-1', `${topic}-${partition}`, '00000000000000000000.log'));
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

  #properties(index: number, options: KafkaOptions, { listeners, controllerPort }: Network): Record<string, string> {
    const brokers = String(Math.min(2, listeners.length));
    const isController = index === 0;
    const own = listenerProperties(listeners[index], this.certificates);
    return {
      ...own,
      ...(isController ? { listeners: `${own['listeners']},CONTROLLER://127.0.0.1:${controllerPort}` } : {}),
      'listener.security.protocol.map': `${own['listener.security.protocol.map']},CONTROLLER:PLAINTEXT`,
      'process.roles': isController ? 'broker,controller' : 'broker',
      'node.id': String(index + 1), 'controller.listener.names': 'CONTROLLER',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      'log.dirs': join(this.#directory, `broker-${index + 1}`),
      ...(options.authorize === true ? authorizer : {}),
      ...small, 'offsets.topic.replication.factor': brokers, 'transaction.state.log.replication.factor': brokers,
    };
  }
}

interface Network {
  readonly controllerPort: number;
  /** Of each broker, `plain` first. */
  readonly listeners: readonly (readonly Listener[])[];
  readonly proxies: readonly TcpProxy[];
}

async function network(options: KafkaOptions): Promise<Network> {
  const proxies: TcpProxy[] = [];
  const listeners: Listener[][] = [];
  for (let index = 0; index < (options.brokers ?? 1); index++) {
    const plainPort = index === 0 && options.port !== undefined ? options.port : await freePort();
    const own: Listener[] = [{ name: 'plain', port: plainPort, advertisedPort: plainPort }];
    for (const name of options.listeners ?? []) {
      const port = await freePort();
      if (name === 'proxied') proxies.push(await TcpProxy.start(port));
      own.push({ name, port, advertisedPort: name === 'proxied' ? proxies[index].port : port });
    }
    listeners.push(own);
  }
  return { controllerPort: await freePort(), listeners, proxies };
}

function encoded({ key, value, ...rest }: RecordToWrite): Record<string, unknown> {
  const base64 = (bytes: string | Uint8Array | null | undefined): string | null =>
    bytes === null || bytes === undefined ? null : Buffer.from(bytes as string).toString('base64');
  return {
    ...rest, key: base64(key), value: base64(value),
    ...(rest.headers === undefined ? {} : { headers: rest.headers.map(([name, text]) => [name, base64(text)]) }),
  };
}

/** Who comes without a name comes by a listener of the tests themselves, or is another broker. */
const authorizer = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS;User:mdp',
} as const;

/** One of everything that is many by default, and no waiting for members of a group that might come. */
const small = {
  'offsets.topic.num.partitions': '1', 'transaction.state.log.num.partitions': '1', 'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0', 'group.min.session.timeout.ms': '500', 'auto.create.topics.enable': 'false',
  'num.network.threads': '1', 'num.io.threads': '2', 'log.cleaner.dedupe.buffer.size': '2097152',
  // A broker that was killed may come back once its controller has forgotten it.
  'broker.session.timeout.ms': '2000', 'broker.heartbeat.interval.ms': '400', 'controlled.shutdown.retry.backoff.ms': '100',
} as const;
