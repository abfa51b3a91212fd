import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
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

interface Minute { readonly symbol: string; readonly trades: number; readonly seconds: number; readonly whole: boolean; readonly quality: number }

describeOnEachServer('a daemon whose log cannot be read again', (server) => {
  let database: Database;

  beforeEach(async () => {
    database = await server.freshDatabase();
  });

  const live = (): DaemonProcess => new DaemonProcess({
    config: JSON.stringify({
      name: 'test', bars: { specs: ['1s', '3s'], out_of_orderness_ms: 100, allowed_lateness_ms: 200, idle_ms: 60_000 },
      checkpoint: { interval_ms: 100 },
      sources: [{ name: 'live', type: 'synthetic', symbols: 3, ticks_per_second: 200, speed: '1' }],
    }),
    environment: { DATABASE_URL: server.url() },
  });
  const count = async (text: string): Promise<number> => (await database.query<{ n: number }>(limit, text)).rows[0].n;

  it("a live lane's restart does not overwrite a whole bar, and open bars go on with what was kept of them", async () => {
    const first = live();
    await first.ready();
    await eventually(async () => (await count(secondsOfAnOpenBar)) >= 3);
    await first.stop('SIGKILL');
    const before = (await database.query<Row>(limit, wholeBars)).rows;
    const second = live();
    await second.ready();
    const [{ until }] = (await database.query<{ until: Date }>(limit, 'SELECT max(close_time) AS until FROM bars')).rows;
    await eventually(async () =>
      (await count("SELECT count(*) AS n FROM bars WHERE bar_spec = '3s' AND generation = 2 AND whole")) >= 3);
    expect(await second.stop()).toBe(0);
    const after = new Map((await database.query<Row>(limit, wholeBars)).rows.map((row) => [keyOf(row), row]));
    for (const row of before) expect(after.get(keyOf(row))).toEqual(row);
    expect((await database.query(limit, 'SELECT reason, generation FROM gaps')).rows).toEqual([{ reason: 'restart', generation: 2 }]);
    // The bars over the gap say so, and hold at least what the seconds in them hold.
    const { rows: broken } = await database.query<Minute>(limit, `
      SELECT b.symbol, b.trades, b.whole, b.quality, sum(s.trades)::double precision AS seconds
        FROM bars b JOIN bars s ON s.bar_spec = '1s' AND s.symbol = b.symbol AND s.open_time >= b.open_time AND s.close_time <= b.close_time
       WHERE b.bar_spec = '3s' AND b.generation = 2 AND b.open_time < $1 GROUP BY 1, 2, 3, 4`, [until]);
    expect(broken.length).toBeGreaterThan(0);
    for (const bar of broken) {
      expect(bar).toMatchObject({ whole: false, quality: 2 });
      expect(bar.trades).toBeGreaterThanOrEqual(bar.seconds);
    }
  });
});

type Row = Readonly<Record<string, unknown>>;

/** A second of three symbols behind a bar of three seconds that is whole. */
const secondsOfAnOpenBar = `
  SELECT count(*) AS n FROM bars WHERE bar_spec = '1s'
     AND open_time >= (SELECT max(close_time) FROM bars WHERE bar_spec = '3s' AND whole)`;

const wholeBars = `SELECT symbol, bar_spec, open_time, open, high, low, close, volume, trades, generation, position
                     FROM bars WHERE whole AND state = 3 AND generation = 1 ORDER BY 1, 2, 3`;

function keyOf(row: Row): string {
  return `${String(row['symbol'])} ${String(row['bar_spec'])} ${String((row['open_time'] as Date).getTime())}`;
}
