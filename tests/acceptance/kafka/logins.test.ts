import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../../support/daemon.ts';
import { eventually } from '../../support/eventually.ts';
import { TestKafka, users, whyNoKafka, type ListenerName } from '../../support/kafka.ts';
import { plainTicks } from '../../support/kafka-run.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const why = whyNoPostgres() ?? whyNoKafka();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;
const count = 500;
const tick = (index: number): string => JSON.stringify({ symbol: 'A', price: 1, size: 1, ts: 1_600_000_000_000 + 100 * index });
const wrongPassword = 'not-the-password-of-anybody';

interface Way {
  readonly title: string;
  readonly listener: ListenerName;
  readonly environment: (kafka: TestKafka) => Readonly<Record<string, string>>;
  /** What is said where it is refused. */
  readonly refusal?: RegExp;
}

const groupOf = (title: string): string => title.replaceAll(/\W+/g, '-');
const login = (mechanism: string, password: string = users.mdp): Readonly<Record<string, string>> =>
  ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: 'mdp', KAFKA_SASL_PASSWORD: password });
const trusting = (ca: string): Readonly<Record<string, string>> => ({ KAFKA_SSL_ENABLED: 'true', KAFKA_SSL_CA: ca });

const open: readonly Way[] = [
  ...['plain', 'scram-sha-256', 'scram-sha-512'].map((mechanism): Way => (
    { title: `SASL ${mechanism}`, listener: 'sasl', environment: () => login(mechanism) })),
  { title: 'TLS, an authority by its path', listener: 'tls', environment: (kafka) => trusting(kafka.certificates!.ca) },
  {
    title: 'TLS and SASL SCRAM-SHA-512, an authority as PEM text', listener: 'sasl-tls',
    environment: (kafka) => ({ ...trusting(readFileSync(kafka.certificates!.ca, 'utf8')), ...login('scram-sha-512') }),
  },
  {
    title: 'TLS with a certificate of our own', listener: 'mutual-tls',
    environment: ({ certificates }) => ({
      ...trusting(certificates!.ca), KAFKA_SSL_CERT: certificates!.client, KAFKA_SSL_KEY: readFileSync(certificates!.clientKey, 'utf8'),
    }),
  },
];
const closed: readonly Way[] = [
  ...['plain', 'scram-sha-512'].map((mechanism): Way => ({
    title: `a wrong password, SASL ${mechanism}`, listener: 'sasl', environment: () => login(mechanism, wrongPassword),
    refusal: /kafka\.sasl\.password/,
  })),
  {
    title: 'a user who may not read the topic', listener: 'sasl', refusal: /ACL of the brokers/,
    environment: () => ({ ...login('plain', users.guest), KAFKA_SASL_USERNAME: 'guest' }),
  },
  {
    title: 'a certificate of an authority that is not trusted', listener: 'tls',
    environment: (kafka) => trusting(kafka.certificates!.strangeCa), refusal: /do not trust each other.*kafka\.ssl\.ca/,
  },
];

describe.skipIf(why !== null)(`a daemon that logs in to the brokers by KAFKA_*${leftOut}`, () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let daemon: DaemonProcess | null = null;
  let database: string;
  beforeAll(async () => {
    [postgres, kafka] = await Promise.all([
      TestPostgres.start(), TestKafka.start({ listeners: ['sasl', 'tls', 'sasl-tls', 'mutual-tls'], authorize: true })]);
    await kafka.createTopic('trades');
    const { title } = open.find(({ listener }) => listener === 'mutual-tls')!;
    for (const [what, name] of [['topic', 'trades'], ['group', groupOf(title)]] as const) await kafka.allow('CN=mdp-test-client', what, name);
    await kafka.produce('trades', Array.from({ length: count }, (_, index) => ({ partition: 0, value: tick(index) })));
  });
  afterEach(async () => { await daemon?.stop('SIGKILL'); });
  afterAll(async () => { await Promise.all([kafka.dispose(), postgres.dispose()]); });

  const start = async ({ listener, environment, title }: Way): Promise<DaemonProcess> => {
    database = await postgres.createDatabase(false);
    const source = { name: 'ticks', type: 'kafka', topics: ['trades'], ...plainTicks };
    return daemon = new DaemonProcess({
      config: JSON.stringify({ name: 'test', sources: [source], bars: { specs: ['1s'] }, checkpoint: { interval_ms: 100 } }),
      args: ['--until-end'],
      environment: {
        DATABASE_URL: postgres.url({ database }), KAFKA_BROKERS: kafka.addresses(listener).join(','),
        KAFKA_GROUP_ID: groupOf(title), KAFKA_CLIENT_ID: 'of-the-test', ...environment(kafka),
      },
    });
  };
  /** As it stands in the log, JSON with its escapes, too. */
  const expectNoSecret = (log: string): void => {
    for (const secret of [wrongPassword, ...Object.values(users), ...readFileSync(kafka.certificates!.clientKey, 'utf8').split('\n').slice(1, -2)]) {
      expect(log).not.toContain(secret);
    }
  };

  it.each(open)('makes rows of what it reads: $title', async (way) => {
    const running = await start(way);
    const connection = postgres.connect({ database });
    await running.ready();
    await eventually(async () => {
      const { rows } = await connection.query<{ position: number }>({ deadlineMs: 10_000 }, 'SELECT position FROM lane_checkpoints');
      return rows[0]?.position === count;
    });
    const { rows: [{ trades }] } = await connection.query<{ trades: number }>({ deadlineMs: 10_000 }, 'SELECT sum(trades)::int AS trades FROM bars');
    expect(trades).toBeGreaterThan(count - 50); // All but what is in bars that are open.
    await connection.close();
    expect(await running.stop(), running.log).toBe(0);
    expectNoSecret(running.log);
  });

  it.each(closed)('ends with words about the setting, and without the secret: $title', async (way) => {
    const refused = await start(way);
    expect(await refused.ended(), refused.log).toBe(8);
    expect(refused.log).toMatch(way.refusal!);
    expect(refused.log).toContain(kafka.addresses(way.listener)[0]);
    expectNoSecret(refused.log);
  });
});
