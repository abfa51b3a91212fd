import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbedded, type Embedded } from '../../src/embedded/launcher.ts';
import { copyIn, Database } from '../../src/postgres.ts';

const limit = { deadlineMs: 30_000 };

describe('the process of the embedded TimescaleDB', () => {
  let dataDir: string;
  const running: Embedded[] = [];
  const databases: Database[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'mdp-embedded-'));
  });
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.close()));
    await Promise.all(running.splice(0).map((embedded) => embedded.close()));
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(log: (sentence: string) => void = () => {}): Promise<Embedded> {
    const embedded = await startEmbedded({ dataDir, log });
    running.push(embedded);
    return embedded;
  }

  function connect(url: string): Database {
    const database = new Database({
      url, applicationName: 'mdp-test', clientsMax: 2, connectTimeoutMs: 10_000, statementTimeoutMs: 30_000,
      idleInTransactionTimeoutMs: 30_000,
    });
    databases.push(database);
    return database;
  }

  const lockFile = (): { url: string; pid: number; port: number } =>
    JSON.parse(readFileSync(join(dataDir, 'embedded.json'), 'utf8')) as { url: string; pid: number; port: number };

  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** The condition comes true before the test's deadline. */
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it('says where it is and what it is not for, and keeps its data over a restart', async () => {
    const sentences: string[] = [];
    const first = await start((sentence) => sentences.push(sentence));
    expect(sentences).toEqual([`The embedded TimescaleDB runs in ${dataDir} at ${first.url}: for trying things out, never for production.`]);
    expect(lockFile()).toEqual({ url: first.url, pid: first.pid, port: Number(new URL(first.url).port) });
    await connect(first.url).query(limit, 'CREATE TABLE kept AS SELECT 1 AS a');
    await first.close();
    await first.close();
    expect(await first.exited).toBeNull();
    expect(existsSync(join(dataDir, 'embedded.json'))).toBe(false);
    const second = await start();
    expect((await connect(second.url).query(limit, 'SELECT a FROM kept')).rows).toEqual([{ a: 1 }]);
  });

  it('the first insert after a restart goes into a chunk, not past TimescaleDB into the root table', async () => {
    const first = await start();
    await connect(first.url).query(limit, "CREATE TABLE h (at timestamptz NOT NULL); SELECT create_hypertable('h', 'at')");
    await first.close();
    const database = connect((await start()).url);
    await database.query(limit, "INSERT INTO h VALUES ('2024-01-01')");
    expect((await database.query(limit, 'SELECT FROM ONLY h')).rowCount).toBe(0);
    expect((await database.query(limit, 'SELECT FROM h')).rowCount).toBe(1);
  });

  it('a second process on the directory is refused by name of the first', async () => {
    const first = await start();
    await expect(startEmbedded({ dataDir, log: () => {} })).rejects.toMatchObject({
      code: 'embedded-failed', message: expect.stringContaining(`is in use by process ${first.pid} (${first.url}). Stop that process, or set DATA_DIR to ` +
        'another directory. What was committed is safe.'),
    });
    expect((await connect(first.url).query(limit, 'SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
  });

  it.each([
    ['of a process that is gone', () => JSON.stringify({ url: 'x', pid: 2 ** 22 + 1, port: 1 })],
    ['of another process that has the id now', () => JSON.stringify({ url: 'x', pid: process.pid, port: 1 })],
    ['that was cut short', () => '{"url":'],
  ])('a lock %s is taken over', async (_, content) => {
    writeFileSync(join(dataDir, 'embedded.json'), content());
    const embedded = await start();
    expect(lockFile().pid).toBe(embedded.pid);
  });

  it('a cluster that was not made to its end is made anew', async () => {
    mkdirSync(join(dataDir, 'pg'));
    writeFileSync(join(dataDir, 'pg', 'PG_VERSION'), '17\n');
    writeFileSync(join(dataDir, 'pg.unfinished'), '');
    const embedded = await start();
    expect((await connect(embedded.url).query(limit, 'SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
    expect(existsSync(join(dataDir, 'pg.unfinished'))).toBe(false);
  });

  it('SIGKILL in the middle of COPY batches loses no batch that was answered, and leaves no half of one', async () => {
    const first = await start();
    const writer = connect(first.url);
    await writer.query(limit, "CREATE TABLE b (batch integer, row integer, at timestamptz NOT NULL, PRIMARY KEY (batch, row, at)); SELECT create_hypertable('b', 'at')");
    let answered = 0;
    const writing = (async () => {
      for (let batch = 1; ; batch++) {
        const day = String(1 + (batch % 28)).padStart(2, '0');
        const rows = Array.from({ length: 2_000 }, (_, row) => `${batch}\t${row}\t2024-01-${day}\n`).join('');
        await writer.use(limit, (client) => copyIn(client, 'COPY b FROM STDIN', Buffer.from(rows)));
        answered = batch;
      }
    })().catch(() => {});
    await until(() => answered >= 5);
    process.kill(first.pid, 'SIGKILL');
    await writing;
    expect(await first.exited).toMatchObject({ code: 'embedded-failed', message: expect.stringContaining('it was ended by SIGKILL.') });
    const second = await start();
    const { rows } = await connect(second.url).query<{ batch: number; rows: number }>(
      limit, 'SELECT batch, count(*)::integer AS rows FROM b GROUP BY batch ORDER BY batch');
    expect(rows.every((found) => found.rows === 2_000)).toBe(true);
    expect(rows.map(({ batch }) => batch).slice(0, answered)).toEqual(Array.from({ length: answered }, (_, index) => index + 1));
    expect(rows.length).toBeLessThanOrEqual(answered + 1);
  });

  it('ends when its parent is killed, and gives the directory free', async () => {
    const launcher = new URL('../../src/embedded/launcher.ts', import.meta.url).href;
    const program = `import { startEmbedded } from ${JSON.stringify(launcher)};
      const { pid } = await startEmbedded({ dataDir: process.argv[1], log: () => {} });
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = await once(parent.stdout, 'data') as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isAlive(pid));
    expect(existsSync(join(dataDir, 'embedded.json'))).toBe(false);
  });

  it('SIGTERM waits for the clients it has; SIGINT is for the daemon', async () => {
    const embedded = await start();
    const database = connect(embedded.url);
    await database.query(limit, 'CREATE TABLE x (a integer)');
    process.kill(embedded.pid, 'SIGINT');
    process.kill(embedded.pid, 'SIGTERM');
    await database.query(limit, 'INSERT INTO x VALUES (1)');
    await database.close();
    expect(await embedded.exited).toMatchObject({ code: 'embedded-failed', message: expect.stringContaining('exit code 0') });
    expect((await connect((await start()).url).query(limit, 'SELECT a FROM x')).rows).toEqual([{ a: 1 }]);
  });

  it('run by hand it ends on SIGTERM at once and says nothing', async () => {
    const program = fileURLToPath(new URL('../../src/embedded/process.ts', import.meta.url));
    const child = spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'inherit', 'inherit'] });
    await until(() => existsSync(join(dataDir, 'pg')) && !existsSync(join(dataDir, 'pg.unfinished')));
    await connect(lockFile().url).query(limit, 'SELECT 1');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('a port that is taken and a directory that cannot be are named', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(startEmbedded({ dataDir, port, log: () => {} })).rejects.toMatchObject({
      code: 'embedded-failed', message: expect.stringContaining(`EADDRINUSE: address already in use 127.0.0.1:${port}`),
    });
    server.close();
    writeFileSync(join(dataDir, 'file'), '');
    await expect(startEmbedded({ dataDir: join(dataDir, 'file'), log: () => {} })).rejects.toMatchObject({
      code: 'embedded-failed', message: expect.stringMatching(/EEXIST|ENOTDIR/),
    });
  });
});
