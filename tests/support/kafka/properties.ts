import { join } from 'node:path';
import { freePort } from '../postgres.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { listenerProperties, type Certificates, type Listener, type ListenerName } from './listeners.ts';

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

export interface Network {
  readonly controllerPort: number;
  /** Of each broker, `plain` first. */
  readonly listeners: readonly (readonly Listener[])[];
  readonly proxies: readonly TcpProxy[];
}

/** Finds ports, and starts the proxies. */
export async function network(options: KafkaOptions): Promise<Network> {
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

/** Where a broker keeps what, and who it is: 1 is the controller too. */
export interface BrokerPlace {
  readonly number: number;
  readonly directory: string;
  readonly network: Network;
  readonly certificates: Certificates | null;
}

/** Server properties of one broker. */
export function brokerProperties(place: BrokerPlace, options: KafkaOptions): Record<string, string> {
  const { number, network: { listeners, controllerPort } } = place;
  const copies = String(Math.min(2, listeners.length));
  const isController = number === 1;
  const own = listenerProperties(listeners[number - 1], place.certificates);
  return {
    ...own,
    ...(isController ? { listeners: `${own['listeners']},CONTROLLER://127.0.0.1:${controllerPort}` } : {}),
    'listener.security.protocol.map': `${own['listener.security.protocol.map']},CONTROLLER:PLAINTEXT`,
    'process.roles': isController ? 'broker,controller' : 'broker',
    'node.id': String(number), 'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': logDirectory(place.directory, number),
    ...(options.authorize === true ? authorizer : {}),
    ...small, 'offsets.topic.replication.factor': copies, 'transaction.state.log.replication.factor': copies,
    ...options.settings,
  };
}

export function logDirectory(directory: string, broker: number): string {
  return join(directory, `broker-${broker}`);
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
  'num.network.threads': '1', 'num.io.threads': '2',
  'log.cleaner.dedupe.buffer.size': '2097152', 'log.cleaner.backoff.ms': '500',
  // A broker that was killed may come back once its controller has forgotten it.
  'broker.session.timeout.ms': '2000', 'broker.heartbeat.interval.ms': '400', 'controlled.shutdown.retry.backoff.ms': '100',
} as const;
