import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { compressBars } from '../store/compressed-bars.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const header = 'trade_id,event_time_ms,side,price,size,symbol\n';

interface Change {
  readonly without?: string;
  readonly price?: number;
}

/** A tick of one of five symbols every 100 ms; every 400th is half a minute late, and every 700th has no price. */
function csv(from: number, until: number, { without = '', price = 100 }: Change = {}): string {
  let text = '';
  for (let n = from; n < until; n++) {
    const timeMs = startMs + n * 100 - (n % 400 === 399 ? 30_000 : 0);
    if (`S${n % 5}` !== without) text += `${n},${timeMs},buy,${n % 700 === 500 ? 'none' : price + (n % 17)},${1 + (n % 3)},S${n % 5}\n`;
  }
  return text;
}

const bars = `SELECT symbol, bar_spec, open_time, open, high, low, close, volume, trades, state, revision, whole, position
  FROM bars ORDER BY 1, 2, 3`;
const values = `SELECT symbol, bar_spec, indicator, open_time, value, quality, state, revision, whole, position
  FROM indicators ORDER BY 1, 2, 3, 4`;
const lateTicks = 'SELECT position, symbol, event_time, price, watermark FROM late_ticks ORDER BY 1, 2';
const older = `SELECT
    (SELECT count(*) FROM bars JOIN lanes ON name = lane WHERE bars.generation < lanes.generation) AS bars,
    (SELECT count(*) FROM late_ticks AS rows JOIN lanes ON name = lane WHERE rows.generation < lanes.generation) AS late,
    (SELECT count(*) FROM dead_letters AS rows JOIN lanes ON name = lane WHERE rows.generation < lanes.generation) AS letters`;

