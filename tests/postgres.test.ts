import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionString, Database, faultOf } from '../src/postgres.ts';
import { eventually } from './support/eventually.ts';
import { TestPostgres, whyNoPostgres } from './support/postgres.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

const why = whyNoPostgres();
const limit = { deadlineMs: 20_000 };

function open(url: string, clientsMax = 1): Database {
  return new Database({
    url, applicationName: 'mdp test', clientsMax, connectTimeoutMs: 1_000, statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: 20_000,
  });
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(() => {
    throw new Error('it did not fail');
  }, (error: unknown) => error);
}

describe('the URL of a database', () => {
  it.each(['', 'localhost', 'mysql://a@b/c', 'http://a'])('is refused when it is none, without showing it: "%s"', (url) => {
    expect(() => connectionString(url)).toThrow(/store\.url.*postgres:\/\/user:password@host:port\/database/);
  });

  it.each(['prefer', 'allow'])('is refused when it leaves open whether to encrypt: %s', (mode) => {
    expect(() => connectionString(`postgres://a:geheim@b/c?sslmode=${mode}`)).toThrow(/sslmode=.*write disable, require or verify-full/);
  });

  it('never shows its password in what is thrown', async () => {
    const database = open('postgres://somebody:geheim@127.0.0.1:1/none');
    const error = await failureOf(database.query(limit, 'SELECT 1'));
    expect(faultOf(error)).toMatchObject({ action: 'retry', sqlState: null });
    expect(JSON.stringify([String(error), faultOf(error), error])).not.toContain('geheim');
    await database.close();
  });
});

describe.skipIf(why !== null)(`a database connection${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.start();
  });
  afterAll(() => postgres.dispose());

  it('that failed inside a transaction is fit for the next one', async () => {
    const database = open(postgres.url());
    const error = await failureOf(database.use(limit, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 / 0');
    }));
    expect(faultOf(error)).toMatchObject({ action: 'set-aside', sqlState: '22012' });
    expect((await database.query<{ one: number }>(limit, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('that was ended while nobody used it is replaced', async () => {
    const database = open(postgres.url());
    const { rows } = await database.query<{ pid: number }>(limit, 'SELECT pg_backend_pid() AS pid');
    await postgres.connect().query(limit, 'SELECT pg_terminate_backend($1)', [rows[0].pid]);
    const answer = async (): Promise<number> => (await database.query<{ pid: number }>(limit, 'SELECT pg_backend_pid() AS pid')).rows[0].pid;
    expect(await answer().catch(answer)).not.toBe(rows[0].pid);
    await database.close();
  });

  it.each([
    { when: 'at the deadline', use: { deadlineMs: 200 }, says: /did not answer within 200 ms/ },
    { when: 'when it is aborted', use: { deadlineMs: 20_000, abort: AbortSignal.timeout(200) }, says: /aborted/ },
  ])('gives up $when, though the server says nothing', async ({ use, says }) => {
    const proxy = await TcpProxy.start(postgres.port);
    const database = open(postgres.url({ port: proxy.port }));
    await database.query(limit, 'SELECT 1');
    proxy.freeze();
    const error = await failureOf(database.query(use, 'SELECT 1'));
    expect(faultOf(error)).toMatchObject({ action: 'retry', message: expect.stringMatching(says) });
    // Also one that is not connected yet, and one that waits for the only connection.
    const waiting = [database.query({ deadlineMs: 300 }, 'SELECT 1'), database.query({ deadlineMs: 300 }, 'SELECT 1')];
    for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected');
    await database.close();
    proxy.thaw();
    await eventually(() => proxy.connections === 0);
    await proxy.close();
  });

  it('asks the server to notice when we are unreachable', async () => {
    const database = open(postgres.url());
    const { rows } = await database.query<{ seconds: string }>(limit, "SELECT current_setting('tcp_keepalives_idle') AS seconds");
    expect(rows).toEqual([{ seconds: '15' }]);
    await database.close();
  });

  it('counts in numbers, not in texts', async () => {
    const database = open(postgres.url());
    expect((await database.query(limit, 'SELECT 9007199254740991::bigint AS most, count(*) AS none FROM pg_class WHERE false')).rows)
      .toEqual([{ most: 9_007_199_254_740_991, none: 0 }]);
    await database.close();
  });

  it('may be closed twice', async () => {
    const database = open(postgres.url());
    await database.query(limit, 'SELECT 1');
    await Promise.all([database.close(), database.close()]);
  });
});

const noTls = why ?? whyNoOpenssl();

describe.skipIf(noTls !== null)(`an encrypted connection${noTls === null ? '' : ` (LEFT OUT: ${noTls})`}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.startWithTls();
  });
  afterAll(() => postgres.dispose());

  const isEncrypted = async (query: string): Promise<boolean> => {
    const database = open(postgres.url() + query);
    try {
      const { rows } = await database.query<{ ssl: boolean }>(limit, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      return rows[0].ssl;
    } finally {
      await database.close();
    }
  };

  it('is made where the URL asks for one, and not where it does not', async () => {
    expect(await isEncrypted('?sslmode=require')).toBe(true);
    expect(await isEncrypted('?sslmode=no-verify')).toBe(true);
    expect(await isEncrypted('?sslmode=disable')).toBe(false);
  });

  it('is refused for good where the URL wants to know who answers and the certificate does not say so', async () => {
    const error = await failureOf(isEncrypted('?sslmode=verify-full'));
    expect(faultOf(error)).toMatchObject({ action: 'stop', message: expect.stringMatching(/certificate.*store\.url/s) });
  });

  it('is made where the certificate of the URL has signed the server', async () => {
    const certificate = encodeURIComponent(postgres.certificatePath);
    expect(await isEncrypted(`?sslmode=verify-ca&sslrootcert=${certificate}`)).toBe(true);
  });
});

function whyNoOpenssl(): string | null {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'openssl is not installed, so that no certificate can be made: apt-get install openssl';
  }
}
