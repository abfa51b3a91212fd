import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFiles } from '../support/config-files.ts';
import { TestKafka, whyNoKafka } from '../support/kafka.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { Program } from '../support/program.ts';
import { databaseUrl, plantSecrets, seenIn, sourceName, type Planted } from './planted-secrets.ts';

/*
 * A secret of its own stands in every setting that the schema calls secret; then everything fails that can, and nothing that the
 * program has said may hold one of them.
 */

const planted = plantSecrets();
const by = (wanted: string): Planted => planted.find((one) => one.path === wanted)!;
const file = temporaryFiles();
const reports = mkdtempSync(path.join(tmpdir(), 'mdp-canaries-'));
afterAll(() => rmSync(reports, { recursive: true }));

const closedPort = 9; // Nobody listens there.
const synthetic = 'name: canaries\nlog: { level: trace }\nsources:\n  - { name: demo, type: synthetic }\n';
const kafka = (extra = ''): string =>
  `name: canaries\nlog: { level: trace }\nsources:\n  - { name: ${sourceName}, type: kafka, topics: [trades], group_id: g }\n${extra}`;
/** Every secret by the environment; the database is one that is not there unless a URL is given. */
function environment(url = databaseUrl(by('store.url'), closedPort)): Record<string, string> {
  const entries = planted.filter(({ path: of }) => of !== 'store.url').map(({ path: of, variable, value }) => [
    variable, of === 'alerts.webhook_url' ? `https://receiver.invalid/hook?token=${encodeURIComponent(value)}` : value,
  ]);
  return { ...Object.fromEntries(entries), DATABASE_URL: url };
}
const withoutSources = (all: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('PIPELINE_SOURCES_')));

async function said(args: readonly string[], variables: Record<string, string>): Promise<string> {
  const { out, error } = await new Program(args, { PIPELINE_CRASH_REPORTS_DIRECTORY: reports, ...variables }).ended();
  return `${out}\n${error}`;
}

it('the secrets of this test are all that the schema has', () => {
  expect(planted.map(({ path: of }) => of)).toEqual(expect.arrayContaining([
    'store.url', 'server.api_key', 'kafka.sasl.password', 'kafka.ssl.key', `sources.${sourceName}.schema_registry_password`,
  ]));
  expect(seenIn(`postgres://u:${encodeURIComponent(by('store.url').value)}@h`, planted)).toEqual(['store.url']);
});

describe('no secret is shown', () => {
  const config = file('kafka.yaml', kafka());

  it.each(['', '--json'])('by mdp check %s', async (flag) => {
    const words = ['check', '--file', config, ...(flag === '' ? [] : [flag])];
    const text = await said(words, { ...environment(), KAFKA_BROKERS: '127.0.0.1:9' });
    expect(text).toContain('***');
    expect(seenIn(text, planted)).toEqual([]);
  });

  it('by the faults of a configuration in which every secret is wrong', async () => {
    const values = planted.map(({ path: of, value }) => `--set=${of}=${JSON.stringify([value])}`);
    const broken = file('broken.yaml', `${kafka()}store: { url: ["${by('store.url').core}"] }\nserver: { api_key: { a: ` +
      `${by('server.api_key').core} } }\nkafka: { sasl: { password: 7${by('kafka.sasl.password').core}: 1 } }\n`);
    const texts = [
      await said(['check', '--file', broken], {}),
      await said(['check', '--file', config, ...values], {}),
      await said(['check', '--file', config], { DATABASE_URL: `not a url ${by('store.url').core}` }),
      await said(['check', '--file', config], { DATABASE_URL: `${databaseUrl(by('store.url'), 1)}?sslmode=prefer` }),
    ];
    for (const text of texts) expect(text).toContain('config-invalid');
    expect(seenIn(texts.join('\n'), planted)).toEqual([]);
  });

  it.each(['user:', ':'])('by the address of a schema registry that holds a login, %s', async (user) => {
    const { core } = by(`sources.${sourceName}.schema_registry_password`);
    const registry = `format: avro, schema_registry_url: "http://${user}${core}@127.0.0.1:9"`;
    const text = await said(['check', '--file', file('registry.yaml', kafka().replace('group_id: g', `group_id: g, ${registry}`))], {
      KAFKA_BROKERS: '127.0.0.1:9',
    });
    expect(text).toContain('schema_registry_username');
    expect(seenIn(text, planted)).toEqual([]);
  });

  it('by commands whose database is away', async () => {
    const plain = withoutSources(environment());
    const texts = [];
    for (const args of [['migrate'], ['lanes', 'list'], ['dead-letters', 'list']]) {
      texts.push(await said([...args, '--file', file('synthetic.yaml', synthetic)], plain));
    }
    for (const text of texts) expect(text).toContain('store-unavailable');
    expect(seenIn(texts.join('\n'), planted)).toEqual([]);
  });

  it('where the key of a certificate is none', async () => {
    const brokers = file('tls.yaml', kafka('kafka: { brokers: ["127.0.0.1:9"], ssl: { enabled: true } }\n'));
    const text = await said(['produce', '--file', file('t.csv', 'a\n'), '--topic', 't', '--config', brokers], environment());
    expect(text).toContain('kafka.ssl');
    expect(seenIn(text, planted)).toEqual([]);
  });
});

