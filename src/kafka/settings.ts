import type { Settings, ValuesOf } from '../model/setting.ts';

/** Defaults of every source and sink of type kafka. */
export const kafkaSettings = {
  brokers: {
    type: 'text-list', default: [], env: 'KAFKA_BROKERS',
    doc: 'Addresses of brokers to begin with, host:port; they name the others.',
  },
  client_id: {
    type: 'text', default: 'mdp', env: 'KAFKA_CLIENT_ID',
    doc: 'Name of this program in the logs and quotas of the brokers.',
  },
  connect_timeout_ms: {
    type: 'integer', default: 5_000, min: 100, max: 300_000,
    doc: 'Longest time that making a connection to a broker may take, TLS included, in milliseconds.',
  },
  request_timeout_ms: {
    type: 'integer', default: 10_000, min: 1_000, max: 300_000,
    doc: 'Longest time that a broker may take to answer, in milliseconds; beyond, the connection counts as lost.',
  },
  group_id: {
    type: 'text', default: 'mdp', env: 'KAFKA_GROUP_ID',
    doc: 'Consumer group: its processes share the partitions of a topic.',
  },
  instance: {
    type: 'text', default: null, env: 'KAFKA_INSTANCE',
    doc: 'Name of this process that no other one bears at the same time, such as that of its pod: a process that starts ' +
      'under it knows that the one before is dead, takes its place in the group at once, and need not wait for the ' +
      'session timeout. Empty: known of processes of the same machine only.',
  },
  health_check_ms: {
    type: 'integer', default: 30_000, min: 1_000, max: 600_000, env: 'KAFKA_HEALTH_CHECK_INTERVAL',
    doc: 'Time between two looks at the brokers for /health, and at whether topics that are read were made anew, in ms.',
  },
  batch_error_isolation: {
    type: 'boolean', default: true, env: 'KAFKA_BATCH_ERROR_ISOLATION',
    doc: 'A message that cannot be read is set aside and its lane goes on; off: one bad message stops its ' +
      'lane.',
  },
} as const satisfies Settings;

export const kafkaSaslSettings = {
  mechanism: {
    type: 'choice', default: 'none', choices: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    env: 'KAFKA_SASL_MECHANISM',
    doc: 'How to log in to the brokers.',
  },
  username: {
    type: 'text', default: null, env: 'KAFKA_SASL_USERNAME',
    doc: 'User name for the brokers.',
  },
  password: {
    type: 'text', default: null, secret: true, env: 'KAFKA_SASL_PASSWORD',
    doc: 'Password for the brokers.',
  },
} as const satisfies Settings;

export const kafkaSslSettings = {
  enabled: {
    type: 'boolean', default: false, env: 'KAFKA_SSL_ENABLED',
    doc: 'Whether to talk TLS to the brokers.',
  },
  ca: {
    type: 'text', default: null, env: 'KAFKA_SSL_CA',
    doc: 'Certificate authority to trust, as PEM text or as the path of a PEM file. Null: those that Node.js ' +
      'trusts.',
  },
  cert: {
    type: 'text', default: null, env: 'KAFKA_SSL_CERT',
    doc: 'Certificate to show to the brokers, as PEM text or as the path of a PEM file.',
  },
  key: {
    type: 'text', default: null, secret: true, env: 'KAFKA_SSL_KEY',
    doc: 'Private key of the certificate, as PEM text or as the path of a PEM file.',
  },
  reject_unauthorized: {
    type: 'boolean', default: true, env: 'KAFKA_SSL_REJECT_UNAUTHORIZED',
    doc: 'Whether to refuse brokers whose certificate nobody trusted signed.',
  },
} as const satisfies Settings;

export const kafkaCircuitBreakerSettings = {
  enabled: {
    type: 'boolean', default: true, env: 'KAFKA_ENABLE_CIRCUIT_BREAKER',
    doc: 'Whether to leave brokers alone for a while when writing to them has failed several times in a row.',
  },
  threshold: {
    type: 'integer', default: 5, min: 1, max: 1_000, env: 'KAFKA_CIRCUIT_BREAKER_THRESHOLD',
    doc: 'Failed attempts in a row, of all workers together, after which the circuit breaker of a producer opens.',
  },
  reset_ms: {
    type: 'integer', default: 30_000, min: 100, max: 3_600_000, env: 'KAFKA_CIRCUIT_BREAKER_RESET_TIMEOUT',
    doc: 'How long the open breaker lets nobody through before one worker tries again, in ms.',
  },
} as const satisfies Settings;

export const kafkaTopicStatsSettings = {
  max: {
    type: 'integer', default: 1_000, min: 1, max: 100_000, env: 'KAFKA_MAX_TOPIC_STATS',
    doc: 'Topics whose figures are kept; the one quiet longest makes room.',
  },
  moving_average: {
    type: 'boolean', default: true, env: 'KAFKA_ENABLE_MOVING_AVERAGE',
    doc: 'Whether moving averages of a topic\'s times are shown: to consume a Fetch, from a Fetch to the fold, to commit, ' +
      'to produce.',
  },
  window: {
    type: 'integer', default: 100, min: 2, max: 100_000, env: 'KAFKA_MOVING_AVERAGE_WINDOW',
    doc: 'Measurements that a moving average spans.',
  },
} as const satisfies Settings;

/** What ends a process whose consumer does not read any more. */
export const kafkaWatchdogSettings = {
  stall_ms: {
    // A group that is joined anew takes up to a session timeout (10 s), a broker that restarts a minute.
    type: 'integer', default: 120_000, min: 0, max: 86_400_000,
    doc: 'Time in which no record may come although records wait that we want, in ms: then /health fails, and after as ' +
      'long again the process ends with exit code 9. What we hold back ourselves does not count. 0: no such limit.',
  },
  restarts_max: {
    // With waits of 0.25 s to 30 s between them, 20 take some 7 minutes.
    type: 'integer', default: 20, min: 0, max: 100_000,
    doc: 'Sessions in a row that may join the group and end by a fault before a message is read; half of them fail ' +
      '/health, with the last the process ends with exit code 9. 0: no such limit.',
  },
} as const satisfies Settings;

/** What is shown of the messages that came last. */
export const kafkaRecentMessagesSettings = {
  per_topic: {
    type: 'integer', default: 50, min: 0, max: 64,
    doc: 'Messages of each topic that are kept in memory for /api/topics/:topic/recent, the newest. 0: none.',
  },
  topics_max: {
    type: 'integer', default: 1_000, min: 1, max: 100_000,
    doc: 'Topics whose messages are kept; the one written to or asked for least recently makes room.',
  },
  message_bytes_max: {
    type: 'integer', default: 16_384, min: 16, max: 1_048_576,
    doc: 'Bytes of a key or a value that are kept; what is longer is cut, and says so.',
  },
  bytes_max: {
    // A tick has some 100 bytes, and 300 go with it: 50 of 400 topics fit.
    type: 'integer', default: 8_388_608, min: 65_536, max: 1_073_741_824,
    doc: 'Bytes that all kept messages together may take, with what is needed to keep them.',
  },
} as const satisfies Settings;

/** The section `kafka` of the configuration. */
export interface KafkaValues extends ValuesOf<typeof kafkaSettings> {
  readonly sasl: ValuesOf<typeof kafkaSaslSettings>;
  readonly ssl: ValuesOf<typeof kafkaSslSettings>;
  readonly topic_stats: ValuesOf<typeof kafkaTopicStatsSettings>;
  readonly watchdog: ValuesOf<typeof kafkaWatchdogSettings>;
}
