import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database, faultOf } from '../../src/postgres.ts';
import { openWay } from '../../src/postgres-url.ts';
import { eventually } from '../support/eventually.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';

const why = whyNoPostgres() ?? whyNoOpenssl();

describe.skipIf(why !== null)(`TLS to the database with a look at who answers${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-authority-'));
  const [authority, stranger] = ['authority', 'stranger'].map((name) => path.join(folder, name));
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await TestPostgres.startWithTls();
    for (const name of [authority, stranger]) makeAuthority(name);
  });
  afterAll(async () => {
    await postgres.dispose();
    rmSync(folder, { recursive: true });
  });

  /** Gives the server a certificate for these names; its files stay whose they are. */
  async function certify(names: string): Promise<void> {
    const key = path.join(path.dirname(postgres.certificatePath), 'server.key');
    const [request, extensions, signed] = ['request', 'names', 'signed'].map((name) => path.join(folder, name));
    writeFileSync(extensions, `subjectAltName=${names}`);
    openssl('req', '-new', '-key', key, '-subj', '/CN=mdp-test', '-out', request);
    openssl('x509', '-req', '-in', request, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2',
      '-extfile', extensions, '-out', signed);
    await postgres.stop('fast');
    execFileSync('sh', ['-c', 'cat "$0" >"$1"', signed, postgres.certificatePath]);
    await postgres.startAgain();
  }

  /** Whether the connection was encrypted, or what its failure comes to. */
  async function connected(host: string, mode: string, signedBy: string): Promise<unknown> {
    const url = `postgres://mdp:x@${host}:${postgres.port}/postgres?sslmode=${mode}&sslrootcert=${encodeURIComponent(`${signedBy}.pem`)}`;
    const database = new Database({
      url, applicationName: 'mdp-test', clientsMax: 1, connectTimeoutMs: 5_000, statementTimeoutMs: 5_000, idleInTransactionTimeoutMs: 5_000,
    });
    try {
      const { rows } = await database.query({ deadlineMs: 10_000 }, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      return rows[0];
    } catch (error) {
      return faultOf(error);
    } finally {
      await database.close();
    }
  }

  it('connects to the server that an authority of ours has signed for this name', async () => {
    await certify('DNS:localhost,IP:127.0.0.1');
    expect(await connected('localhost', 'verify-full', authority)).toEqual({ ssl: true });
    expect(await connected('127.0.0.1', 'verify-full', authority)).toEqual({ ssl: true });
  });

  it('is refused for good where another authority has signed it', async () => {
    for (const mode of ['verify-full', 'verify-ca']) {
      expect(await connected('localhost', mode, stranger)).toMatchObject({
        action: 'stop', message: expect.stringMatching(/certificate/) as unknown,
      });
    }
  });

  it('is refused for good where it is signed for another name', async () => {
    await certify('DNS:elsewhere.example.com');
    expect(await connected('localhost', 'verify-full', authority)).toMatchObject({
      action: 'stop', message: expect.stringMatching(/altname|certificate/i) as unknown,
    });
    expect(await connected('localhost', 'verify-ca', authority)).toEqual({ ssl: true });
  });

  it('carries a whole run of the daemon', async () => {
    await certify('DNS:localhost');
    const url = `postgres://mdp:x@localhost:${postgres.port}/postgres?sslmode=verify-full&sslrootcert=${encodeURIComponent(`${authority}.pem`)}`;
    const config = 'name: tls\nsources:\n  - { name: demo, type: synthetic }\n';
    const daemon = new DaemonProcess({ config, environment: { DATABASE_URL: url } });
    try {
      await daemon.ready();
      const database = postgres.connect();
      await eventually(async () => {
        const { rows } = await database.query<{ ssl: boolean }>({ deadlineMs: 5_000 }, `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity
          USING (pid) WHERE application_name = 'mdp sink'`);
        return rows.length > 0 && rows.every(({ ssl }) => ssl);
      });
    } finally {
      await daemon.stop();
    }
    expect(daemon.log).not.toContain('The database is reached');
  });
});

describe('a way to the database that others could be on', () => {
  it.each([
    ['postgres://u:p@db.example/bars', 'without TLS'],
    ['postgres://u:p@10.0.0.1/bars?sslmode=disable', 'without TLS'],
    ['postgres://u:p@127.db.example/bars', 'without TLS'],
    ['postgres://u:p@db.example/bars?sslmode=require', 'without a look at who answers'],
    ['postgres://u:p@db.example/bars?sslmode=no-verify', 'without a look at who answers'],
  ])('is told of %s', (url, words) => {
    expect(openWay(url)).toContain(words);
    expect(openWay(url)).not.toMatch(/u:p|db\.example/);
  });

  it.each([
    'postgres://u:p@localhost/bars', 'postgres://u:p@127.0.0.1:5433/bars', 'postgres://u:p@[::1]/bars?sslmode=disable',
    'postgres://u:p@db.example/bars?sslmode=verify-full', 'postgres://u:p@db.example/bars?sslmode=verify-ca&sslrootcert=/x',
    'postgres://u:p@db.example/bars?sslmode=require&sslrootcert=/x', 'postgres://u:p@%2Frun%2Fpostgresql/bars',
  ])('is not told of %s', (url) => {
    expect(openWay(url)).toBeNull();
  });
});

function makeAuthority(name: string): void {
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${path.basename(name)}`,
    '-keyout', `${name}.key`, '-out', `${name}.pem`);
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

function whyNoOpenssl(): string | null {
  try {
    openssl('version');
    return null;
  } catch {
    return 'openssl is not installed, so that no certificate can be made: apt-get install openssl';
  }
}