const noPostgres = whyNoPostgres();

describe.skipIf(noPostgres !== null)(`no secret is shown by the daemon (needs PostgreSQL${noPostgres === null ? '' : `: ${noPostgres}`})`, () => {
  let postgres: TestPostgres;
  const secret = by('store.url').value;
  const setPassword = async (word: string): Promise<void> => {
    await postgres.connect().query({ deadlineMs: 10_000 }, `ALTER ROLE locked PASSWORD '${word}'`);
  };
  beforeAll(async () => {
    postgres = await TestPostgres.start();
    await postgres.connect().query({ deadlineMs: 10_000 }, `CREATE ROLE locked SUPERUSER LOGIN PASSWORD '${secret}'`);
  });
  afterAll(() => postgres.dispose());

  it('to whoever asks it, and in its log when the database goes away and refuses it', async () => {
    const url = databaseUrl(by('store.url'), postgres.port);
    const daemon = new DaemonProcess({ config: synthetic, environment: withoutSources(environment(url)) });
    const heard: string[] = [];
    try {
      const base = await daemon.ready();
      const key = { 'x-api-key': encodedKey() };
      const targets = [
        '/', '/health', '/metrics', '/docs/json', '/api/status', '/api/bars?venue=v&symbol=s&spec=1m', '/api/bars', '/api/symbols',
        `/api/${by('server.api_key').core}`, '/api/gaps',
      ];
      for (const target of targets) heard.push(await textOf(base + target, key), await textOf(base + target, {}));
      expect(heard.some((text) => text.includes('"pipeline":"canaries"'))).toBe(true);
      await postgres.stop('immediate');
      await eventually(() => daemon.log.includes('"level":"warn"'), 15_000);
      heard.push(await textOf(`${base}/api/bars?venue=v&symbol=s&spec=1m`, key), await textOf(`${base}/health`, {}));
      await postgres.startAgain();
      await setPassword('another');
      heard.push(await textOf(`${base}/api/symbols`, key));
      await eventually(() => daemon.log.includes('password authentication failed'), 20_000);
    } finally {
      await daemon.stop('SIGKILL');
      await postgres.startAgain();
      await setPassword(secret);
    }
    expect(seenIn(daemon.log, planted)).toEqual([]);
    // The path that was asked for comes from the client: it is not repeated either.
    expect(seenIn(heard.join('\n'), planted)).toEqual([]);
  });

  it('in its crash report', async () => {
    const url = databaseUrl(by('store.url'), postgres.port);
    const variables = { ...withoutSources(environment(url)), PIPELINE_CRASH_REPORTS_DIRECTORY: reports };
    const daemon = new DaemonProcess({
      config: synthetic, environment: { ...variables, PIPELINE_FAULTS_THROW_AT: 'before-commit:2' },
    });
    daemon.ready().catch(() => {});
    expect(await daemon.ended()).toBe(70);
    await daemon.stop();
    const texts = readdirSync(reports).map((name) => readFileSync(path.join(reports, name), 'utf8'));
    expect(texts.join('')).toContain('faults.throw_at');
    expect(seenIn(texts.join('') + daemon.log, planted)).toEqual([]);
  });

  /** A header holds no quote that is written otherwise: the key is sent as it is. */
  function encodedKey(): string {
    return by('server.api_key').value;
  }
});

const noKafka = noPostgres ?? whyNoKafka();

describe.skipIf(noKafka !== null)(`no secret is shown when the broker refuses the login (needs Kafka${noKafka === null ? '' : `: ${noKafka}`})`, () => {
  let broker: TestKafka;
  let postgres: TestPostgres;
  beforeAll(async () => {
    [broker, postgres] = [await TestKafka.start({ listeners: ['sasl'] }), await TestPostgres.start()];
  });
  afterAll(async () => {
    await Promise.all([broker.dispose(), postgres.dispose()]);
  });

  it.each(['plain', 'scram-sha-256'])('by %s', async (mechanism) => {
    const [address] = broker.addresses('sasl');
    const config = kafka(`kafka: { brokers: ["${address}"], sasl: { mechanism: ${mechanism}, username: mdp } }\n`);
    const daemon = new DaemonProcess({ config, environment: environment(postgres.url()) });
    daemon.ready().catch(() => {});
    await eventually(() => daemon.log.includes('kafka-refused') || daemon.log.includes('kafka.sasl.password'), 30_000);
    await daemon.stop();
    expect(seenIn(daemon.log, planted)).toEqual([]);
  });
});

async function textOf(url: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(url, { headers });
  return `${JSON.stringify([...response.headers])}${await response.text()}`;
}
