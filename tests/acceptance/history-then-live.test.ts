import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { StoredLane } from '../../src/store/lane-list.ts';
import type { Database } from '../../src/postgres.ts';
import { differencesOf, type ActualBar } from '../oracle/compare.ts';
import { foldLog } from '../oracle/fold.ts';
import type { LogRecord, LogTick, OracleSettings } from '../oracle/log.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { describeOnEachServer, type TestServer } from '../support/servers.ts';
import { storedTable } from '../support/stored-table.ts';

const minuteMs = 60_000;
const noonMs = Date.UTC(2024, 0, 10, 12);
const boundaryMs = noonMs + 30 * minuteMs;
const limit = { deadlineMs: 60_000 };
const root = path.resolve(import.meta.dirname, '../..');

const settings: OracleSettings = {
  specs: ['1m', '5m'], outOfOrdernessMs: 2_000, allowedLatenessMs: 10_000, maxFutureSkewMs: 300_000, maxJumpMs: 604_800_000,
  ids: 'absent', zeroSize: 'reject', nonPositivePrice: 'reject', offMarket: 'exclude', complete: false, fromMs: null, untilMs: null,
};

/** Trades every three seconds or so, a few of them late, in [fromMinute, untilMinute) after noon; a seed is a history. */
function trades(fromMinute: number, untilMinute: number, seed: number): LogTick[] {
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647; // Lehmer's generator.
  const ticks: LogTick[] = [];
  for (let at = fromMinute * minuteMs; at < untilMinute * minuteMs; at += Math.floor(random() * 6_000)) {
    const backMs = random() < 0.1 ? Math.floor(random() * 15_000) : 0;
    ticks.push({
      kind: 'tick', position: ticks.length, venue: 'v', symbol: random() < 0.5 ? 'A' : 'B', price: 100 + Math.floor(random() * 100) / 4,
      size: 1 + Math.floor(random() * 8), side: 'buy', eventTimeMs: noonMs + Math.max(0, at - backMs), tradeId: null, logTimeMs: null,
      receivedTimeMs: noonMs * 2, offMarket: false,
    });
  }
  return ticks;
}

const renumbered = (ticks: readonly LogTick[]): LogTick[] => ticks.map((tick, position) => ({ ...tick, position }));
const linesOf = (ticks: readonly LogTick[]): string =>
  ticks.map(({ eventTimeMs, side, price, size, symbol, venue }) => `${[eventTimeMs, side, price, size, symbol, venue].join(',')}\n`).join('');

