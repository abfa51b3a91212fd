import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { runScript } from './scripts.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const ticks = 12_000;
const tables = ['alert_rules', 'alerts', 'bars', 'dead_letters', 'gaps', 'indicators', 'lane_checkpoints', 'lanes', 'late_ticks', 'positions', 'schema_version'];

/** A tick of one of seven symbols every 100 ms; one in 500 comes a minute late, one in 1,000 has no price. */
function csv(): string {
  let text = 'trade_id,event_time_ms,side,price,size,symbol\n';
  for (let n = 0; n < ticks; n++) {
    const timeMs = startMs + n * 100 - (n % 500 === 499 ? 60_000 : 0);
    text += `${n},${timeMs},buy,${n % 1_000 === 700 ? 'x' : 100 + (n % 17)},${1 + (n % 3)},S${n % 7}\n`;
  }
  return text;
}

const why = whyNoPostgres();

describe.skipIf(why !== null)(`a backup${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  let postgres: TestPostgres;
  let folder: string;
  const daemons: DaemonProcess[] = [];
  const backups = (): string => path.join(folder, 'backups');
  beforeAll(async () => { postgres = await TestPostgres.start(); });
  afterAll(() => postgres.dispose());
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mdp-backup-'));
    writeFileSync(path.join(folder, 'trades.csv'), csv());
    return async () => {
      await Promise.all(daemons.splice(0).map((each) => each.stop('SIGKILL'))); // What a failed test has left running.
      rmSync(folder, { recursive: true, force: true });
    };
  });

  const url = (database: string): { DATABASE_URL: string } => ({ DATABASE_URL: postgres.url({ database }) });

  function daemon(database: string, speed: object, flags: readonly string[] = []): DaemonProcess {
    const made = new DaemonProcess({
      config: JSON.stringify({
        name: 'test', bars: { specs: ['1s', '1m'], allowed_lateness_ms: 5_000 }, indicators: { specs: ['rsi(3)@1s'] },
        checkpoint: { interval_ms: 100 }, pipeline: { flush_ms: 20 },
        sources: [{ name: 'history', type: 'replay', files: [path.join(folder, 'trades.csv')], venue: 'v', batch_ticks: 100, ...speed }],
      }),
      environment: url(database), args: flags,
    });
    daemons.push(made);
    return made;
  }

  async function backUp(database: string): Promise<string> {
    const { code, stdout, stderr } = await runScript('backup.sh', ['--to', backups()], url(database));
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim();
  }

  /** Every column of every row of all tables, but `left`. */
  async function contents(database: Database, left: readonly string[] = []): Promise<Record<string, readonly string[]>> {
    const found = tables.map(async (table) => {
      const { rows } = await database.query<{ row: string }>(
        limit, `SELECT (to_jsonb(t) - $1::text[])::text AS row FROM ${table} AS t ORDER BY 1`, [left]);
      return [table, rows.map(({ row }) => row)] as const;
    });
    return Object.fromEntries(await Promise.all(found));
  }

  it('of a database that fills meanwhile is one moment of it: a daemon goes on from there, and its table is an undisturbed one', async () => {
    const [name, undisturbed] = [await postgres.createDatabase(), await postgres.createDatabase()];
    const target = await postgres.createDatabase(false);
    const first = daemon(name, { burst: 3_000, max_msgs_per_sec: 300 }); // Half a minute of work is left.
    const database = postgres.connect({ database: name });
    const position = async (): Promise<number> =>
      (await database.query<{ n: number }>(limit, 'SELECT coalesce(max(position), 0) AS n FROM lane_checkpoints')).rows[0].n;
    await eventually(async () => (await position()) >= 2_000);
    const before = await position();
    const backup = await backUp(name);
    const after = await position();
    await first.stop('SIGKILL');
    expect(after).toBeLessThan(ticks); // It was at work all the time.

    const restored = await runScript('restore.sh', [backup], url(target));
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`${tables.length} tables, all equal`) });
    const copy = postgres.connect({ database: target });
    const [{ kept }] = (await copy.query<{ kept: number }>(limit, 'SELECT position AS kept FROM lane_checkpoints')).rows;
    expect(kept).toBeGreaterThanOrEqual(before);
    expect(kept).toBeLessThanOrEqual(after);

    const second = daemon(target, { speed: 'max' }, ['--until-end']);
    const code = await second.stop('SIGCONT');
    expect([code, second.log]).toEqual([0, expect.stringContaining(`is taken up at position ${kept}, where its last checkpoint stands`)]);
    expect(await daemon(undisturbed, { speed: 'max' }, ['--until-end']).stop('SIGCONT')).toBe(0);
    // Times of our clock, and a checkpoint's bytes, which hold some.
    const ours = ['written_at', 'taken_at', 'first_at', 'last_at', 'applied_at', 'start_time', 'state', 'holder'];
    const told = await contents(copy, ours);
    expect(told).toEqual(await contents(postgres.connect({ database: undisturbed }), ours));
    for (const table of ['bars', 'indicators', 'late_ticks', 'dead_letters']) expect(told[table].length).toBeGreaterThan(10);
  });

  it('of a database at rest is restored to the last bit, and its configuration is in it', async () => {
    const [name, target] = [await postgres.createDatabase(), await postgres.createDatabase(false)];
    expect(await daemon(name, { speed: 'max' }, ['--until-end']).stop('SIGCONT')).toBe(0);
    writeFileSync(path.join(folder, 'mine.yaml'), 'name: test\n');
    const args = ['--to', backups(), '--config', path.join(folder, 'mine.yaml'), '--verify'];
    const { code, stdout, stderr } = await runScript('backup.sh', args, url(name));
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${tables.length} tables, all equal`)]);
    const backup = stdout.trim();
    expect(readFileSync(path.join(backup, 'config/1-mine.yaml'), 'utf8')).toBe('name: test\n');
    expect(await runScript('restore.sh', [backup], url(target))).toMatchObject({ code: 0 });
    expect(await contents(postgres.connect({ database: target }))).toEqual(await contents(postgres.connect({ database: name })));
    const { rows } = await postgres.connect().query(limit, "SELECT FROM pg_database WHERE datname LIKE 'mdp_restore_check%'");
    expect(rows).toEqual([]);
  });
});
