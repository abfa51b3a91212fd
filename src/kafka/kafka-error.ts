import { MdpError, messageOf } from '../errors.ts';

/**
 * What a failed call to the brokers comes to: `kafka-unreachable`, which waiting may cure, or `kafka-refused`, which only
 * people can. `doing` is what was tried, such as `read the topic "trades"`. An MdpError stays what it is.
 */
export function kafkaError(error: unknown, brokers: readonly string[], doing: string): MdpError {
  const causes = causesOf(error);
  const own = causes.find((cause) => cause instanceof MdpError); // kafkajs wraps what it got from us, too.
  if (own !== undefined) return own;
  const what = `Could not ${doing} at Kafka (${brokers.join(', ')}): ${wordsOf(causes[causes.length - 1])}.`;
  const refusal = causes.map(refusalAdvice).find((advice) => advice !== null);
  if (refusal !== undefined) return new MdpError('kafka-refused', `${what} ${refusal}`, error);
  const wasClosed = causes.some((cause) => nameOf(cause) === 'KafkaJSConnectionClosedError');
  const isTopicMissing = isAnswer(error, ['UNKNOWN_TOPIC_OR_PARTITION']);
  const advice = isTopicMissing ? missingTopicAdvice : wasClosed ? closedAdvice : absenceAdvice;
  return new MdpError('kafka-unreachable', `${what} ${advice}`, error);
}

/** Whether what a call failed by is one of these answers of a broker, by their names in Kafka's protocol. */
export function isAnswer(error: unknown, types: readonly string[]): boolean {
  return causesOf(error).some((cause) => types.includes(textOf(cause, 'type')));
}

const absenceAdvice = 'Check that the brokers run, and kafka.brokers (KAFKA_BROKERS).';
const closedAdvice = 'A broker that hangs up without a word may want TLS (kafka.ssl.enabled) or a login ' +
  '(kafka.sasl.mechanism), or is being restarted.';

const permissionAdvice = 'Let the user of kafka.sasl.username do that (an ACL of the brokers), or log in as another one.';
const missingTopicAdvice = 'Create the topic, mend its name, or wait for whoever creates it.';
const topicAdvice = 'Mend its name.';
const sizeAdvice = 'A single message is larger than the topic takes: raise its max.message.bytes.';
const settingAdvice = 'The brokers allow other values: mend the setting, or theirs.';
const versionAdvice = 'The brokers are of a version that cannot be talked to.';

/** Answers of brokers that stay the same however often they are asked. */
const refusals: { readonly [type: string]: string } = {
  TOPIC_AUTHORIZATION_FAILED: permissionAdvice,
  GROUP_AUTHORIZATION_FAILED: permissionAdvice,
  CLUSTER_AUTHORIZATION_FAILED: permissionAdvice,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: permissionAdvice,
  INVALID_TOPIC_EXCEPTION: topicAdvice,
  MESSAGE_TOO_LARGE: sizeAdvice,
  RECORD_LIST_TOO_LARGE: sizeAdvice,
  INVALID_SESSION_TIMEOUT: settingAdvice,
  INVALID_GROUP_ID: settingAdvice,
  INCONSISTENT_GROUP_PROTOCOL: 'Other members of the group divide partitions in another way: take another kafka.group_id.',
  GROUP_MAX_SIZE_REACHED: 'The group has as many members as the brokers allow.',
  UNSUPPORTED_VERSION: versionAdvice,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: versionAdvice,
  POLICY_VIOLATION: settingAdvice,
};

/** Codes of Node and OpenSSL for a certificate that is not trusted or a handshake that was refused. */
const tlsCodes = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;
const tlsAdvice = 'The broker and this program do not trust each other, or one of them talks no TLS: check kafka.ssl.ca, ' +
  'kafka.ssl.cert and kafka.ssl.enabled (KAFKA_SSL_…).';
const loginAdvice = 'Check kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password (KAFKA_SASL_…).';

/** Null when waiting may help. */
function refusalAdvice(error: unknown): string | null {
  if (tlsCodes.test(textOf(error, 'code'))) return tlsAdvice;
  // A login that a lost connection has ended bears the name of one that was refused, and only its words tell.
  const wasLost = /closed connection|connection error|timed out/i.test(messageOf(error));
  if (nameOf(error) === 'KafkaJSSASLAuthenticationError' && !wasLost) return loginAdvice;
  return refusals[textOf(error, 'type')] ?? null;
}

/** Whether the brokers refuse this user what was asked for. */
export function isNotAllowed(error: unknown): boolean {
  return causesOf(error).some((cause) => textOf(cause, 'type').endsWith('_AUTHORIZATION_FAILED'));
}

/** An error, its cause, the cause of that, …: kafkajs wraps what it has retried. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  let cause = error;
  do {
    causes.push(cause);
    cause = causeOf(cause);
  } while (cause !== undefined && cause !== null && !causes.includes(cause));
  return causes;
}

function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return null;
  if ('errors' in error && Array.isArray(error.errors)) return error.errors[0] as unknown;
  return error.cause;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

function wordsOf(error: unknown): string {
  return messageOf(error).replace(/[.\s]+$/, '');
}

function textOf(error: unknown, key: 'code' | 'type'): string {
  const value: unknown = error instanceof Error && key in error ? (error as Error & Record<typeof key, unknown>)[key] : '';
  return typeof value === 'string' ? value : '';
}