describeOnEachServer('history and then live', (server: TestServer) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-ownership-'));
  let database: Database;

  beforeEach(async () => {
    database = await server.migratedDatabase();
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const fileOf = (name: string): string => path.join(directory, `${server.name}-${name}.csv`);

  function writeLog(name: string, ticks: readonly LogTick[]): void {
    writeFileSync(fileOf(name), `event_time_ms,side,price,size,symbol,venue\n${linesOf(ticks)}`);
  }

  function configOf(sources: Readonly<Record<string, object>>): string {
    const entries = Object.entries(sources).map(([name, keys]) => (
      { name, type: 'replay', files: [fileOf(name)], ids: 'absent', ...keys }));
    return JSON.stringify({ name: 'p', sources: entries, bars: { specs: settings.specs, idle_ms: 60_000 } });
  }

  /** Runs the daemon over the sources until they have ended and every row is committed. */
  async function runOnce(sources: Readonly<Record<string, object>>): Promise<void> {
    const daemon = new DaemonProcess({
      config: configOf(sources), args: ['--until-end'], environment: { DATABASE_URL: server.url() },
    });
    const code = await daemon.ended();
    const { log } = daemon;
    await daemon.stop();
    expect(code, log.slice(-3_000)).toBe(0);
  }

  async function lanes(...args: readonly string[]): Promise<string> {
    const file = path.join(directory, 'command.yaml');
    writeFileSync(file, configOf({ old: {}, new: {} }));
    const { stdout } = await promisify(execFile)(
      process.execPath, [path.join(root, 'src/main.ts'), 'lanes', ...args, '--file', file],
      { env: { ...process.env, DATABASE_URL: server.url() } });
    return stdout;
  }

  const table = (): Promise<ActualBar[]> => storedTable(database, ['v']);

  async function lanesOfBars(): Promise<Record<string, number[]>> {
    const { rows } = await database.query<{ lane: string; first: number; last: number }>(limit, `
      SELECT lane, extract(epoch FROM min(open_time) - $1::timestamptz)::integer / 60 AS first,
             extract(epoch FROM max(open_time) - $1::timestamptz)::integer / 60 AS last
        FROM bars WHERE bar_spec = '1m' GROUP BY lane`, [new Date(noonMs).toISOString()]);
    return Object.fromEntries(rows.map(({ lane, first, last }) => [lane, [first, last]]));
  }

  async function lettersCount(): Promise<number> {
    const { rows } = await database.query<{ count: number }>(limit, 'SELECT count(*) FROM dead_letters');
    return rows[0].count;
  }

  it('are two lanes and one table: each bar is what the oracle makes of the log that owns it', async () => {
    const all = trades(0, 60, 1);
    const live = renumbered(all.filter((tick) => tick.eventTimeMs >= noonMs + 20 * minuteMs));
    writeLog('old', all);
    writeLog('new', live);
    const at = new Date(boundaryMs).toISOString();
    await runOnce({ old: { until: at, complete: true }, new: { from: at } });
    const history: LogRecord[] = [...all, { kind: 'end', position: all.length }];
    const expected = [
      ...foldLog(history, { ...settings, complete: true, untilMs: boundaryMs }).bars,
      ...foldLog(live, { ...settings, fromMs: boundaryMs }).bars,
    ];
    expect(differencesOf(expected, await table())).toEqual([]);
    expect(await lanesOfBars()).toEqual({ 'p/old': [0, 29], 'p/new': [30, 58] });
    expect(expected.every((bar) => bar.whole)).toBe(true);
    expect(await lettersCount()).toBe(0);
  });

  it('can be decided later: bars that are stored are handed over, then both lanes go on', async () => {
    const first = trades(0, 50, 2);
    writeLog('old', first);
    await runOnce({ old: {} });
    expect(differencesOf(foldLog(first, settings).bars, await table())).toEqual([]);

    const said = await lanes('hand-over', 'p/old', 'p/new', '--at', new Date(boundaryMs).toISOString());
    expect(said).toContain('Before the next start set `until: 2024-01-10T12:30:00.000Z` on source old');
    expect((await lanesOfBars())['p/new']).toEqual([30, 48]);

    // The new log knows trades that the old one missed.
    const better = renumbered([...trades(20, 50, 2), ...trades(20, 50, 3)].sort((a, b) => a.eventTimeMs - b.eventTimeMs));
    writeLog('new', better);
    const bounds = { old: { until: boundaryMs }, new: { from: boundaryMs } };
    await runOnce(bounds);
    const more = trades(50, 60, 4).map((tick, index) => ({ ...tick, position: better.length + index }));
    appendFileSync(fileOf('new'), linesOf(more));
    appendFileSync(fileOf('old'), linesOf(more));
    await runOnce(bounds);

    const expected = [
      ...foldLog([...first, ...more], { ...settings, untilMs: boundaryMs }).bars,
      ...foldLog([...better, ...more], { ...settings, fromMs: boundaryMs }).bars,
    ];
    expect(differencesOf(expected, await table())).toEqual([]);
    expect(await lanesOfBars()).toEqual({ 'p/old': [0, 29], 'p/new': [30, 58] });
    expect(await lettersCount()).toBe(0);
    const listed = JSON.parse(await lanes('list', '--json', '--count')) as StoredLane[];
    expect(listed.map(({ name, bars }) => `${name} ${bars}`)).toEqual(
      ['new', 'old'].map((name) => `p/${name} ${expected.filter((bar) => (bar.openTimeMs >= boundaryMs) === (name === 'new')).length}`));
  });

  it('keep their names to themselves: what cannot be handed over or renamed is refused in words', async () => {
    await expect(lanes('hand-over', 'p/old', 'p/new', '--at', '2024-01-10T12:31:30Z')).rejects.toMatchObject({
      code: 2, stderr: expect.stringContaining('lane-refused: 2024-01-10T12:31:30.000Z is no boundary of 1m, 5m, and a bar has one owner; ' +
        'the nearest common ones are 2024-01-10T12:30:00.000Z and 2024-01-10T12:35:00.000Z.'),
    });
    await expect(lanes('rename', 'p/old', 'q/old')).rejects.toMatchObject({
      code: 2, stderr: expect.stringContaining('"q/old" is no lane of this pipeline: write p/ and the name of a source.'),
    });
    expect(await lanes('list')).toContain('There are no lanes');
  });
});
