import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-packages-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Locked {
  readonly version: string;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly integrity?: string;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly unknown[];
}

interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly version: number;
  readonly metadata: { readonly component: Component & { readonly type: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** "name@version" of what is shipped, by the lock file: its keys are paths under node_modules. */
function shipped(): Map<string, Locked> {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
  return new Map(Object.entries(packages).filter(([place, { dev }]) => place !== '' && dev !== true)
    .map(([place, locked]) => [`${place.split('node_modules/').at(-1)}@${locked.version}`, locked]));
}

describe('the bill of materials', () => {
  const file = path.join(folder, 'sbom.json');
  const made = spawnSync(process.execPath, [path.join(root, 'scripts/write-sbom.ts'), file], { encoding: 'utf8' });
  const sbom = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Sbom : null;

  it('is a CycloneDX document of this program', () => {
    expect(made.status, made.stderr).toBe(0);
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    expect(sbom).toMatchObject({
      bomFormat: 'CycloneDX', specVersion: expect.stringMatching(/^1\.\d$/) as unknown, version: 1,
      serialNumber: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/) as unknown,
      metadata: { component: { type: 'application', name: 'mdp', version, purl: `pkg:npm/mdp@${version}` } },
    });
    expect(new Set(sbom!.dependencies.map(({ ref }) => ref)).size).toBe(sbom!.components.length + 1);
  });

  it('has every package that the lock file ships, and no other', () => {
    const listed = sbom!.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed.toSorted()).toEqual([...shipped().keys()].toSorted());
    expect(listed.length).toBeGreaterThan(100);
    expect(listed.some((one) => one.startsWith('vitest@'))).toBe(false);
  });

  it('has of each the digest that the lock file holds it to', () => {
    const locked = shipped();
    for (const { name, version, purl, hashes } of sbom!.components) {
      const integrity = locked.get(`${name}@${version}`)!.integrity!;
      const digest = Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex');
      expect(hashes, name).toContainEqual({ alg: 'SHA-512', content: digest });
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
    }
  });

  it('says nothing of the machine that it was made on', () => {
    expect(JSON.stringify(sbom)).not.toContain(root);
    expect(JSON.stringify(sbom)).not.toMatch(/"url":"(?!https:\/\/)/);
  });
});

describe('the audit of packages', () => {
  /** By an npm that answers like this. */
  function audited(answer: { out: string; error?: string; status: number }, environment: Record<string, string> = {}) {
    const npm = path.join(folder, 'npm');
    writeFileSync(npm, [
      '#!/bin/sh', `printf '%s ' "$@" >'${folder}/asked'`, `printf '%s' '${answer.out}'`,
      `printf '%s' '${answer.error ?? ''}' >&2`, `exit ${answer.status}`, '',
    ].join('\n'));
    chmodSync(npm, 0o755);
    const env = { PATH: `${folder}:${process.env['PATH']}`, ...environment };
    return spawnSync(process.execPath, [path.join(root, 'scripts/audit-packages.ts')], { encoding: 'utf8', env });
  }
  const report = (vulnerabilities: object): string =>
    JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { dependencies: { prod: 130 } } });

  it('asks for what is shipped, and is content when nothing is known', () => {
    const { status, stdout } = audited({ out: report({}), status: 0 });
    expect([status, stdout]).toEqual([0, expect.stringContaining('130 packages were looked up')]);
    expect(readFileSync(path.join(folder, 'asked'), 'utf8')).toBe('audit --omit=dev --audit-level=high --json ');
  });

  it('fails and names the package when a weakness is high or critical, and not below', () => {
    const weak = (severity: string): string => report({ 'weak-package': { severity, range: '<1.2.3' } });
    for (const severity of ['high', 'critical']) {
      const { status, stdout } = audited({ out: weak(severity), status: 1 });
      expect([status, stdout]).toEqual([1, expect.stringContaining('weak-package <1.2.3')]);
    }
    expect(audited({ out: weak('moderate'), status: 0 }).status).toBe(0);
  });

  it('says loudly that nothing was audited when the registry does not answer, and goes on', () => {
    const error = 'npm warn audit 405 Method Not Allowed - POST';
    for (const out of ['', '{"message":"405 Method Not Allowed","error":{}}']) {
      const { status, stdout } = audited({ out, error, status: 1 });
      expect([status, stdout]).toEqual([0, expect.stringMatching(/=====\nNOT AUDITED: .*405 Method Not Allowed/)]);
    }
    const onActions = audited({ out: '', error, status: 1 }, { GITHUB_ACTIONS: 'true' });
    expect(onActions.stdout).toContain('::warning title=');
  });

  it('stands in what runs for every change', () => {
    const workflow = readFileSync(path.join(root, '.github/workflows/ci.yml'), 'utf8');
    for (const verb of ['audit', 'sbom']) expect(workflow).toMatch(new RegExp(`run: ./scripts/dev.sh ${verb}\\b`));
  });
});
