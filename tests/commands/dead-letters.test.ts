import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runningEmbedded } from '../../src/embedded/launcher.ts';
import type { PipelineStatus } from '../../src/model/status.ts';
import { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';

/*
 * One daemon that follows a growing file, with the embedded database; the commands are processes of their own beside it.
 * The tests go through the life of its letters one after the other.
 */

const root = path.resolve(import.meta.dirname, '../..');
const limit = { deadlineMs: 30_000 };
const noonMs = Date.UTC(2024, 0, 1, 12);
const folder = mkdtempSync(path.join(tmpdir(), 'mdp-letters-'));
const trades = path.join(folder, 'trades.csv');
const dataDir = path.join(folder, 'data');
const config = `name: desk
sources:
  - { name: history, type: replay, files: ["${trades}"], venue: binance, follow: true }
bars: { specs: [1s], out_of_orderness_ms: 0, allowed_lateness_ms: 3600000 }
dead_letters: { max_retries: 2 }
`;

const line = (id: number, second: number, price: string, size = '1'): string =>
  `${id},${noonMs + second * 1_000},buy,${price},${size},BTC\n`;

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** `mdp dead-letters ...` as a process. */
async function letters(args: readonly string[], input = ''): Promise<Answer> {
  const { DATABASE_URL: _unused, ...environment } = process.env;
  const program = [path.join(root, 'src/main.ts'), 'dead-letters', ...args, '--file', path.join(folder, 'config.yaml')];
  const child = spawn(process.execPath, program, { cwd: root, env: { ...environment, DATA_DIR: dataDir } });
  child.stdin.end(input);
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: Number(code), out, error };
}

