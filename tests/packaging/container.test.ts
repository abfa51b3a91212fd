import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, read, root } from './files.ts';

/*
 * There is no container engine where these tests run. So the stages of the Dockerfile are carried out, as they are
 * written there, in a plain directory that the program cannot write to; it runs under the image's user where the test
 * may change users.
 */
const stages = new Map(read('Dockerfile').replaceAll('\\\n', ' ').split(/^(?=FROM )/m).slice(1)
  .map((text) => [/ AS (\w+)$/m.exec(text.split('\n')[0])?.[1] ?? '', text.split('\n')] as const));

/** The arguments of every instruction of that name; of all stages but the one that builds the page, unless it is meant. */
function instructions(name: string, stage?: string): readonly string[] {
  const asked = stage === undefined ? ['dependencies', 'runtime'] : [stage];
  const lines = asked.flatMap((one) => stages.get(one) ?? []).filter((line) => line.startsWith(`${name} `));
  return lines.map((line) => line.slice(name.length + 1).trim());
}

/** Instructions in the form of a JSON list, with the image's folder replaced by ours. */
function command(name: string, folder: string): string[] {
  const list: string[] = JSON.parse(/\[.*\]/.exec(instructions(name).join('\n'))![0]);
  return list.map((part) => (part === 'node' ? process.execPath : part.replace(/^\/app\b/, folder)));
}

