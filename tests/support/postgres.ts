import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/postgres.ts';
import { migrate } from '../../src/store/migrate.ts';

/** A PostgreSQL of the test's own: a fresh cluster in a temporary directory, on a free port of 127.0.0.1. */
export class TestPostgres {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: string[];
  readonly #databases: Database[] = [];
  /** What the server has logged since it was made. */
  readonly #log: string[] = [];
  #server: ChildProcess | null = null;
  #databaseCount = 0;

  private constructor(port: number, directory: string, settings: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#settings = [...settings];
  }

  /** Makes a cluster and starts it. `settings` are server options, `max_connections=10`. */
  static async start(settings: readonly string[] = ['fsync=off']): Promise<TestPostgres> {
    const directory = mkdtempSync(join(tmpdir(), 'mdp-postgres-'));
    const owner = serverUser();
    if (owner !== null) chownSync(directory, owner.uid, owner.gid);
    const postgres = new TestPostgres(await freePort(), directory, settings);
    const [command, ...rest] = asServerUser([
      join(binaries(), 'initdb'), '--no-sync', '--auth=trust', '--username=mdp', '--encoding=UTF8', '--locale=C', join(directory, 'data'),
    ]);
    execFileSync(command, rest, { stdio: 'pipe', cwd: directory });
    postgres.#askForPasswords();
    await postgres.startAgain();
    return postgres;
  }

  /** The same, with a certificate that it has signed itself. Needs openssl. */
  static async startWithTls(): Promise<TestPostgres> {
    const postgres = await TestPostgres.start();
    await postgres.stop('fast');
    const [certificate, key] = [postgres.certificatePath, join(postgres.#directory, 'data', 'server.key')];
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=mdp-test', '-keyout', key, '-out', certificate,
    ], { stdio: 'pipe' });
    const owner = serverUser();
    for (const file of owner === null ? [] : [certificate, key]) chownSync(file, owner!.uid, owner!.gid);
    chmodSync(key, 0o600);
    postgres.#settings.push('ssl=on');
    await postgres.startAgain();
    return postgres;
  }

  /** Where `startWithTls` puts its certificate. */
  get certificatePath(): string {
    return join(this.#directory, 'data', 'server.crt');
  }

  /** Everybody is trusted but the user `locked`, whose password is asked for. */
  #askForPasswords(): void {
    const file = join(this.#directory, 'data', 'pg_hba.conf');
    writeFileSync(file, `host all locked 127.0.0.1/32 scram-sha-256\n${readFileSync(file, 'utf8')}`);
  }

  url(options: { database?: string; user?: string; port?: number; password?: string } = {}): string {
    const { database = 'postgres', user = 'mdp', port = this.port, password = 'secret' } = options;
    return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  }

  /** A pool for the test's own questions. Closed by `dispose`. */
  connect(options: { database?: string; user?: string } = {}): Database {
    const database = new Database({
      url: this.url(options), applicationName: 'mdp-test', clientsMax: 4, connectTimeoutMs: 5_000,
      statementTimeoutMs: 60_000, idleInTransactionTimeoutMs: 60_000,
    });
    this.#databases.push(database);
    return database;
  }

  /** A new database with the tables of all migrations; its name. */
  async createDatabase(tables = true): Promise<string> {
    const name = `test_${++this.#databaseCount}`;
    const admin = this.connect();
    await admin.query({ deadlineMs: 30_000 }, `CREATE DATABASE ${name}`);
    if (!tables) return name;
    await migrate(this.connect({ database: name }), { deadlineMs: 30_000 });
    return name;
  }

  /** Starts the stopped server again, on the same port and the same data; one that runs goes on. */
  async startAgain(): Promise<void> {
    if (this.#server !== null && !hasEnded(this.#server)) return;
    const [command, ...rest] = asServerUser([
      join(binaries(), 'postgres'), '-D', join(this.#directory, 'data'), '-p', String(this.port), '-k', '',
      '-c', 'listen_addresses=127.0.0.1', '-c', 'log_line_prefix=[%e] ', ...this.#settings.flatMap((setting) => ['-c', setting]),
    ]);
    const server = spawn(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.#directory });
    const log = this.#log;
    server.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
    this.#server = server;
    const probe = this.connect();
    for (let attempt = 0; attempt < 600; attempt++) {
      if (hasEnded(server)) throw new Error(`PostgreSQL did not start: ${log.join('')}`);
      const answered = await probe.query({ deadlineMs: 5_000 }, 'SELECT 1').then(() => true, () => false);
      if (answered) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`PostgreSQL did not answer: ${log.join('')}`);
  }

  /** How often the server has answered with this SQLSTATE, by its own log. */
  errors(sqlState: string): number {
    return this.#log.join('').match(new RegExp(`^\\[${sqlState}\\] (?:ERROR|FATAL):`, 'gm'))?.length ?? 0;
  }

  /** `fast` ends sessions and checkpoints; `immediate` is a crash. */
  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    const server = this.#server;
    if (server === null || hasEnded(server)) return;
    const exited = once(server, 'exit');
    server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await exited;
  }

  /** Nothing of the server runs any more, and every connection stays open. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Of the server and of each of its sessions. */
  get pids(): number[] {
    return this.#processes();
  }

  async dispose(): Promise<void> {
    this.thaw();
    await Promise.all(this.#databases.map((database) => database.close()));
    await this.stop('immediate');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const pid of this.#processes()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // It has ended since.
      }
    }
  }

  /** The postmaster first: it must not start anything while its children are stopped. */
  #processes(): number[] {
    const server = this.#server;
    if (server === null || hasEnded(server)) return [];
    const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
    return [server.pid!, ...pairs.filter(([, parent]) => parent === server.pid).map(([pid]) => pid)];
  }
}

/** Null when a native PostgreSQL can run here, else why not, and what to install. */
export function whyNoPostgres(): string | null {
  if (findBinaries() === null) {
    return 'PostgreSQL is not installed (no /usr/lib/postgresql/*/bin and none in PATH): apt-get install postgresql';
  }
  if (process.getuid?.() !== 0) return null;
  if (serverUser() === null) return 'PostgreSQL refuses to run as root, and there is no user postgres to run it as.';
  return findInPath('setpriv') === null ? 'PostgreSQL refuses to run as root, and setpriv (util-linux) is missing.' : null;
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null;
}

function binaries(): string {
  const directory = findBinaries();
  if (directory === null) throw new Error(whyNoPostgres()!);
  return directory;
}

function findBinaries(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter((version) => version >= 14) : [];
  const installed = versions.sort((a, b) => b - a).map((version) => join(root, String(version), 'bin'));
  return installed.find((directory) => existsSync(join(directory, 'initdb'))) ?? findInPath('initdb');
}

function findInPath(name: string): string | null {
  return (process.env['PATH'] ?? '').split(':').find((directory) => existsSync(join(directory, name))) ?? null;
}

/** Root must run the server as somebody else; null where that is not needed or not possible. */
function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((entry) => entry.startsWith('postgres:'));
  const fields = line?.split(':');
  return fields === undefined ? null : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** The server dies with the process that started it: a killed test run leaves nothing behind. */
function asServerUser(command: readonly string[]): readonly string[] {
  const user = serverUser();
  if (user === null) return command;
  const privileges = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=QUIT'];
  return ['setpriv', ...privileges, ...command];
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
