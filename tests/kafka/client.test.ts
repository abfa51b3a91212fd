import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConnection, createClient, type ConnectionValues } from '../../src/kafka/client.ts';
import { kafkaError } from '../../src/kafka/kafka-error.ts';
import type { MdpError } from '../../src/errors.ts';
import { TestKafka, users, whyNoKafka, type ListenerName } from '../support/kafka.ts';
import { freePort } from '../support/postgres.ts';

const noTls: ConnectionValues['ssl'] = { enabled: false, ca: null, cert: null, key: null, reject_unauthorized: true };
const noLogin: ConnectionValues['sasl'] = { mechanism: 'none', username: null, password: null };
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const user = { username: 'mdp', password: users.mdp };

interface Way {
  readonly brokers: readonly string[];
  readonly sasl?: Partial<ConnectionValues['sasl']>;
  readonly ssl?: Partial<ConnectionValues['ssl']>;
  readonly timeoutMs?: number;
}

function valuesOf({ brokers, sasl, ssl, timeoutMs = 10_000 }: Way): ConnectionValues {
  return {
    brokers, client_id: 'mdp-test', connect_timeout_ms: timeoutMs, request_timeout_ms: timeoutMs,
    sasl: { ...noLogin, ...sasl }, ssl: { ...noTls, ...ssl },
  };
}

/** The names of the topics, or what their listing comes to. */
async function topicsBy(way: Way): Promise<string[] | MdpError> {
  const admin = createClient({ values: valuesOf(way), log: () => {}, retry: { retries: 1, initialRetryTime: 50 } }).admin();
  try {
    await admin.connect();
    return (await admin.listTopics()).filter((name) => !name.startsWith('__'));
  } catch (error) {
    return kafkaError(error, way.brokers, 'list the topics');
  } finally {
    await admin.disconnect();
  }
}

function containing(words: string): string {
  return expect.stringContaining(words) as string;
}

const why = whyNoKafka();

