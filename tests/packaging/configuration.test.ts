import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { load, read, root } from './files.ts';
import { manifestsOf, one } from './manifests.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mdp-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What `mdp check` makes of a configuration: its exit code and what it says. */
function check(
  args: readonly string[], environment: Readonly<Record<string, string | undefined>>,
): { status: number | null; text: string } {
  const env = { PATH: process.env['PATH'], ...environment };
  const program = [path.join(root, 'src/main.ts'), 'check', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function secretFile(name: string, value: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, value);
  return file;
}

describe('a configuration that is shipped', () => {
  const inCluster: Readonly<Record<string, Readonly<Record<'manifests' | 'overlays', readonly string[]>>>> = {
    'the deployment': { manifests: ['base'], overlays: ['program/config.yaml'] },
    'the deployment of one lane': { manifests: ['base'], overlays: ['one-lane/config.yaml'] },
    'the production component': {
      manifests: ['base', 'components/production'], overlays: ['program/config.yaml', 'production/production.yaml'],
    },
  };

  for (const [what, { manifests, overlays }] of Object.entries(inCluster)) {
    it(`is accepted as ${what} gives it`, () => {
      const { stringData } = one(manifestsOf('deploy/examples/secret.yaml'), 'Secret');
      const variables = manifests.flatMap((folder) => (
        one(manifestsOf(`deploy/${folder}/deployment.yaml`), 'Deployment').spec.template.spec.containers[0].env));
      const environment = Object.fromEntries(variables.map(({ name, value }) => (
        [name, name.endsWith('_FILE') ? secretFile(path.basename(value), stringData[path.basename(value)]) : value])));
      const { status, text } = check(overlays.flatMap((file) => ['--config', `deploy/components/${file}`]), environment);
      expect(status, text).toBe(0);
      const secrets = ['choose-a-password', 'choose-a-long-random-key', 'choose-another-password'];
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    });
  }

  it('is accepted as docker-compose.yaml gives it', () => {
    interface Service { readonly environment: Readonly<Record<string, string>> }
    const compose: { services: { pipeline: Service } } = load('docker-compose.yaml');
    const names = Object.keys(compose.services.pipeline.environment);
    expect(names.toSorted()).toEqual(['API_KEY_FILE', 'DATABASE_URL_FILE', 'KAFKA_BROKERS']);
    const { status, text } = check(['--config', 'config/kafka.yaml'], {
      PIPELINE_SERVER_HOST: '0.0.0.0', KAFKA_BROKERS: 'kafka:19092', API_KEY_FILE: secretFile('key', 'a-key-of-this-test'),
      DATABASE_URL_FILE: secretFile('url', 'postgres://mdp:a-password@timescaledb:5432/mdp'),
    });
    expect(status, text).toBe(0);
  });

  it('is accepted as .env.example gives it, and each of its names is known', () => {
    const { status, text } = check([], parseEnv(read('.env.example')));
    expect(status, text).toBe(0);
    expect(text).not.toMatch(/unknown/i);
  });

  it('would not be accepted with a name in the environment that nobody knows', () => {
    expect(check([], { PIPELINE_SINK_WROKERS: '4' }).status).toBe(2);
  });
});