describeOnEachServer('a lane that is told anew', (server) => {
  let directory: string;
  let file: string;
  let database: Database;

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-rebuild-'));
    file = path.join(directory, 'trades.csv');
    database = await server.freshDatabase();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  interface Run {
    readonly source?: object;
    readonly settings?: object;
    readonly store?: object;
    readonly flags?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  }

  function daemonOf({ source = {}, settings = {}, store = {}, flags = [], environment = {} }: Run = {}): DaemonProcess {
    return new DaemonProcess({
      config: JSON.stringify({
        name: 'test', bars: { specs: ['1s', '10s', '1m'], ...settings }, store, indicators: { specs: ['rsi(14)@1s', 'rsi(2)@1m'] },
        sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max', ...source }],
      }),
      environment: { DATABASE_URL: server.url(), ...environment }, args: ['--until-end', ...flags],
    });
  }

  async function ended(run: Run = {}): Promise<number | null> {
    return await daemonOf(run).stop('SIGCONT');
  }

  async function rowsOf(query: string): Promise<readonly Record<string, unknown>[]> {
    return (await database.query<Record<string, unknown>>(limit, query)).rows;
  }

  /** The table that one run over the file as it is now makes, from nothing. */
  async function undisturbed(run: Run): Promise<readonly Record<string, unknown>[][]> {
    await database.query(limit, 'TRUNCATE bars, indicators, lanes, lane_checkpoints, late_ticks, gaps, dead_letters');
    expect(await ended(run)).toBe(0);
    return [[...await rowsOf(bars)], [...await rowsOf(values)], [...await rowsOf(lateTicks)]];
  }

  it('is that of one run over the corrected file: what is not in it any more is gone', async () => {
    const source = { complete: true };
    writeFileSync(file, header + csv(0, 4_000));
    expect(await ended({ source })).toBe(0);
    writeFileSync(file, header + csv(0, 3_000, { without: 'S3', price: 200 }));
    const refused = daemonOf({ source });
    expect(await refused.stop('SIGCONT')).toBe(3);
    for (const words of ['log-changed', '--rebuild test/history', '--from-now test/history']) expect(refused.log).toContain(words);
    expect(await ended({ source, flags: ['--rebuild', 'test/history'] })).toBe(0);
    expect(await rowsOf(older)).toEqual([{ bars: 0, late: 0, letters: 5 }]); // Letters of another log stay.
    expect(await rowsOf('SELECT generation, rebuilding, told_since, log_since FROM lanes')).toEqual(
      [{ generation: 2, rebuilding: false, told_since: 2, log_since: 2 }]);
    const rebuilt = [await rowsOf(bars), await rowsOf(values), await rowsOf(lateTicks)];
    expect(rebuilt[0].length).toBeGreaterThan(1_000);
    expect(rebuilt[1].filter(({ value }) => value !== null).length).toBeGreaterThan(1_000);
    expect(rebuilt).toEqual(await undisturbed({ source }));
  });

  it('keeps what lies before the first record of its log, and what its log has not passed yet', async () => {
    writeFileSync(file, header + csv(0, 4_000));
    expect(await ended()).toBe(0);
    writeFileSync(file, header + csv(1_000, 3_000, { without: 'S3' }));
    expect(await ended({ flags: ['--rebuild', 'all'] })).toBe(0);
    // From the first window that opens 2 s after the first tick (or is late of one) to 12 s before the last one.
    const kept = await rowsOf(`SELECT DISTINCT open_time < '2026-01-05 00:01:42Z' AS before,
        close_time > '2026-01-05 00:04:47Z' AS after FROM bars WHERE generation = 1 AND bar_spec = '1s' ORDER BY 1`);
    expect(kept).toEqual([{ before: false, after: true }, { before: true, after: false }]);
    const sums = await rowsOf(`SELECT count(*) FILTER (WHERE symbol = 'S3' AND open_time < '2026-01-05 00:01:42Z') AS before,
        count(*) FILTER (WHERE symbol = 'S3' AND close_time > '2026-01-05 00:04:47.7Z') AS after FROM bars WHERE bar_spec = '1s'`);
    expect(sums).toEqual([{ before: 102, after: 110 }]);
    expect(await rowsOf('SELECT rebuilding FROM lanes')).toEqual([{ rebuilding: true }]);
    // The log goes on, and so does the rebuild; once it has passed all that was stored it is over.
    writeFileSync(file, header + csv(1_000, 5_000, { without: 'S3' }));
    expect(await ended()).toBe(0);
    expect(await rowsOf("SELECT rebuilding, (SELECT count(*) FROM bars WHERE generation = 1 AND open_time > '2026-01-05 00:02:00Z') AS left FROM lanes"))
      .toEqual([{ rebuilding: false, left: 0 }]);
  });

  it('is the same rebuild when it is killed and started again', async () => {
    writeFileSync(file, header + csv(0, 4_000));
    expect(await ended()).toBe(0);
    writeFileSync(file, header + csv(0, 30_000, { without: 'S3' }));
    const often = { PIPELINE_CHECKPOINT_INTERVAL_MS: '100' };
    const killed = daemonOf({
      source: { max_msgs_per_sec: 3_000, burst: 500 }, flags: ['--rebuild', 'history'],
      environment: { ...often, PIPELINE_FAULTS_KILL_AT: 'before-checkpoint:3' },
    });
    await killed.ended();
    expect(killed.endedBy).toBe('SIGKILL');
    await killed.stop();
    const [{ position }] = await rowsOf('SELECT position FROM lane_checkpoints');
    expect(position).toBeGreaterThan(0);
    expect(position).toBeLessThan(24_000);
    expect(await ended()).toBe(0);
    expect(await rowsOf('SELECT generation, rebuilding FROM lanes')).toEqual([{ generation: 2, rebuilding: false }]);
    // The log is not declared to begin at the beginning: the windows of its first 2 s are not whole.
    expect(await rowsOf(older)).toEqual([{ bars: 4, late: 0, letters: 0 }]);
    for (const table of ['bars', 'indicators']) {
      await database.query(limit, `DELETE FROM ${table} WHERE generation = 1 AND open_time < '2026-01-05 00:00:02Z'`);
    }
    const rebuilt = [await rowsOf(bars), await rowsOf(values), await rowsOf(lateTicks)];
    expect(rebuilt).toEqual(await undisturbed({}));
  });

  it('is refused where a record before its checkpoint has changed, and where its settings have', async () => {
    writeFileSync(file, header + csv(0, 2_000));
    expect(await ended()).toBe(0);
    const settings = { out_of_orderness_ms: 1_000 };
    const changed = daemonOf({ settings });
    expect(await changed.stop('SIGCONT')).toBe(2);
    for (const words of ['settings-changed', 'bars.out_of_orderness_ms was 2000 and is 1000', '--rebuild test/history', '--from-now test/history']) {
      expect(changed.log).toContain(words);
    }
    writeFileSync(file, header + csv(0, 1_000) + csv(1_001, 3_000)); // A line is gone: every later one has another number.
    const moved = daemonOf();
    expect(await moved.stop('SIGCONT')).toBe(3);
    for (const words of ['log-changed', 'before position 2000', '--rebuild', '--from-now']) expect(moved.log).toContain(words);
    expect(await rowsOf('SELECT generation FROM lanes')).toEqual([{ generation: 1 }]);
    expect(await ended({ settings, flags: ['--rebuild', 'test/history'] })).toBe(0);
    const rebuilt = [await rowsOf(bars), await rowsOf(values), await rowsOf(lateTicks)];
    expect(rebuilt).toEqual(await undisturbed({ settings }));
  });

  it('goes on from now with other settings: whole bars stay, and its own are not whole at first', async () => {
    writeFileSync(file, header + csv(0, 2_000));
    expect(await ended()).toBe(0);
    const before = await rowsOf(bars);
    const settings = { out_of_orderness_ms: 1_000 };
    writeFileSync(file, header + csv(0, 4_000));
    expect(await ended({ settings, flags: ['--from-now', 'history'] })).toBe(0);
    const [lane] = await rowsOf('SELECT generation, from_position, told_since, log_since FROM lanes');
    expect(lane).toEqual({ generation: 2, from_position: 2_000, told_since: 2, log_since: 1 });
    const after = await rowsOf(bars);
    const wasWhole = before.filter(({ whole, state }) => whole === true && state === 3);
    expect(wasWhole.length).toBeGreaterThan(500);
    const byKey = new Map(after.map((row) => [keyOf(row), row]));
    for (const row of wasWhole) expect(byKey.get(keyOf(row))).toEqual(row);
    const own = await rowsOf(`SELECT bar_spec, min(open_time) FILTER (WHERE whole) AS whole, min(open_time) AS first
      FROM bars WHERE generation = 2 GROUP BY 1 ORDER BY 1`);
    expect(own).toEqual([
      { bar_spec: '10s', first: new Date(startMs + 200_000), whole: new Date(startMs + 210_000) },
      { bar_spec: '1m', first: new Date(startMs + 180_000), whole: new Date(startMs + 240_000) },
      { bar_spec: '1s', first: new Date(startMs + 200_000), whole: new Date(startMs + 201_000) },
    ]);
  });

  if (server.isTimescale) it('removes rows of compressed chunks too', async () => {
    const [source, store] = [{ complete: true }, { compression: { after: '1d' } }];
    writeFileSync(file, header + csv(0, 4_000));
    expect(await ended({ source, store })).toBe(0);
    await compressBars(database);
    expect(await rowsOf('SELECT hypertable_name AS name, is_compressed FROM timescaledb_information.chunks ORDER BY 1'))
      .toEqual([{ name: 'bars', is_compressed: true }, { name: 'indicators', is_compressed: true }]);
    writeFileSync(file, header + csv(0, 4_000, { without: 'S3' }));
    expect(await ended({ source, store, flags: ['--rebuild', 'test/history'] })).toBe(0);
    const rebuilt = [await rowsOf(bars), await rowsOf(values), await rowsOf(lateTicks)];
    expect(rebuilt).toEqual(await undisturbed({ source, store }));
  });
});

function keyOf({ symbol, bar_spec: spec, open_time: open }: Record<string, unknown>): string {
  return `${String(symbol)} ${String(spec)} ${String(open)}`;
}
