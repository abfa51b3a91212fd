import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);

/** A tick of one of five symbols every 100 ms, in the order of event time. */
function csv(from: number, until: number): string {
  let text = '';
  for (let n = from; n < until; n++) text += `${n},${startMs + n * 100},buy,${100 + (n % 17)},${1 + (n % 3)},S${n % 5}\n`;
  return text;
}

describeOnEachServer('a daemon that is started again', (server) => {
  let directory: string;
  let file: string;
  let database: Database;

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-restart-'));
    file = path.join(directory, 'trades.csv');
    database = await server.freshDatabase();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const daemonOf = (overrides: object = {}, flags: string[] = []): DaemonProcess => new DaemonProcess({
    config: JSON.stringify({
      name: 'test', bars: { specs: ['1s', '1m'] },
      sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max', ...overrides }],
    }),
    environment: { DATABASE_URL: server.url() }, args: ['--until-end', ...flags],
  });

  it('reads on where it was left, and the table is that of one undisturbed run', async () => {
    const header = 'trade_id,event_time_ms,side,price,size,symbol\n';
    writeFileSync(file, header + csv(0, 3_000));
    expect(await daemonOf().stop('SIGCONT')).toBe(0);
    const [first] = (await database.query<{ position: number }>(limit, 'SELECT position FROM lane_checkpoints')).rows;
    expect(first.position).toBe(3_000);
    writeFileSync(file, header + csv(0, 6_000));
    const second = daemonOf();
    expect(await second.stop('SIGCONT')).toBe(0);
    expect(second.log).toContain('after 3000 records');
    const bars = 'SELECT symbol, bar_spec, open_time, open, high, low, close, volume, trades, state, revision, whole, position ' +
      'FROM bars ORDER BY 1, 2, 3';
    const restarted = (await database.query(limit, bars)).rows;
    await database.query(limit, 'TRUNCATE bars, lanes, lane_checkpoints');
    expect(await daemonOf().stop('SIGCONT')).toBe(0);
    expect(restarted).toEqual((await database.query(limit, bars)).rows);
    expect(restarted.length).toBeGreaterThan(2_900);
  });
});
