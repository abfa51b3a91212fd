import { spawnSync } from 'node:child_process';
import {
  chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { commandPath, read, root } from './files.ts';
import { manifestsIn, one, renderText } from './manifests.ts';

/*
 * There is no cluster where these tests run. In its place stands a kubectl that writes down what it is asked for, renders
 * with the real one, and answers as a cluster in the state of the test would.
 */
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-deploy-'));
const [commands, calls, project] = ['bin', 'calls', 'project'].map((name) => path.join(folder, name));
const script = path.join(project, 'deploy/deploy.sh');
afterAll(() => rmSync(folder, { recursive: true }));

interface Cluster {
  readonly secret: boolean;
  readonly kinds: readonly string[];
  readonly migration: 'Complete' | 'Failed';
}
const well: Cluster = {
  secret: true, kinds: ['servicemonitors.monitoring.coreos.com', 'scaledobjects.keda.sh'], migration: 'Complete',
};

/** A folder with only what the script needs, so that nothing of the machine answers in its place. */
function onlyCommands(): void {
  rmSync(commands, { recursive: true, force: true });
  mkdirSync(commands);
  const names = ['bash', 'sed', 'tr', 'paste', 'grep', 'mktemp', 'mkdir', 'rm', 'cat', 'dirname', 'sleep', 'env'];
  for (const name of names) {
    symlinkSync(commandPath(name)!, path.join(commands, name));
  }
}

function standIn({ secret, kinds, migration }: Cluster): void {
  const lines = [
    '#!/usr/bin/env bash',
    `[ "$1" = kustomize ] && exec "${commandPath('kubectl')}" "$@"`,
    `echo "$*" >>"${calls}"`,
    'case "$*" in',
    `  *"get secret"*) ${secret ? 'echo secret/mdp-secrets' : 'echo "Error from server (NotFound)" >&2; exit 1'} ;;`,
    // More than a pipe holds: whoever stops listening to it would have it die.
    `  *api-resources*) echo "${kinds.join('\n')}"; printf 'others%s.example\n' {1..9999} ;;`,
    `  *"get job"*) echo "${migration}" ;;`,
    'esac',
  ];
  writeFileSync(path.join(commands, 'kubectl'), lines.join('\n'));
  chmodSync(path.join(commands, 'kubectl'), 0o755);
}

function deploy(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  rmSync(calls, { force: true });
  const { status, stdout, stderr } = spawnSync(script, args, { encoding: 'utf8', env: { PATH: commands } });
  return { status, stdout, stderr };
}

const called = (): string[] => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
const everything = ['--production', '--monitoring', '--autoscaling', '--security', '--ingress'];

beforeEach(() => {
  rmSync(project, { recursive: true, force: true });
  for (const part of ['deploy', 'monitoring']) cpSync(path.join(root, part), path.join(project, part), { recursive: true });
  const image = path.join(project, 'deploy/components/program/kustomization.yaml');
  writeFileSync(image, readFileSync(image, 'utf8').replace('registry.example.com/', 'registry.test/'));
  onlyCommands();
});

describe.skipIf(commandPath('kubectl') === null)('deploy.sh --dry-run (by kubectl)', () => {
  beforeEach(() => standIn(well));

  it('prints the migration and the daemon, asks no cluster, and leaves nothing behind', () => {
    const { status, stdout } = deploy('--dry-run');
    expect(status).toBe(0);
    const manifests = manifestsIn(stdout);
    expect(manifests.map(({ kind }) => kind).filter((kind) => kind !== 'ConfigMap' && kind !== 'ServiceAccount'))
      .toEqual(['Job', 'Service', 'Deployment', 'PodDisruptionBudget']);
    expect(called()).toEqual([]);
    expect(readdirSync(path.join(project, 'deploy')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('renders with everything what overlays/production does', () => {
    const { stdout } = deploy(...everything, '--dry-run');
    const overlay = renderText(path.join(project, 'deploy/overlays/production'));
    expect(stdout.endsWith(overlay)).toBe(true);
  });

  it('says what it will do before it does it', () => {
    const { stderr } = deploy(...everything, '--namespace', 'desk', '--dry-run');
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'mdp goes to the namespace desk with monitoring, autoscaling, security, ingress, production.',
      expect.stringMatching(/^Image: registry\.test\/mdp:\d/),
    ]);
  });

  it('puts the host, the namespace and the other autoscaler where they belong', () => {
    const chosen = ['--ingress', '--host', 'bars.desk.test', '--namespace', 'desk', '--autoscaling=hpa', '--security'];
    const manifests = manifestsIn(deploy(...chosen, '--dry-run').stdout);
    const { spec } = one(manifests, 'Ingress');
    expect([spec.rules[0].host, spec.tls[0].hosts]).toEqual(['bars.desk.test', ['bars.desk.test']]);
    expect(one(manifests, 'Namespace').metadata.name).toBe('desk');
    expect(manifests.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'desk')).toEqual([]);
    expect(one(manifests, 'HorizontalPodAutoscaler').spec.minReplicas).toBe(3);
    expect(manifests.some(({ kind }) => kind === 'ScaledObject')).toBe(false);
  });
});

describe.skipIf(commandPath('kubectl') === null)('deploy.sh in a cluster (by kubectl)', () => {
  it('brings the schema first, then the pods, and waits for both', () => {
    standIn(well);
    const { status, stderr } = deploy('--monitoring', '--autoscaling', '--context', 'desk');
    expect(status, stderr).toBe(0);
    const verbs = called().map((line) => line.replace('--context desk --namespace mdp ', '').split(/ (?=--|\/)/)[0]);
    expect(verbs).toEqual([
      'version', 'api-resources', 'api-resources', 'get namespace mdp', 'get secret mdp-secrets',
      'delete job mdp-migrate', 'apply', 'get job mdp-migrate', 'apply', 'rollout status deployment/mdp',
    ]);
    expect(stderr).toContain('mdp is at work.');
  });

  it('changes no pod where the schema could not be brought to its version', () => {
    standIn({ ...well, migration: 'Failed' });
    const { status, stderr } = deploy();
    expect(status).toBe(1);
    expect(stderr).toContain('nothing else was changed');
    expect(called().filter((line) => line.includes(' apply '))).toHaveLength(1);
    expect(called().join('\n')).not.toContain('rollout');
  });

  it('begins nothing without the Secret, or without the operators that were asked for', () => {
    standIn({ ...well, secret: false });
    const { status, stderr } = deploy();
    expect([status, stderr]).toEqual([1, expect.stringContaining('deploy/examples/ shows three ways')]);
    standIn({ ...well, kinds: [] });
    expect(deploy('--monitoring').stderr).toContain('install the Prometheus operator, or leave --monitoring out');
    expect(deploy('--autoscaling').stderr).toContain('install KEDA, or take --autoscaling=hpa');
    expect(called().filter((line) => / (apply|delete|create) /.test(line))).toEqual([]);
  });
});

describe('deploy.sh refuses', () => {
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [['--prodution'], 'There is no option "--prodution".'],
    [['--autoscaling=vpa'], 'keda or hpa, not "vpa"'],
    [['--namespace', 'Desk'], '--namespace "Desk"'],
    [['--namespace', 'a; rm'], '--namespace "a; rm"'],
    [['--namespace'], '--namespace needs a value'],
    [['--host', 'bars.desk.test'], '--host goes with --ingress'],
    [['--ingress', '--host', 'bars'], '"bars" is not a name like'],
    [['--ingress'], '--ingress needs --host'],
    [['--timeout', '0'], '--timeout "0"'],
  ];
  for (const [args, words] of refusals) {
    it(args.join(' '), () => {
      const { status, stdout, stderr } = deploy(...args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toContain(words);
    });
  }

  it('the image that only stands for one', () => {
    const file = 'deploy/components/program/kustomization.yaml';
    writeFileSync(path.join(project, file), read(file));
    const { status, stderr } = deploy();
    expect([status, stderr]).toEqual([2, expect.stringContaining('scripts/set-image-tag.sh')]);
  });

  it('to work without kubectl, and says what is missing', () => {
    const [real, dry] = [deploy(), deploy('--dry-run')];
    expect([real.status, real.stderr]).toEqual([1, expect.stringContaining('kubectl is missing')]);
    expect([dry.status, dry.stderr]).toEqual([1, expect.stringContaining('Neither kubectl nor kustomize')]);
  });
});
