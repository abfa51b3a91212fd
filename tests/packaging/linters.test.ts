import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { alertRules, commandPath, dashboardQueries, load, root } from './files.ts';

/** What the tool said, when it found fault; else nothing. */
function faultsBy(tool: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(commandPath(tool)!, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? '' : `exit code ${status}\n${stdout}${stderr}`;
}

/** A test that a program of the machine decides; its name says which one is missing where it is left out. */
function judgedBy(tool: string, promise: string, judge: () => void): void {
  it.skipIf(commandPath(tool) === null)(`${promise} (by ${tool})`, judge);
}

const rulesFile = 'monitoring/alerts.yml';
const yamlPlaces = ['.yamllint.yaml', 'config.yaml', 'docker-compose.yaml', 'deploy', 'monitoring'];

describe('monitoring', () => {
  judgedBy('promtool', 'the alert rules are valid', () => {
    expect(faultsBy('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', rulesFile])).toBe('');
  });

  judgedBy('promtool', 'the configuration of Prometheus is valid', () => {
    expect(faultsBy('promtool', ['check', 'config', 'monitoring/prometheus.yml'])).toBe('');
  });

  judgedBy('promtool', 'each alert fires when it must, and only then', () => {
    expect(faultsBy('promtool', ['test', 'rules', 'monitoring/alerts.test.yml'])).toBe('');
  });

  judgedBy('promtool', 'every query of the dashboard can be parsed', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mdp-dashboard-'));
    try {
      const rules = dashboardQueries().map((expr, index) => ({ record: `query_${index}`, expr }));
      const file = path.join(folder, 'rules.yml');
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
      expect(faultsBy('promtool', ['check', 'rules', file])).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
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
    expect(faultsBy('yamllint', ['--strict', '-c', '.yamllint.yaml', ...yamlPlaces])).toBe('');
  });

  judgedBy('shellcheck', 'shell scripts have no known trap', () => {
    const listed = execFileSync('git', ['ls-files', '*.sh', '.ci/run'], { cwd: root, encoding: 'utf8' });
    const scripts = listed.trim().split('\n');
    expect(scripts.length).toBeGreaterThan(1);
    expect(faultsBy('shellcheck', scripts)).toBe('');
  });

  judgedBy('hadolint', 'the Dockerfile has no known trap', () => {
    expect(faultsBy('hadolint', ['Dockerfile'])).toBe('');
  });

  judgedBy('docker-compose', 'the compose file is valid', () => {
    expect(faultsBy('docker-compose', ['-f', 'docker-compose.yaml', 'config', '--quiet'])).toBe('');
  });
});
