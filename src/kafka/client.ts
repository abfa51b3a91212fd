import { isIPv6 } from 'node:net';
import type { Admin, ISocketFactory, Kafka, LogEntry, RetryOptions } from 'kafkajs';
import { MdpError } from '../errors.ts';
import { registerCodecs } from './codecs.ts';
import { saslOptions, tlsOptions } from './credentials.ts';
import { stopIdleTimers } from './idle-timer.ts';
import { kafkajs } from './kafkajs.ts';
import { leaveMuteBrokers } from './mute-brokers.ts';
import type { KafkaValues } from './settings.ts';

export type {
  Admin, Consumer, EachBatchPayload, IHeaders, ISocketFactory, Kafka, KafkaMessage, Message, Producer, RetryOptions,
} from 'kafkajs';

export type KafkaLogLevel = 'error' | 'warn' | 'info';
/** What kafkajs has to say; `extra` holds the broker, the group, the topic and such. */
export type KafkaLog = (level: KafkaLogLevel, message: string, extra: Readonly<Record<string, unknown>>) => void;

export type ConnectionValues = Pick<KafkaValues, 'brokers' | 'client_id' | 'connect_timeout_ms' | 'request_timeout_ms' |
  'sasl' | 'ssl'>;

export interface ClientOptions {
  readonly values: ConnectionValues;
  readonly log: KafkaLog;
  /** Makes the sockets; those of kafkajs when not given. */
  readonly socketFactory?: ISocketFactory;
  /** In the place of `patience`, or of parts of it. */
  readonly retry?: RetryOptions;
}

/**
 * How long kafkajs tries again by itself before it says that it failed: 200 + 400 + 800 + 1,600 + 2,000 ms, the time in
 * which a leader or coordinator moves. Beyond that it is for the caller to wait: it can tell people about it.
 */
const patience = { retries: 5, initialRetryTime: 200, multiplier: 2, factor: 0.2, maxRetryTime: 2_000 } as const;

/**
 * A client of the brokers, which connects to nothing yet, without the flaws of kafkajs that can be mended from outside:
 * timers that never rest, codecs that it does not know, brokers that it waits for in vain. Throws an MdpError
 * `config-invalid`. What its consumers, producers and admins throw is for `kafkaError`.
 */
export function createClient({ values, log, socketFactory, retry }: ClientOptions): Kafka {
  registerCodecs();
  stopIdleTimers();
  leaveMuteBrokers();
  const { Kafka, logLevel } = kafkajs();
  const [sasl, ssl] = [saslOptions(values.sasl), tlsOptions(values.ssl)];
  return new Kafka({
    brokers: brokersOf(values.brokers),
    clientId: values.client_id,
    connectionTimeout: values.connect_timeout_ms,
    authenticationTimeout: values.request_timeout_ms,
    requestTimeout: values.request_timeout_ms,
    retry: { ...patience, ...retry },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => logEntry(log, entry),
    ...(sasl === undefined ? {} : { sasl }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(socketFactory === undefined ? {} : { socketFactory }),
  });
}

/** Throws what `createClient` would, an MdpError `config-invalid`, and makes nothing. */
export function checkConnection(values: ConnectionValues): void {
  saslOptions(values.sasl);
  tlsOptions(values.ssl);
  brokersOf(values.brokers);
}

/** A setting of a topic, or null where the brokers have none of this name. Throws what kafkajs throws. */
export async function topicConfig(admin: Admin, topic: string, name: string): Promise<string | null> {
  const type = kafkajs().ConfigResourceTypes.TOPIC;
  const resources = [{ type, name: topic, configNames: [name] }];
  const { resources: [found] } = await admin.describeConfigs({ includeSynonyms: false, resources });
  return found.configEntries.find((entry) => entry.configName === name)?.configValue ?? null;
}

function brokersOf(brokers: readonly string[]): string[] {
  if (brokers.length === 0) {
    throw new MdpError('config-invalid', 'kafka.brokers is empty. Name at least one broker as host:port (KAFKA_BROKERS).');
  }
  for (const broker of brokers) {
    const [host, port, ...rest] = broker.split(':');
    const isAddress = host !== '' && rest.length === 0 && /^\d{1,5}$/.test(port ?? '') && Number(port) <= 65_535;
    if (isAddress) continue;
    const isVersionSix = isIPv6(broker.replace(/^\[(.*)\](:\d+)?$/, '$1'));
    const advice = isVersionSix ? 'name the host, as IPv6 addresses are not read' : 'write host:port, as in 127.0.0.1:9092';
    throw new MdpError('config-invalid', `kafka.brokers holds "${broker}", which is no address: ${advice} (KAFKA_BROKERS).`);
  }
  return [...brokers];
}

function logEntry(log: KafkaLog, { namespace, level, log: entry }: LogEntry): void {
  const { timestamp: _, logger: __, message, ...extra } = entry; // Who logs it knows the time and the place.
  const { logLevel } = kafkajs();
  const name = level === logLevel.ERROR ? 'error' : level === logLevel.WARN ? 'warn' : 'info';
  log(name, message, { namespace, ...extra });
}