describe('mdp dead-letters beside a running daemon', () => {
  let daemon: DaemonProcess;
  let database: Database;

  beforeAll(async () => {
    writeFileSync(trades, `trade_id,event_time_ms,side,price,size,symbol\n${line(1, 0, '100')}${line(2, 1, 'abc')}` +
      `${line(3, 2, '102', '0')}${line(4, 3, '666')}${line(5, 60, '105')}oops\n`);
    writeFileSync(path.join(folder, 'config.yaml'), config);
    daemon = new DaemonProcess({ config, dataDir });
    await daemon.ready();
    const url = await runningEmbedded(dataDir);
    database = new Database({
      url: url!, applicationName: 'mdp-test', clientsMax: 1, connectTimeoutMs: 20_000, statementTimeoutMs: 20_000,
      idleInTransactionTimeoutMs: 20_000,
    });
    await eventually(async () => (await keys()).length === 3);
    await eventually(async () => (await closeOf(3)) === 666);
  });
  afterAll(async () => {
    await database.close();
    await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function keys(): Promise<string[]> {
    const { rows } = await database.query<{ key: string }>(limit,
      "SELECT lane || '@' || generation || ':' || position || '.' || origin || '.' || counter AS key FROM dead_letters ORDER BY position");
    return rows.map(({ key }) => key);
  }
  /** The close of the bar that opens so many seconds after noon; null where there is none. */
  async function closeOf(second: number): Promise<number | null> {
    const { rows } = await database.query<{ close: number }>(
      limit, 'SELECT close FROM bars WHERE open_time = to_timestamp($1::float8)', [noonMs / 1_000 + second]);
    return rows[0]?.close ?? null;
  }

  it('lists what there is, by kind and one by one', async () => {
    const { code, out } = await letters(['list', '--limit', '2']);
    expect(code).toBe(0);
    for (const part of ['bad-price', 'bad-size', 'malformed', `${trades.slice(-40)}:`, '3        all', '… and 1 more']) expect(out).toContain(part);
    const one = await letters(['list', '--lane', 'history', '--origin', 'tick', '--reason', 'malformed', '--since', '1h', '--json']);
    expect(JSON.parse(one.out)).toMatchObject({ total: 1, letters: [{ key: 'desk/history@1:5.tick.0', reason: 'malformed', retries: 0 }] });
    expect((await letters(['list', '--since', '2000-01-01', '--origin', 'row'])).out).toBe('No dead letters of that kind.\n');
  });

  it('shows one with its bytes as they were', async () => {
    const { code, out } = await letters(['show', 'desk/history@1:1.tick.0']);
    expect(code).toBe(0);
    expect(out).toContain(`price "abc"`);
    expect(out.endsWith(`\n\n${line(2, 1, 'abc')}`)).toBe(true);
  });

  it.each([
    [['show', 'nonsense'], 2, /usage: "nonsense" is not the key/],
    [['show', 'desk/history@1:77.tick.0'], 2, /dead-letter-unknown: There is no dead letter desk\/history@1:77\.tick\.0/],
    [['replay', 'desk/history@9:1.tick.0'], 2, /dead-letter-unknown/],
    [['list', '--lane', 'nowhere'], 2, /usage: There is no lane "nowhere"; the database knows desk\/history\./],
    [['list', '--since', 'yesterday'], 2, /usage: --since "yesterday" is neither/],
    [['list', '--limit', '-1'], 2, /whole number/],
    [['drop'], 2, /usage: Say which letters/],
    [['replay', 'desk/history@1:1.tick.0', '--lane', 'history'], 2, /not both/],
    [['replay', '--lane', 'history', '--fixed', '-'], 2, /exactly one key/],
  ] as const)('refuses %j', async (args, code, says) => {
    const answer = await letters(args);
    expect(answer.error).toMatch(says);
    expect(answer.code).toBe(code);
    expect(answer.out).toBe('');
  });

  it('does not append what would be rejected again, counts the attempt, and stops at the limit', async () => {
    const before = readFileSync(trades, 'utf8');
    for (let attempt = 1; attempt <= 2; attempt++) {
      const { code, out, error } = await letters(['replay', 'desk/history@1:5.tick.0']);
      expect(out).toContain('stays: It would be rejected again, as malformed');
      expect(error).toContain('dead-letter-refused: 1 dead letter could not be replayed');
      expect(code).toBe(7);
    }
    expect((await letters(['replay', 'desk/history@1:5.tick.0'])).out).toContain('It was refused 2 times already');
    expect((await letters(['show', 'desk/history@1:5.tick.0'])).out).toMatch(/retries +2\n/);
    expect(readFileSync(trades, 'utf8')).toBe(before);
  });

  it('puts a corrected record at the end of the log, where the daemon reads it', async () => {
    const corrected = line(2, 1, '101.5');
    const { code, out } = await letters(['replay', 'desk/history@1:1.tick.0', '--fixed', '-'], corrected);
    expect(out).toMatch(/^desk\/history@1:1\.tick\.0: the record stands at .*trades\.csv, byte \d+ now\n1 dead letter replayed, 0 left\.\n$/);
    expect(code).toBe(0);
    expect(readFileSync(trades, 'utf8').endsWith(`oops\n${corrected}`)).toBe(true);
    await eventually(async () => (await closeOf(1)) === 101.5);
    expect(await keys()).toEqual(['desk/history@1:2.tick.0', 'desk/history@1:5.tick.0']);
  });

  it('puts the original record there when the settings take it now', async () => {
    const accepting = ['--set', 'sources.history.zero_size=accept'];
    const { code, out } = await letters(['replay', '--reason', 'bad-size', '--yes', ...accepting]);
    expect(out).toContain('the record stands at');
    expect(code).toBe(0);
    const end = line(3, 2, '102', '0');
    expect(readFileSync(trades, 'utf8').endsWith(end)).toBe(true);
    // The daemon has the old settings: it rejects the new record in its turn.
    await eventually(async () => (await keys()).includes('desk/history@1:7.tick.0'));
    expect(await keys()).toEqual(['desk/history@1:5.tick.0', 'desk/history@1:7.tick.0']);
  });

  it('forces what it is told to', async () => {
    const { code } = await letters(['replay', 'desk/history@1:5.tick.0', '--force']);
    expect(code).toBe(0);
    expect(readFileSync(trades, 'utf8').endsWith('oops\n')).toBe(true);
    await eventually(async () => (await keys()).includes('desk/history@1:8.tick.0'));
  });

  it('writes a row again that the database had refused', async () => {
    await database.query(limit, 'ALTER TABLE bars ADD CONSTRAINT planted CHECK (close <> 777)');
    appendFileSync(trades, line(10, 62, '777') + line(11, 70, '1'));
    await eventually(async () => (await keys()).some((key) => key.includes('.row.')));
    const filter = ['replay', '--origin', 'row', '--lane', 'desk/history'];
    const asked = await letters(filter);
    expect(asked.out).toMatch(/^1 dead letter would be replayed\. Nothing was: add --yes\.\n/);
    const refused = await letters([...filter, '--yes']);
    expect(refused).toMatchObject({ code: 7, out: expect.stringContaining('planted') });
    await database.query(limit, 'ALTER TABLE bars DROP CONSTRAINT planted');
    expect(await closeOf(62)).toBeNull();
    expect(await letters([...filter, '--yes'])).toMatchObject({ code: 0, out: expect.stringContaining('the row is in the table') });
    expect(await closeOf(62)).toBe(777);
  });

  it('drops by filter when it is confirmed, and by key', async () => {
    const asked = await letters(['drop', '--reason', 'malformed']);
    expect(asked.out).toMatch(/^1 dead letter would be dropped\. Nothing was: add --yes\.\n/);
    expect((await letters(['drop', '--reason', 'malformed', '--yes'])).out).toBe('1 dead letter dropped.\n');
    expect(await keys()).toEqual(['desk/history@1:7.tick.0']);
    const byKey = await letters(['drop', 'desk/history@1:7.tick.0', 'desk/history@1:8.tick.0']);
    expect(byKey).toMatchObject({ code: 2, out: '1 dead letter dropped.\n', error: expect.stringContaining('@1:8.tick.0 (any more)') });
    expect(await keys()).toEqual([]);
  });

  it('has left the ledgers of the daemon in balance', async () => {
    const status = await daemon.status<PipelineStatus>();
    expect(status.ticks.rejected).toEqual({ 'bad-price': 1, 'bad-size': 2, 'malformed': 2 });
    expect(status.rows.setAside).toBe(1);
  });
});
