import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/model/status.ts';
import { rowsImbalance, ticksImbalance } from '../../src/model/status.ts';
import { DaemonProcess, type DaemonOptions } from '../support/daemon.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';

const running: DaemonProcess[] = [];

function daemon(options: DaemonOptions): DaemonProcess {
  const made = new DaemonProcess(options);
  running.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop('SIGKILL')));
});

const synthetic = (keys = ''): string => `
name: test
sources: [{ name: demo, type: synthetic, symbols: 5, ticks_per_second: 5000${keys} }]
bars: { specs: [1s] }
`;

/** Polls /api/status until `wanted` holds. */
async function until(made: DaemonProcess, wanted: (status: PipelineStatus) => boolean): Promise<PipelineStatus> {
  for (;;) {
    const status = await made.status<PipelineStatus>();
    if (wanted(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the daemon, on the embedded TimescaleDB', () => {
  it('makes bars, keeps both ledgers balanced while it runs, and drains on SIGTERM with exit code 0', async () => {
    const made = daemon({ config: synthetic() });
    for (let look = 0; look < 20; look++) {
      const status = await made.status<PipelineStatus>();
      expect([ticksImbalance(status.ticks), rowsImbalance(status.rows)]).toEqual([0, 0]);
    }
    await until(made, ({ sink }) => sink.rowsCommitted > 20);
    made.signal('SIGTERM');
    expect(await made.ended()).toBe(0);
    expect(made.log).toContain('Everything that was read is committed.');
  });

  it('goes on after a SIGKILL: the data directory is whole, the lane has its next generation', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'mdp-data-'));
    try {
      const first = daemon({ config: synthetic(), dataDir });
      const before = await until(first, ({ sink }) => sink.rowsCommitted > 10);
      await first.stop('SIGKILL');
      const second = daemon({ config: synthetic(), dataDir });
      const after = await until(second, ({ sink }) => sink.rowsCommitted > 10);
      expect(after.lanes[0].generation).toBe(before.lanes[0].generation + 1);
      await second.stop();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it('ends by itself with --until-end once everything is committed', async () => {
    const made = daemon({
      config: synthetic(', speed: max, count: 200000, complete: true'), args: ['--until-end'],
    });
    expect(await made.ended()).toBe(0);
    expect(made.log).toContain('The source demo ended after 200000 records.');
  });

  it('ends with 5 when a source cannot be read, and says which file', async () => {
    const made = daemon({
      config: 'name: test\nsources: [{ name: history, type: replay, files: [missing.csv], venue: v, symbol: S }]\n',
      args: ['--until-end'],
    });
    expect(await made.ended()).toBe(5);
    expect(made.log).toContain('missing.csv');
  });

  it('stays up and unhealthy when its only source failed', async () => {
    const made = daemon({
      config: 'name: test\nsources: [{ name: history, type: replay, files: [missing.csv], venue: v, symbol: S }]\n',
    });
    await made.logged('failed for good');
    const health = await fetch(`${await made.ready()}/health`);
    expect(health.status).toBe(503);
    expect(await health.text()).toContain('missing.csv');
  });

  it('ends with 2 on a faulty configuration, and lists every fault', async () => {
    const made = daemon({ config: 'name: test\nsinkk: {}\nbars: { specs: [0s] }\nqueues: { op_queue_max: 0 }\n' });
    expect(await made.ended()).toBe(2);
    for (const key of ['sinkk', '0s', 'op_queue_max']) expect(made.log).toContain(key);
  });

  it('ends with 2 when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => { taken.once('listening', resolve); });
    const { port } = taken.address() as { port: number };
    const made = daemon({ config: synthetic(), environment: { PORT: String(port) } });
    expect(await made.ended()).toBe(2);
    expect(made.log).toContain(String(port));
    taken.close();
  });
});

const why = whyNoPostgres();
describe.skipIf(why !== null)(`the daemon, on PostgreSQL${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.start();
  });
  afterAll(() => postgres.dispose());

  it('waits for a database that is not there at the start, says so, and begins when it comes', async () => {
    const name = await postgres.createDatabase(false);
    const url = postgres.url({ database: name });
    await postgres.stop('fast');
    const made = daemon({ config: synthetic(), environment: { DATABASE_URL: url } });
    await made.logged('Waits for the database.');
    await postgres.startAgain();
    await until(made, ({ sink }) => sink.rowsCommitted > 5);
    made.signal('SIGTERM');
    expect(await made.ended()).toBe(0);
  });

  it('writes down up to where its bars can change no more, for reads and for the next start', async () => {
    const name = await postgres.createDatabase(false);
    const made = daemon({
      config: synthetic(', speed: max'), environment: { DATABASE_URL: postgres.url({ database: name }) },
    });
    await until(made, ({ sink }) => sink.rowsCommitted > 100);
    const database = postgres.connect({ database: name });
    for (;;) {
      const { rows } = await database.query<{ settled: number; newest: number }>({ deadlineMs: 10_000 }, `
        SELECT (settled_until->>'synthetic')::float8 AS settled, (SELECT (extract(epoch FROM max(open_time)) * 1000)::float8 FROM bars) AS newest
          FROM lanes WHERE settled_until <> '{}'`);
      if (rows.length === 0) continue;
      expect(rows[0].settled).toBeLessThan(rows[0].newest + 1_000);
      break;
    }
    await made.stop();
  });

  it('ends in time on SIGTERM while the database is away, with exit code 4, and names what was lost', async () => {
    const name = await postgres.createDatabase(false);
    const made = daemon({
      config: synthetic(', speed: max'), environment: { DATABASE_URL: postgres.url({ database: name }), PIPELINE_SHUTDOWN_TIMEOUT_MS: '2000' },
    });
    await until(made, ({ sink }) => sink.rowsCommitted > 100);
    await postgres.stop('immediate');
    await until(made, ({ sink }) => sink.state !== 'ok');
    made.signal('SIGTERM');
    expect(await made.ended()).toBe(4);
    expect(made.log).toMatch(/rowsLost":[1-9]/);
    await postgres.startAgain();
  });

  it('ends at once on a second signal', async () => {
    const name = await postgres.createDatabase(false);
    const made = daemon({
      config: synthetic(', speed: max'), environment: { DATABASE_URL: postgres.url({ database: name }), PIPELINE_SHUTDOWN_TIMEOUT_MS: '600000' },
    });
    await until(made, ({ sink }) => sink.rowsCommitted > 100);
    await postgres.stop('immediate');
    await until(made, ({ sink }) => sink.state !== 'ok');
    made.signal('SIGTERM');
    await made.logged('Shutdown began (SIGTERM)');
    await new Promise((resolve) => setTimeout(resolve, 600)); // Within half a second a second signal is an echo.
    made.signal('SIGINT');
    expect(await made.ended()).toBe(4);
    await postgres.startAgain();
  });

  it('stops with 3 and says what to do when the database refuses it', async () => {
    const url = new URL(postgres.url({ database: 'postgres' }));
    url.pathname = '/no_such_database';
    const made = daemon({ config: synthetic(), environment: { DATABASE_URL: url.href } });
    expect(await made.ended()).toBe(3);
    expect(made.log).toContain('no_such_database');
  });
});

