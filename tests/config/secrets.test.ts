import { describe, expect, it } from 'vitest';
import { describeConfig, reportConfig } from '../../src/config.ts';
import { at, faultsOf, load, temporaryFiles } from '../support/config-files.ts';

const file = temporaryFiles();

interface Secret {
  readonly key: string;
  readonly names: readonly string[];
  readonly value: string;
  /** What else must be set. */
  readonly beside?: Readonly<Record<string, string>>;
}

/** Every secret with its environment names. */
const secrets: readonly Secret[] = [
  { key: 'store.url', names: ['DATABASE_URL', 'PIPELINE_STORE_URL'], value: 'postgres://user:hunter2@db.example/bars' },
  { key: 'server.api_key', names: ['API_KEY', 'PIPELINE_SERVER_API_KEY'], value: 'hunter2' },
  { key: 'kafka.sasl.password', names: ['KAFKA_SASL_PASSWORD', 'PIPELINE_KAFKA_SASL_PASSWORD'], value: 'hunter2' },
  {
    key: 'alerts.webhook_url', names: ['PIPELINE_ALERTS_WEBHOOK_URL'], value: 'https://receiver.example/hook?token=hunter2',
    beside: { PIPELINE_ALERTS_WEBHOOK_SECRET: 'a key of sixteen letters' },
  },
  { key: 'alerts.webhook_secret', names: ['PIPELINE_ALERTS_WEBHOOK_SECRET'], value: 'hunter2 and some more' },
  { key: 'kafka.ssl.key', names: ['KAFKA_SSL_KEY', 'PIPELINE_KAFKA_SSL_KEY'], value: '-----BEGIN\nhunter2\n-----END' },
];

describe('secrets', () => {
  it('are all in this test', () => {
    const declared = load().leaves.filter(({ setting }) => setting.type === 'text' && setting.secret === true);
    expect(declared.map(({ path }) => path).sort()).toEqual(secrets.map(({ key }) => key).sort());
  });

  for (const { key, names, value, beside = {} } of secrets) {
    for (const name of names) {
      it(`${key} comes from the file that ${name}_FILE names, without its last line break`, () => {
        for (const [ending, content] of [['lf', `${value}\n`], ['crlf', `${value}\r\n`], ['none', value]]) {
          const loaded = load({ environment: { ...beside, [`${name}_FILE`]: file(`${key}-${ending}`, content) } });
          expect(at(loaded.config, key)).toBe(value);
          expect(loaded.origins.get(key)).toEqual({ kind: 'environment', name: `${name}_FILE` });
        }
      });

      it(`${key} is refused from ${name} and ${name}_FILE at once, even when they agree`, () => {
        const environment = { ...beside, [name]: value, [`${name}_FILE`]: file(`${key}-both`, value) };
        expect(faultsOf({ environment }))
          .toEqual([`${name}_FILE: ${key}: ${name} sets the same key; keep one of the two.`]);
      });
    }

    it(`${key} that reads like the path of its own file is refused beside that file`, () => {
      const path = file(`${key}-path`, value);
      expect(faultsOf({ environment: { [names[0]]: path, [`${names[0]}_FILE`]: path } }).join())
        .toContain('keep one of the two');
    });

    it(`${key} is masked wherever it is shown`, () => {
      const loaded = load({ flags: [`${key}=${value}`], environment: beside });
      expect(describeConfig(loaded)).not.toContain('hunter2');
      expect(describeConfig(loaded)).toMatch(/: "\*\*\*"\s+# --set/);
      expect(JSON.stringify(reportConfig(loaded))).not.toContain('hunter2');
      expect(reportConfig(loaded).settings.find((setting) => setting.key === key)?.value).toBe('***');
    });

    it(`${key} is on the list of texts that no log may hold`, () => {
      expect(load({ flags: [`${key}=${value}`], environment: beside }).secrets).toContain(value);
    });

    it(`the mask is refused as ${key}`, () => {
      expect(faultsOf({ flags: [`${key}=***`] })).toEqual([
        expect.stringMatching(/ is \*\*\*: write the secret itself as text/),
      ]);
    });
  }

  it('the password within a database URL is a secret by itself, also decoded', () => {
    const { secrets: texts } = load({ flags: ['store.url=postgres://user:a%2Fb@h/d'] });
    expect(texts).toEqual(['postgres://user:a%2Fb@h/d', 'a%2Fb', 'a/b']);
    expect(load({ flags: ['store.url=postgres://user:100%@h/d'] }).secrets).toContain('100%');
  });

  it('a secret that is not set is not masked: one can see that it is missing', () => {
    expect(describeConfig(load())).toMatch(/api_key: null/);
  });

  it('a file that is missing, empty, a directory or too large is a fault', () => {
    const paths = [
      '/nonexistent/secret', import.meta.dirname,
      file('empty', ''), file('newline', '\n'), file('large', 'x'.repeat(65_537)),
    ];
    for (const path of paths) {
      const all = faultsOf({ environment: { API_KEY_FILE: path } });
      expect(all, path).toHaveLength(1);
      expect(all[0]).toContain(path);
    }
  });

  it('a file is taken as it is, but for one line break at its end', () => {
    const loaded = load({ environment: { API_KEY_FILE: file('spaces', ' a\tb \n\n') } });
    expect(loaded.config.server.api_key).toBe(' a\tb \n');
  });

  it('what is no secret has no _FILE', () => {
    expect(faultsOf({ environment: { PIPELINE_SINK_WORKERS_FILE: '/x' } })).toHaveLength(1);
  });
});