describe.skipIf(why !== null)(`a client of real brokers${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await TestKafka.start({ listeners: ['tls', 'mutual-tls', 'sasl', 'sasl-tls'], authorize: true });
    await kafka.createTopic('trades');
  });
  afterAll(() => kafka.dispose());
  const at = (name: ListenerName): readonly string[] => kafka.addresses(name);
  const ca = (): string => kafka.certificates!.ca;

  it('connects without a login', async () => {
    expect(await topicsBy({ brokers: at('plain') })).toEqual(['trades']);
  });

  it('connects with TLS, whether the authority is a path or PEM text', async () => {
    for (const authority of [ca(), readFileSync(ca(), 'utf8')]) {
      expect(await topicsBy({ brokers: at('tls'), ssl: { enabled: true, ca: authority } })).toEqual(['trades']);
    }
  });

  it('trusts no broker that another authority has signed, unless it is told to', async () => {
    const stranger = kafka.certificates!.strangeCa;
    for (const untrusted of [stranger, null]) {
      const refused = await topicsBy({ brokers: at('tls'), ssl: { enabled: true, ca: untrusted } });
      expect(refused).toMatchObject({ code: 'kafka-refused', message: containing('kafka.ssl.ca') });
    }
    const careless = { enabled: true, ca: stranger, reject_unauthorized: false };
    expect(await topicsBy({ brokers: at('tls'), ssl: careless })).toEqual(['trades']);
  });

  it('shows its certificate, by whose name it is known, to a broker that wants one, and is refused without', async () => {
    const { client: cert, clientKey: key } = kafka.certificates!;
    expect(await topicsBy({ brokers: at('mutual-tls'), ssl: { enabled: true, ca: ca(), cert, key } })).toEqual([]);
    const refused = await topicsBy({ brokers: at('mutual-tls'), ssl: { enabled: true, ca: ca() } });
    expect(refused).toMatchObject({ code: 'kafka-refused', message: containing('kafka.ssl.cert') });
  });

  it.each(mechanisms)('logs in with %s, also over TLS', async (mechanism) => {
    expect(await topicsBy({ brokers: at('sasl'), sasl: { mechanism, ...user } })).toEqual(['trades']);
    const ssl = { enabled: true, ca: ca() };
    expect(await topicsBy({ brokers: at('sasl-tls'), sasl: { mechanism, ...user }, ssl })).toEqual(['trades']);
  });

  it.each(mechanisms)('is refused by %s with a wrong name or password', async (mechanism) => {
    for (const wrong of [{ ...user, password: 'guessed' }, { ...user, username: 'nobody' }]) {
      const refused = await topicsBy({ brokers: at('sasl'), sasl: { mechanism, ...wrong } });
      expect(refused).toMatchObject({
        code: 'kafka-refused', message: expect.stringMatching(/list the topics .*kafka\.sasl\.password/) as string,
      });
      expect(String(refused)).not.toContain('guessed');
    }
  });

  it('is told what may be missing when a broker hangs up on it', async () => {
    const unreachable = await topicsBy({ brokers: at('sasl') });
    expect(unreachable).toMatchObject({ code: 'kafka-unreachable', message: containing('kafka.sasl.mechanism') });
  });

  it('is refused what its user may not do, until it may', async () => {
    const brokers = at('sasl');
    const sasl = { mechanism: 'plain', username: 'guest', password: users.guest } as const;
    const client = createClient({ values: valuesOf({ brokers, sasl }), log: () => {} });
    const admin = client.admin();
    await admin.connect();
    const fails = await admin.fetchTopicOffsets('trades').catch((error: unknown) => kafkaError(error, brokers, 'read'));
    expect(fails).toMatchObject({ code: 'kafka-refused', message: containing('kafka.sasl.username') });
    await kafka.allow('guest', 'topic', 'trades');
    expect(await admin.fetchTopicOffsets('trades')).toMatchObject([{ partition: 0, high: '0' }]);
    await admin.disconnect();
  });

  it('says that a topic is not there', async () => {
    const admin = createClient({ values: valuesOf({ brokers: at('plain') }), log: () => {}, retry: { retries: 1 } }).admin();
    await admin.connect();
    const error = await admin.fetchTopicOffsets('tardes').catch((failed: unknown) => kafkaError(failed, ['b:1'], 'read'));
    expect(error).toMatchObject({ code: 'kafka-unreachable', message: containing('Create the topic') });
    await admin.disconnect();
  });

  it('gives a broker up that does not answer, and finds it when it does again', async () => {
    const values = valuesOf({ brokers: at('plain'), timeoutMs: 1_000 });
    const admin = createClient({ values, log: () => {}, retry: { retries: 1, initialRetryTime: 50 } }).admin();
    kafka.freeze();
    const failed = await admin.connect().catch((error: unknown) => kafkaError(error, at('plain'), 'connect'));
    kafka.thaw();
    expect(failed).toMatchObject({ code: 'kafka-unreachable', message: containing('timed out') });
    await admin.connect();
    expect(await admin.listTopics()).toContain('trades');
    await admin.disconnect();
  });

  it('passes over an address where connections are taken and nothing is answered', async () => {
    const mute = createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    expect(await topicsBy({ brokers: [address, kafka.bootstrap], timeoutMs: 1_000 })).toEqual(['trades']);
    mute.close();
  });

  it('gives up an answer that does not come from a broker that it knows', { timeout: 20_000 }, async () => {
    const values = valuesOf({ brokers: at('plain'), timeoutMs: 1_000 });
    const admin = createClient({ values, log: () => {}, retry: { retries: 1, initialRetryTime: 50 } }).admin();
    await admin.connect();
    await admin.listTopics();
    kafka.freeze();
    const failed = await admin.fetchTopicOffsets('trades').catch((error: unknown) => kafkaError(error, at('plain'), 'read'));
    kafka.thaw();
    await admin.disconnect();
    expect(failed).toMatchObject({ code: 'kafka-unreachable', message: containing('timed out') });
  });

  it('finds the brokers when the first address is wrong, and hands on what kafkajs says', async () => {
    const said: unknown[] = [];
    const nobody = `127.0.0.1:${await freePort()}`;
    const values = valuesOf({ brokers: [nobody, kafka.bootstrap] });
    const admin = createClient({ values, log: (level, message, extra) => said.push({ level, message, extra }) }).admin();
    await admin.connect();
    expect(await admin.listTopics()).toContain('trades');
    await admin.disconnect();
    expect(said).toContainEqual({
      level: 'error', message: containing('ECONNREFUSED'),
      extra: expect.objectContaining({ namespace: 'Connection', broker: nobody, clientId: 'mdp-test' }) as object,
    });
  });

  it('leaves the making of sockets to whoever asks for it', async () => {
    const hosts: string[] = [];
    const admin = createClient({
      values: valuesOf({ brokers: at('plain') }), log: () => {},
      socketFactory: ({ host, port, onConnect }) => {
        hosts.push(`${host}:${port}`);
        return connect({ host, port }, onConnect);
      },
    }).admin();
    await admin.connect();
    await admin.disconnect();
    expect(hosts).toContain(kafka.bootstrap);
  });
});

const certificate = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----';

describe('a client without brokers', () => {
  it('says where nobody is, and which setting names it', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const unreachable = await topicsBy({ brokers: [nobody] });
    expect(unreachable).toMatchObject({ code: 'kafka-unreachable', message: containing(nobody) });
    expect(String(unreachable)).toContain('KAFKA_BROKERS');
  });

  it.each([
    ['no broker', { brokers: [] }, 'kafka.brokers is empty'],
    ['no port', { brokers: ['kafka.example'] }, '"kafka.example", which is no address'],
    ['a port beyond all', { brokers: ['kafka:70000'] }, '"kafka:70000"'],
    ['an IPv6 address', { brokers: ['[::1]:9092'] }, 'name the host'],
    ['a login without a name', { brokers: ['k:1'], sasl: { mechanism: 'plain', password: 'x' } }, 'KAFKA_SASL_USERNAME'],
    ['a login without a password', { brokers: ['k:1'], sasl: { mechanism: 'plain', username: 'x' } }, 'KAFKA_SASL_PASSWORD'],
    ['a certificate without its key', { brokers: ['k:1'], ssl: { enabled: true, cert: 'x' } }, 'kafka.ssl.key is not'],
    ['an authority that is not there', { brokers: ['k:1'], ssl: { enabled: true, ca: '/nowhere/ca.pem' } }, '/nowhere/ca'],
    ['an authority that is no PEM', { brokers: ['k:1'], ssl: { enabled: true, ca: 'package.json' } }, 'no PEM text'],
    ['a key that is not there', { brokers: ['k:1'], ssl: { enabled: true, cert: certificate, key: 'MIIE' } }, 'not shown'],
  ] as const)('is not made with %s', (_, way, words) => {
    for (const make of [checkConnection, (values: ConnectionValues) => createClient({ values, log: () => {} })]) {
      expect(() => make(valuesOf(way as Way)))
        .toThrow(expect.objectContaining({ code: 'config-invalid', message: containing(words) }));
    }
  });
});
