import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { load, root } from './files.ts';

/*
 * The scripts work in a copy of the project that is a repository of its own. In the place of docker, and of a scanner, stand
 * programs that write down what they are asked for.
 */
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-image-'));
const [original, project, commands, calls] = ['original', 'project', 'bin', 'calls'].map((name) => path.join(folder, name));
const { version }: { version: string } = load('package.json');
const repository = 'ghcr.io/acme/market';
afterAll(() => rmSync(folder, { recursive: true }));

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b.test', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: project, encoding: 'utf8' }).trim();
}

function standIn(name: string, lines: string): void {
  writeFileSync(path.join(commands, name), `#!/bin/sh\necho "${name} $*" >>"${calls}"\n${lines}\n`);
  chmodSync(path.join(commands, name), 0o755);
}

function run(script: string, ...args: readonly string[]): { status: number | null; text: string; calls: string[] } {
  writeFileSync(calls, '');
  const env = { PATH: `${commands}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync(path.join(project, 'scripts', script), args, { encoding: 'utf8', env });
  return { status, text: stdout + stderr, calls: readFileSync(calls, 'utf8').trim().split('\n') };
}

beforeAll(() => {
  mkdirSync(commands);
  const scripts = ['scripts/publish-image.sh', 'scripts/set-image-tag.sh'];
  const parts = [...scripts, 'deploy', 'docker-compose.prod.yml', 'package.json'];
  for (const part of parts) {
    cpSync(path.join(root, part), path.join(project, part), { recursive: true });
  }
  for (const args of [['init', '--quiet'], ['add', '.'], ['commit', '--quiet', '--message', 'all']]) git(...args);
  cpSync(project, original, { recursive: true });
});

beforeEach(() => {
  rmSync(project, { recursive: true });
  cpSync(original, project, { recursive: true });
  // No such image is published yet.
  standIn('docker', '[ "$1 $2" != "manifest inspect" ]');
  standIn('trivy', 'exit 0');
});

describe('publish-image.sh', () => {
  const publish = (...args: readonly string[]) => run('publish-image.sh', ...args);
  const pushed = (lines: readonly string[]) => lines.filter((line) => line.startsWith('docker push'));

  it('builds, scans, and pushes the version and latest, in that order', () => {
    const { status, text, calls: [, , build, scan, ...pushes] } = publish(repository);
    expect(status, text).toBe(0);
    expect(build).toContain(`--tag ${repository}:${version} --tag ${repository}:latest .`);
    expect(build).toContain(`org.opencontainers.image.revision=${git('rev-parse', 'HEAD')}`);
    expect(scan).toMatch(new RegExp(`^trivy image .*--exit-code 1 ${repository}:${version}$`));
    expect(pushes).toEqual([`docker push ${repository}:${version}`, `docker push ${repository}:latest`]);
  });

  it('never pushes with --dry-run', () => {
    const { status, text, calls: lines } = publish('--dry-run', repository);
    expect([status, pushed(lines)]).toEqual([0, []]);
    expect(text).toContain('Nothing was pushed.');
  });

  it('says with --dry-run what it would do where no engine is', () => {
    standIn('docker', 'exit 1');
    const { status, text } = publish('--dry-run', repository);
    expect([status, text]).toEqual([0, expect.stringContaining('this would run: docker build --pull')]);
    expect(publish(repository).status).toBe(1);
  });

  it('does not push what the scanner finds fault with', () => {
    standIn('trivy', 'exit 1');
    const { status, calls: lines } = publish(repository);
    expect([status, pushed(lines)]).toEqual([1, []]);
  });

  it('pushes a version before a release, or a mend of an older one, without latest', () => {
    expect(pushed(publish('--no-latest', repository).calls)).toEqual([`docker push ${repository}:${version}`]);
    const file = path.join(project, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`"version": "${version}"`, '"version": "9.0.0-rc.1"'));
    git('commit', '--all', '--quiet', '--message', 'candidate');
    expect(pushed(publish(repository).calls)).toEqual([`docker push ${repository}:9.0.0-rc.1`]);
  });

  it('never writes over a version, and publishes nothing that is not committed', () => {
    standIn('docker', 'exit 0');
    const again = publish(repository);
    expect([again.status, again.text]).toEqual([2, expect.stringContaining('is published already')]);
    writeFileSync(path.join(project, 'new'), '');
    const changed = publish(repository);
    expect([changed.status, changed.text]).toEqual([2, expect.stringContaining('not committed')]);
  });

  for (const name of ['', 'market', 'ghcr.io/Acme/market', `${repository}:1`, 'ghcr.io/a;b']) {
    it(`refuses "${name}"`, () => {
      const { status, calls: lines } = publish(name);
      expect([status, lines]).toEqual([2, ['']]);
    });
  }
});

describe('set-image-tag.sh', () => {
  const manifests = 'deploy/components/program/kustomization.yaml';
  const compose = 'docker-compose.prod.yml';
  const imageOf = (): unknown => (parse(readFileSync(path.join(project, manifests), 'utf8')) as { images: unknown }).images;
  const service = (): string => {
    const text = readFileSync(path.join(project, compose), 'utf8');
    return (parse(text, { merge: true }) as { services: { pipeline: { image: string } } }).services.pipeline.image;
  };

  it('writes an image where it stands, again and again, and changes no other line', () => {
    for (const image of [`${repository}:1.2.3`, 'registry.test:5000/a/b:1.10', `${repository}:20`]) {
      expect(run('set-image-tag.sh', image).status).toBe(0);
      const colon = image.lastIndexOf(':');
      expect(imageOf()).toEqual([{ name: 'mdp', newName: image.slice(0, colon), newTag: image.slice(colon + 1) }]);
      expect(service()).toBe(image);
    }
    expect(git('diff', '--numstat')).toBe(`2\t2\t${manifests}\n1\t1\t${compose}`);
  });

  for (const image of ['', 'market', repository, `${repository}:latest`, `${repository}:a b`, `${repository}:|x`]) {
    it(`refuses "${image}" and writes nothing`, () => {
      expect(run('set-image-tag.sh', image).status).toBe(2);
      expect(git('diff', '--numstat')).toBe('');
    });
  }

  it('refuses a file whose line is gone, and writes nothing', () => {
    const file = path.join(project, compose);
    writeFileSync(file, readFileSync(file, 'utf8').replace(' # By scripts/set-image-tag.sh', ''));
    expect(run('set-image-tag.sh', `${repository}:1.2.3`).status).toBe(2);
    expect(imageOf()).toEqual([{ name: 'mdp', newName: 'registry.example.com/mdp', newTag: version }]);
  });
});
