import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/postgres.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { TestPostgres, whyNoPostgres } from '../../support/postgres.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const why = whyNoPostgres();
const leftOut = why === null ? '' : ` (LEFT OUT: ${why})`;

/** A tick of one of five symbols every 100 ms; every 40th comes 1.5 s late, within the out-of-orderness. */
function csv(from: number, until: number): string {
  const lines = ['trade_id,event_time_ms,side,price,size,symbol'];
  for (let n = from; n < until; n++) {
    lines.push(`${n},${startMs + n * 100 - (n % 40 === 39 ? 1_500 : 0)},buy,${100 + (n % 17)},${1 + (n % 3)},S${n % 5}`);
  }
  return `${lines.join('\n')}\n`;
}

interface Row {
  readonly key: string;
  readonly trades: number;
  readonly state: number;
  readonly whole: boolean;
  readonly generation: number;
  readonly values: string;
}

const table = `SELECT concat_ws(' ', symbol, bar_spec, open_time) AS key, trades, state, whole, generation,
    concat_ws(' ', open, high, low, close, volume, notional, trades, quality, state, revision, whole) AS values
  FROM bars ORDER BY 1`;

describe.skipIf(why !== null)(`a log whose beginning was deleted between two runs${leftOut}`, () => {
  let postgres: TestPostgres;
  let database: Database;
  let url: string;
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-deleted-'));
  const file = path.join(directory, 'trades.csv');

  beforeAll(async () => {
    postgres = await TestPostgres.start();
    const name = await postgres.createDatabase(false);
    database = postgres.connect({ database: name });
    url = postgres.url({ database: name });
  });
  afterAll(async () => {
    await postgres.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (...flags: string[]): DaemonProcess => new DaemonProcess({
    config: JSON.stringify({
      name: 'test', bars: { specs: ['1s', '10s', '1m'] },
      sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max' }],
    }),
    environment: { DATABASE_URL: url }, args: ['--until-end', ...flags],
  });
  const stored = async (): Promise<ReadonlyMap<string, Row>> =>
    new Map((await database.query<Row>(limit, table)).rows.map((row) => [row.key, row]));

  it('records deleted while down do not beat whole rows', async () => {
    writeFileSync(file, csv(0, 4_000));
    expect(await run().stop('SIGCONT')).toBe(0);
    const before = await stored();

    writeFileSync(file, csv(1_517, 5_000)); // In the middle of a window of every spec.
    const refused = run();
    expect(await refused.stop('SIGCONT')).toBe(3);
    expect(refused.log).toContain('log-changed');
    expect(await stored()).toEqual(before);
    expect(await run('--rebuild', 'test/history').stop('SIGCONT')).toBe(0);
    const after = await stored();

    await database.query(limit, 'TRUNCATE bars, lanes, lane_checkpoints');
    expect(await run().stop('SIGCONT')).toBe(0);
    const told = await stored(); // What the shorter log tells by itself.

    const beaten = { kept: 0, keptWithMoreTrades: 0, replaced: 0 };
    for (const [key, mine] of told) {
      const known = before.get(key);
      if (known !== undefined && known.whole && known.state === 3 && !mine.whole) {
        beaten.kept++;
        if (known.trades > mine.trades) beaten.keptWithMoreTrades++;
        expect(after.get(key)).toEqual(known);
      } else {
        if (known !== undefined) beaten.replaced++;
        expect(after.get(key)).toEqual({ ...mine, generation: 2 });
      }
    }
    expect(beaten.kept).toBeGreaterThan(15);
    expect(beaten.keptWithMoreTrades).toBeGreaterThan(10);
    expect(beaten.replaced).toBeGreaterThan(1_000);
    for (const [key, row] of before) expect(after.has(key), row.key).toBe(true);
  });
});