const pairs = instructions('ENV').flatMap((line) => line.split(/\s+/)).map((pair) => pair.split('='));
const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
/** Before a command: it becomes process 1 of processes of its own, under the image's user. Nothing where that cannot be had. */
const asProcessOne = user.uid !== undefined && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0
  ? ['unshare', '--pid', '--fork', '--kill-child', 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'] : [];
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-container-'));
const app = path.join(folder, 'app');
const data = path.join(folder, 'data');
const environment: Record<string, string> = Object.fromEntries(pairs.map(([name, value]) => [name, inApp(value)]));
const path24 = `${path.dirname(process.execPath)}:${process.env['PATH']}`;

/** A path of the image, in the folder that stands for it. */
function inApp(text: string): string {
  return text.replaceAll(/(?<![\w/])\/app\b/g, app);
}

/** Copies what a stage copies from the repository: `COPY a b target`. */
function copySources(into: string, stage?: string): void {
  for (const line of instructions('COPY', stage).filter((each) => !each.startsWith('--from'))) {
    const parts = line.split(/\s+/);
    const target = parts.pop()!;
    for (const part of parts) {
      cpSync(path.join(root, part), path.join(into, target === './' ? part : target), { recursive: true });
    }
  }
}

/**
 * The stage that builds the page, and what the image takes of it. Its packages are those that are installed here, all of the
 * lock file: installing them once more would show nothing new.
 */
function buildPage(): void {
  const build = path.join(folder, 'build');
  mkdirSync(build);
  copySources(build, 'dashboard');
  const packages = path.join(build, 'node_modules');
  mkdirSync(packages);
  // Links cannot lead to another file system: copies there, over the folders that were made.
  const copied = ['-al', '-af'].find((how) => {
    return spawnSync('cp', [how, `${root}/node_modules/.`, packages], { stdio: 'ignore' }).status === 0;
  });
  if (copied === undefined) throw new Error(`The packages could not be copied into ${packages}.`);
  for (const line of instructions('RUN', 'dashboard').filter((each) => !each.startsWith('npm ci'))) {
    execFileSync('sh', ['-c', line], { cwd: build, stdio: 'pipe', env: { ...process.env, PATH: path24 } });
  }
  for (const line of instructions('COPY', 'runtime').filter((each) => each.startsWith('--from=dashboard'))) {
    const [, from, target] = line.split(/\s+/);
    cpSync(from.replace(/^\/build/, build), path.join(app, target), { recursive: true });
  }
  rmSync(build, { recursive: true });
}

/** Files that the daemon loads late, or not at all; what a person at a terminal asks for (`*-program.ts`) may take its time. */
function loadedWhenNeeded(): string[] {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !/^src\/dashboard\/|-program\.ts$/.test(file));
  return files.flatMap((file) => [...read(file).matchAll(/await import\('(\.[^']+)'\)/g)]
    .map(([, imported]) => path.join(path.dirname(file), imported)));
}

beforeAll(() => {
  mkdirSync(app);
  mkdirSync(data);
  chmodSync(folder, 0o755);
  if (user.uid !== undefined && user.gid !== undefined) chownSync(data, user.uid, user.gid);
  copySources(app);
  buildPage();
  for (const line of instructions('RUN').filter((each) => each.startsWith('npm '))) {
    execFileSync('sh', ['-c', line], { cwd: app, stdio: 'pipe', env: { ...process.env, NODE_ENV: 'production' } });
  }
  const cache = environment['NODE_COMPILE_CACHE'];
  mkdirSync(cache);
  if (user.uid !== undefined && user.gid !== undefined) chownSync(cache, user.uid, user.gid);
  for (const line of instructions('RUN').filter((each) => each.startsWith('node '))) {
    execFileSync('sh', ['-c', inApp(line)], { cwd: app, stdio: 'pipe', env: { ...environment, PATH: path24 }, ...user });
  }
  execFileSync('chmod', ['-R', 'a-w', app]);
});

afterAll(() => {
  spawnSync('chmod', ['-R', 'u+w', app]);
  rmSync(folder, { recursive: true, force: true });
});

describe('what the Dockerfile describes', () => {
  it('has no packages that only development needs', () => {
    const installed = execFileSync('ls', [path.join(app, 'node_modules')], { encoding: 'utf8' }).split('\n');
    expect(installed).toContain('pg');
    expect(installed).not.toContain('vitest');
    expect(installed).not.toContain('typescript');
  });

  it('need not strip or compile anything when it starts', () => {
    const env = { PATH: path24, ...environment, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const parts = ['src/embedded/database.ts', ...loadedWhenNeeded()];
    expect(parts).toContain('src/commands/run.ts');
    const load = ['-e', parts.map((part) => `void import('${app}/${part}');`).join('')];
    const { stderr } = spawnSync(process.execPath, load, { cwd: app, env, encoding: 'utf8', ...user });
    expect(stderr).toMatch(/run\.ts.*success/);
    const ours = stderr.split('\n').filter((line) => line.includes('file://'));
    expect(ours.filter((line) => /no such file|not initialized|no transpile cache/.test(line))).toEqual([]);
  });

  it('has the page for browsers, and nothing of what builds it', () => {
    const built = readdirSync(path.join(app, 'dist/dashboard'));
    expect(built.toSorted()).toEqual(['assets', 'index.html']);
    expect(existsSync(path.join(app, 'scripts'))).toBe(false);
    expect(existsSync(path.join(app, 'node_modules/react'))).toBe(false);
  });

  it('is small', () => {
    const bytes = readdirSync(app, { recursive: true, withFileTypes: true })
      .reduce((sum, entry) => sum + (entry.isFile() ? statSync(path.join(entry.parentPath, entry.name)).size : 0), 0);
    expect(bytes / 1_048_576, 'MiB, beside Debian and Node: docs/deployment.md says how much').toBeLessThan(100);
  });

  it('starts on a read-only file system, is healthy, and ends well at SIGTERM', async () => {
    const port = String(await freePort());
    const env = { PATH: process.env['PATH'], ...environment, DATA_DIR: data, API_KEY: 'a-key-of-this-test', PORT: port };
    const [program, ...args] = [...asProcessOne, ...command('ENTRYPOINT', app), ...command('CMD', app)];
    const run = spawn(program, args, { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'], ...(asProcessOne.length > 0 ? {} : user) });
    const log = collect(run);
    try {
      await healthy(port, run);
    } catch (error) {
      run.kill('SIGKILL');
      throw new Error(`${String(error)}\n${log()}`, { cause: error });
    }
    process.kill(asProcessOne.length > 0 ? processOneOf(run) : run.pid!, 'SIGTERM');
    const [exitCode] = await once(run, 'exit');
    expect(exitCode, log()).toBe(0);
  }, 120_000);

  it('refuses to open its server to everybody without a key', () => {
    const env = { PATH: process.env['PATH'], ...environment, DATA_DIR: data };
    const [program, ...args] = [...command('ENTRYPOINT', app), ...command('CMD', app)];
    const { status, stderr } = spawnSync(program, args, { cwd: app, env, encoding: 'utf8', timeout: 30_000, ...user });
    expect(stderr).toContain('API_KEY');
    expect(status).toBe(2);
  });
});

/** The child of unshare, which is process 1 to itself. Process 1 gets no signal that it has not asked for, as any other would. */
function processOneOf({ pid }: ChildProcess): number {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  expect(readFileSync(`/proc/${child}/status`, 'utf8')).toMatch(/^NSpid:.*\t1$/m);
  return child;
}

function collect(run: ChildProcess): () => string {
  let text = '';
  for (const stream of [run.stdout, run.stderr]) stream?.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  return () => text;
}

/** Making a cluster is three seconds of a core, on a machine that others may use. */
const healthyMsMax = 90_000;

/** Resolves when the image's own health check succeeds; rejects when the process has ended or never gets there. */
async function healthy(port: string, run: ChildProcess): Promise<void> {
  const [program, ...args] = command('HEALTHCHECK', app);
  const env = { PATH: process.env['PATH'], PORT: port };
  for (const deadline = AbortSignal.timeout(healthyMsMax); !deadline.aborted;) {
    if (run.exitCode !== null) throw new Error(`It ended with ${run.exitCode}.`);
    if (spawnSync(program, args, { env }).status === 0) return;
    await wait(200);
  }
  throw new Error(`It was not healthy within ${healthyMsMax} ms.`);
}
