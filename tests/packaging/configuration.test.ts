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
function check(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): { status: number | null; text: string } {
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
  const inCluster: Readonly<Record<string, { readonly manifests: readonly string[]; readonly overlays: readonly string[] }>> = {
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
      for (const secret of ['choose-a-password', 'choose-a-long-random-key', 'choose-another-password']) expect(text).not.toContain(secret);
    });
  }

  it('is accepted as docker-compose.yaml gives it', () => {
    interface Compose { readonly services: { readonly pipeline: { readonly environment: Readonly<Record<string, string>> } } }
    const compose: Compose = load('docker-compose.yaml');
    const names = Object.keys(compose.services.pipeline.environment);
    expect(names.toSorted()).toEqual(['API_KEY_FILE', 'DATABASE_URL_FILE']);
    const { status, text } = check([], {
      PIPELINE_SERVER_HOST: '0.0.0.0', API_KEY_FILE: secretFile('key', 'a-key-of-this-test'),
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
