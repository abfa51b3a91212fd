import {
  KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError,
} from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { MdpError } from '../../src/errors.ts';
import { kafkaError } from '../../src/kafka/kafka-error.ts';

function protocolError(type: string): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(`the words of ${type}`), { type, code: 1, retriable: false }));
}

/** As kafkajs makes it; its own type says that it takes no words. */
function loginError(words: string): Error {
  const error = new KafkaJSNonRetriableError(`SASL PLAIN authentication failed: ${words}`);
  return Object.assign(error, { name: 'KafkaJSSASLAuthenticationError' });
}

function closedError(): Error {
  return Object.assign(new KafkaJSConnectionError('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
}

function retried(error: Error): Error {
  return new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 2_000 });
}

const nobody = new KafkaJSConnectionError('Connection error: connect ECONNREFUSED 127.0.0.1:9', { code: 'ECONNREFUSED' });
const untrusted = new KafkaJSConnectionError('Connection error: self-signed', { code: 'SELF_SIGNED_CERT_IN_CHAIN' });

describe('what a failed call to the brokers comes to', () => {
  it.each([
    ['nobody at the address', nobody, 'kafka-unreachable', 'ECONNREFUSED 127.0.0.1:9. Check that the brokers'],
    ['a connection that was closed', closedError(), 'kafka-unreachable', 'kafka.ssl.enabled'],
    ['a login that was refused', loginError('Invalid username or password'), 'kafka-refused', 'kafka.sasl.password'],
    ['a login that was interrupted', loginError('Closed connection'), 'kafka-unreachable', 'Check that the brokers'],
    ['a certificate that is not trusted', untrusted, 'kafka-refused', 'kafka.ssl.ca'],
    ['a missing permission', protocolError('GROUP_AUTHORIZATION_FAILED'), 'kafka-refused', 'kafka.sasl.username'],
    ['a bound of the brokers', protocolError('INVALID_SESSION_TIMEOUT'), 'kafka-refused', 'mend the setting'],
    ['a topic that is not there', protocolError('UNKNOWN_TOPIC_OR_PARTITION'), 'kafka-unreachable', 'Create the topic'],
    ['a leader that has moved', protocolError('NOT_LEADER_FOR_PARTITION'), 'kafka-unreachable', 'Check that the brokers'],
    ['anything else', new Error('no idea'), 'kafka-unreachable', 'no idea'],
  ] as const)('%s', (_, error, code, words) => {
    for (const thrown of [error, retried(error)]) {
      const told = kafkaError(thrown, ['a:1', 'b:2'], 'read "trades"');
      expect(told).toMatchObject({ code, cause: thrown });
      expect(told.message).toContain('Could not read "trades" at Kafka (a:1, b:2): ');
      expect(told.message).toContain(words);
    }
  });

  it('is what it was when it was told before', () => {
    const told = new MdpError('source-failed', 'x');
    expect(kafkaError(told, ['a:1'], 'read')).toBe(told);
  });

  it('has an end when causes go round in a circle', () => {
    const [one, other] = [new Error('one'), new Error('other')];
    Object.assign(one, { cause: other });
    Object.assign(other, { cause: one });
    expect(kafkaError(one, ['a:1'], 'read').message).toContain('other');
  });
});
