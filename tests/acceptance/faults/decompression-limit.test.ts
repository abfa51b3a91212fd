import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/postgres.ts';
import { compressBars } from '../../store/compressed-bars.ts';
import { DaemonProcess } from '../../support/daemon.ts';
import { TestEmbedded } from '../../support/embedded.ts';

const limit = { deadlineMs: 60_000 };
const startMs = Date.UTC(2026, 0, 5);
const symbols = 20;
/** The bars of a symbol and spec are one compressed batch of some 400 rows: two of them fit into a transaction. */
const tuplesMax = 1_000;

function csv(price: number): string {
  const lines = ['trade_id,event_time_ms,side,price,size,symbol'];
  for (let n = 0; n < 400 * symbols; n++) {
    lines.push(`${n},${startMs + n * 50},buy,${price + (n % 17)},${1 + (n % 3)},S${n % symbols}`);
  }
  return `${lines.join('\n')}\n`;
}

interface Start {
  readonly flags?: readonly string[];
  readonly keys?: object;
  /** Of the session at the server. */
  readonly options?: string;
}

const table = `SELECT symbol, bar_spec, open_time, open, high, low, close, volume, trades, state, revision, whole, position
  FROM bars ORDER BY 1, 2, 3`;

describe('a lane that is told anew over compressed bars, where a transaction may unpack few of them', () => {
  let embedded: TestEmbedded;
  let database: Database;
  let expected: readonly object[];
  const directory = mkdtempSync(path.join(tmpdir(), 'mdp-unpack-'));
  const file = path.join(directory, 'trades.csv');

  const start = ({ flags = [], keys = {}, options = '' }: Start = {}): DaemonProcess => new DaemonProcess({
    config: JSON.stringify({
      name: 'test', bars: { specs: ['1s', '10s'] }, checkpoint: { interval_ms: 200 },
      store: { compression: { after: '1d' } },
      sources: [{ name: 'history', type: 'replay', files: [file], venue: 'v', speed: 'max', complete: true, ...keys }],
      pipeline: { batch_size: 500 }, sink: { retry: { base_ms: 10, max_ms: 100 } },
    }),
    environment: { DATABASE_URL: `${embedded.url}?options=${encodeURIComponent(options)}` }, args: ['--until-end', ...flags],
  });
  const rebuild = { flags: ['--rebuild', 'test/history'] };
  const limited = { ...rebuild, options: `-c timescaledb.max_tuples_decompressed_per_dml_transaction=${tuplesMax}` };

  beforeAll(async () => {
    embedded = await TestEmbedded.start();
    database = embedded.connect();
    writeFileSync(file, csv(200));
    expect(await start().stop('SIGCONT')).toBe(0);
    expected = (await database.query(limit, table)).rows;
    expect(expected.length).toBeGreaterThan(8_000);
  });
  afterAll(async () => {
    await embedded.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The bars of another log of the same shape, every one of them compressed. */
  beforeEach(async () => {
    writeFileSync(file, csv(100));
    expect(await start(rebuild).stop('SIGCONT')).toBe(0);
    await compressBars(database);
    expect((await database.query(limit, table)).rows).not.toEqual(expected);
    writeFileSync(file, csv(200));
  });

  it('writes less at once, and stores every row', async () => {
    const daemon = start(limited);
    expect(await daemon.stop('SIGCONT'), daemon.log).toBe(0);
    expect(daemon.log).toContain('SQLSTATE 53400');
    expect((await database.query(limit, table)).rows).toEqual(expected);
  });

  it('stores every row, too, where a single one needs more than that', async () => {
    const { flags } = rebuild;
    const daemon = start({ flags, options: '-c timescaledb.max_tuples_decompressed_per_dml_transaction=100' });
    expect(await daemon.stop('SIGCONT'), daemon.log).toBe(0);
    expect(daemon.log).toContain('SQLSTATE 53400');
    expect((await database.query(limit, table)).rows).toEqual(expected);
  });

  it('ends in time when it is asked to meanwhile, and a restart makes up for it', async () => {
    const daemon = start({ ...limited, keys: { max_msgs_per_sec: 2_000 } });
    await daemon.logged('SQLSTATE 53400');
    expect(await daemon.stop(), daemon.log).toBe(0);
    expect((await database.query(limit, table)).rows).not.toEqual(expected);
    const restart = start();
    expect(await restart.stop('SIGCONT'), restart.log).toBe(0);
    expect((await database.query(limit, table)).rows).toEqual(expected);
  });
});
