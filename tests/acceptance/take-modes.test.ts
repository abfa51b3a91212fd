import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { describeOnEachServer } from '../support/servers.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const header = 'trade_id,event_time_ms,side,price,size,symbol\n';

/** A tick of one of five symbols every 100 ms. */
function csv(from: number, until: number, price = 100): string {
  let text = header;
  for (let n = from; n < until; n++) text += `${n},${startMs + n * 100},buy,${price + (n % 17)},1,S${n % 5}\n`;
  return text;
}

const bars = 'SELECT symbol, bar_spec, open_time, open, close, volume, trades, generation, position FROM bars ORDER BY 1, 2, 3';
const lane = 'SELECT generation, from_position, told_since, log_since FROM lanes';

describeOnEachServer('how a lane is taken up', (server) => {
  let directory: string;
  let database: Database;
  const [old, added] = ['b.csv', 'a.csv'];

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'mdp-take-'));
    database = await server.freshDatabase();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text);
  const rows = async (query: string): Promise<readonly Record<string, unknown>[]> =>
    (await database.query<Record<string, unknown>>(limit, query)).rows;

  /** A run to the end of the log: its exit code and what it said. */
  async function run(flags: readonly string[] = [], source: object = {}): Promise<{ code: number | null; log: string }> {
    const daemon = new DaemonProcess({
      config: JSON.stringify({
        name: 'test', bars: { specs: ['1s', '1m'] },
        sources: [{ name: 'history', type: 'replay', files: [path.join(directory, '*.csv')], venue: 'v', speed: 'max', ...source }],
      }),
      environment: { DATABASE_URL: server.url() }, args: ['--until-end', ...flags],
    });
    const code = await daemon.stop('SIGCONT');
    return { code, log: daemon.log };
  }

  it('from now, with another file at the front of its log: the new log is read, and what it does not tell stays', async () => {
    write(old, csv(1_000, 3_000));
    expect((await run()).code).toBe(0);
    const before = await rows(bars);
    write(added, csv(0, 1_000));
    const refused = await run();
    expect([refused.code, refused.log]).toEqual([3, expect.stringContaining('--from-now test/history')]);
    expect(await rows(bars)).toEqual(before);
    const { code, log } = await run(['--from-now', 'test/history']);
    expect([code, log]).toEqual([0, expect.not.stringContaining('log-changed')]);
    expect(await rows(lane)).toEqual([{ generation: 2, from_position: 0, told_since: 2, log_since: 2 }]);
    const keys = (list: readonly Record<string, unknown>[]): string[] =>
      list.map((row) => JSON.stringify([row['symbol'], row['bar_spec'], row['open_time']]));
    expect(keys(await rows(bars))).toEqual(expect.arrayContaining(keys(before)));
    // The windows of the first two seconds are not whole; all others were told anew, with places in the new log.
    const own = await rows(`SELECT min(open_time) AS first, max(position) AS position, count(*) FILTER (WHERE NOT whole) AS partial
      FROM bars WHERE generation = 2 AND bar_spec = '1s'`);
    expect(own).toEqual([{ first: new Date(startMs), position: 2_990, partial: 10 }]);
    write(old, csv(1_000, 4_000));
    expect((await run()).code).toBe(0); // From then on it is as any other.
    expect(await rows(lane)).toEqual([{ generation: 2, from_position: 0, told_since: 2, log_since: 2 }]);
    expect(await rows('SELECT position FROM lane_checkpoints')).toEqual([{ position: 4_000 }]);
  });

  it('from now, where a record before its place has changed: it goes on there, and knows its log by that again', async () => {
    write(old, csv(0, 2_000));
    expect((await run()).code).toBe(0);
    const before = await rows(bars);
    write(old, csv(0, 1_500) + csv(1_500, 3_000, 500).slice(header.length));
    expect(await run()).toEqual({ code: 3, log: expect.stringContaining('before position 2000') });
    expect((await run(['--from-now', 'history'])).code).toBe(0);
    expect(await rows(lane)).toEqual([{ generation: 2, from_position: 2_000, told_since: 2, log_since: 1 }]);
    const passed = before.filter((row) => Number(row['position']) < 1_980 && row['bar_spec'] === '1s');
    expect(passed.length).toBeGreaterThan(900);
    expect(await rows(bars)).toEqual(expect.arrayContaining(passed));
    expect((await run()).code).toBe(0); // There is nothing more to read.
    write(old, csv(0, 3_500));
    expect(await run()).toEqual({ code: 3, log: expect.stringContaining('before position 3000') });
  });

  it('from now, where its log has become too short to go on: it says so, and what to do', async () => {
    write(old, csv(0, 2_000));
    expect((await run()).code).toBe(0);
    write(old, csv(0, 1_500));
    const { code, log } = await run(['--from-now', 'history']);
    expect(code).toBe(5);
    for (const words of ['has only 1500 records, but 2000 were read', 'bring the files back']) expect(log).toContain(words);
  });

  it('not at all where nobody knows what is meant, or nothing could come of it; then nothing has changed', async () => {
    write(old, csv(0, 2_000));
    expect((await run()).code).toBe(0);
    const [before, tellings] = [await rows(bars), await rows(lane)];
    const unknown = await run(['--rebuild', 'nobody']);
    expect(unknown.code).toBe(2);
    for (const words of ['usage', '"nobody" is neither a source nor a lane of the pipeline test', 'one of history', 'test/history']) {
      expect(unknown.log).toContain(words);
    }
    expect(await run(['--from-now', 'other/history'])).toEqual({ code: 2, log: expect.stringContaining('"other/history" is neither') });
    const both = await run(['--rebuild', 'history', '--from-now', 'history']);
    expect(both).toEqual({ code: 2, log: expect.stringContaining('contradict each other') });
    const live = { name: 'live', type: 'synthetic', files: undefined, speed: '1', count: 100 };
    const refused = await run(['--rebuild', 'live'], live);
    expect(refused.code).toBe(2);
    for (const words of ['rebuild-refused', 'test/live cannot be read again', 'Start without --rebuild']) {
      expect(refused.log).toContain(words);
    }
    expect([await rows(bars), await rows(lane)]).toEqual([before, tellings]);
  });
});
