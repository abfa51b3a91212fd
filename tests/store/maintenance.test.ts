import { beforeEach, describe, expect, it } from 'vitest';
import { readAges, requireAges, type StoreAges } from '../../src/store/ages.ts';
import { detectServer, judgeServer, type DetectedServer } from '../../src/store/detect-server.ts';
import { prepareBars } from '../../src/store/hypertable.ts';
import { StoreMaintenance, type MaintenanceReport } from '../../src/store/maintenance.ts';
import type { Database } from '../../src/postgres.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { storeBars, storeValues } from './stored-rows.ts';

const limit = { deadlineMs: 60_000 };
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const nowMs = Date.UTC(2024, 5, 30);
const never = new AbortController().signal;
const settings = { retention: {}, compression: {}, chunk_interval: '1d' };

describe('ages of the store', () => {
  it('are read in their units, specs by their canonical names', () => {
    const { ages, faults } = readAges(
      { retention: { all: '52w', '60s': '30d' }, compression: { after: '36h' }, chunk_interval: '7d' }, 12_000);
    expect(faults).toEqual([]);
    expect(ages).toEqual({
      chunkMs: 7 * dayMs, compressAfterMs: 36 * hourMs, keepAllMs: 364 * dayMs, keepMs: new Map([['1m', 30 * dayMs]]),
      keepSideMs: new Map(),
    });
  });

  it('every fault is listed with its key, and what may stand there', () => {
    const { faults } = readAges(
      { retention: { '1x': '1d', '1s': '5s', '1m': '0d' }, compression: { after: 'soon', before: '1d' }, chunk_interval: '30m' }, 12_000);
    expect(faults.map(({ key, rule }) => [key, rule])).toEqual([
      ['retention.1x', expect.stringContaining('"1x" is not a bar spec')],
      ['retention.1s', 'at least 12 s'],
      ['retention.1m', expect.stringContaining('a count and a unit')],
      ['compression.before', 'the only key is after'],
      ['compression.after', expect.stringContaining('a count and a unit')],
      ['chunk_interval', 'at least 3600 s'],
    ]);
    expect(() => requireAges({ ...settings, chunk_interval: 'x' }, 0)).toThrow('store.chunk_interval is "x"; it must be');
  });
});

describeOnEachServer('hypertable, compression and retention', (server) => {
  let database: Database;
  let detected: DetectedServer;

  beforeEach(async () => {
    database = await server.migratedDatabase();
    detected = await detectServer(database, limit);
  });

  function maintenance(ages: StoreAges, settledUntilMs: () => number | null = () => null): StoreMaintenance {
    return new StoreMaintenance({
      database, ages, server: detected.server, statementDeadlineMs: 60_000, intervalMs: 600_000, clock: new VirtualClock(nowMs),
      settledUntilMs, onRound: () => {}, onFailure: (error) => { throw error; },
    });
  }

  async function prepared(changes: Partial<typeof settings> | object): Promise<StoreAges> {
    const ages = requireAges({ ...settings, ...changes }, 12_000);
    await prepareBars(database, limit, { server: detected.server, ages });
    return ages;
  }

  /** One bar an hour of each spec, for so many days before now. */
  async function storeDays(days: number, specs: readonly string[] = ['1m', '1h']): Promise<void> {
    const hours = Array.from({ length: days * 24 }, (_, index) => nowMs - (index + 1) * hourMs);
    await storeBars(database, specs.flatMap((spec) => hours.map((openMs) => (
      { spec, openMs, closeMs: openMs + (spec === '1h' ? hourMs : 60_000) }))));
  }

  async function count(condition = 'true'): Promise<number> {
    const { rows } = await database.query<{ count: number }>(limit, `SELECT count(*) FROM bars WHERE ${condition}`);
    return rows[0].count;
  }

  async function chunks(condition = 'true'): Promise<number> {
    const { rowCount } = await database.query(
      limit, `SELECT FROM timescaledb_information.chunks WHERE hypertable_name = 'bars' AND ${condition}`);
    return rowCount!;
  }

  it('says what the server is and what is off', () => {
    if (server.isTimescale) {
      expect(detected.server).toMatchObject({ kind: 'timescaledb', hypertable: true, compression: true, retention: true });
      expect(detected.sentence).toMatch(/^PostgreSQL 17\.5, TimescaleDB 2\.\S+, community edition: /);
    } else {
      expect(detected.server).toMatchObject({ kind: 'postgresql', hypertable: false, compression: false, retention: true });
      expect(detected.sentence).toMatch(/^PostgreSQL \d\S+.*: TimescaleDB is not installed, so bars are a plain table/);
    }
  });

  it('retention by spec deletes what closed before its age, and nothing else', async () => {
    const ages = await prepared({ retention: { '1m': '3d' } });
    await storeDays(6);
    const keeper = maintenance(ages);
    expect(await keeper.round(never)).toEqual({ chunksCompressed: 0, chunksDropped: 0, rowsDeleted: 3 * 24 });
    expect([await count("bar_spec = '1m'"), await count("bar_spec = '1h'")]).toEqual([72, 144]);
    expect(await keeper.round(never)).toMatchObject({ rowsDeleted: 0 });
  });

  it('a later round deletes what has come of age since', async () => {
    const ages = await prepared({ retention: { '1m': '3d' } });
    await storeDays(6);
    const clock = new VirtualClock(nowMs);
    const stop = new AbortController();
    const rounds: ((report: MaintenanceReport) => void)[] = [];
    const next = (): Promise<MaintenanceReport> => new Promise((resolve) => rounds.push(resolve));
    const first = next();
    const running = new StoreMaintenance({
      database, ages, server: detected.server, statementDeadlineMs: 60_000, intervalMs: 2 * hourMs, clock, settledUntilMs: () => null,
      onRound: (report) => rounds.shift()!(report), onFailure: (error) => { throw error; },
    }).run(stop.signal);
    expect((await first).rowsDeleted).toBe(72);
    const second = next();
    await clock.advance(2 * hourMs);
    expect((await second).rowsDeleted).toBe(2);
    stop.abort();
    await running;
    expect(await count("bar_spec = '1m'")).toBe(70);
  });

  it('nothing younger than what is settled is deleted', async () => {
    const ages = await prepared({ retention: { '1m': '3d' } });
    await storeDays(6);
    expect(await maintenance(ages, () => nowMs - 5 * dayMs).round(never)).toMatchObject({ rowsDeleted: 24 });
  });

  it('retention of all keeps what is younger', async () => {
    const ages = await prepared({ retention: { all: '3d' } });
    await storeDays(30, ['1m']);
    const report = await maintenance(ages).round(never);
    expect(await count(`open_time >= to_timestamp(${(nowMs - 3 * dayMs) / 1000})`)).toBe(72);
    if (server.isTimescale) {
      expect(report).toEqual({ chunksCompressed: 0, chunksDropped: 19, rowsDeleted: 0 });
      expect(await chunks()).toBe(11);
    } else {
      expect(report).toEqual({ chunksCompressed: 0, chunksDropped: 0, rowsDeleted: 27 * 24 });
    }
  });

  it('values of indicators go with the bars of their spec', async () => {
    const ages = await prepared({ retention: { '1m': '3d' } });
    await storeDays(6);
    await storeValues(database);
    expect(await maintenance(ages).round(never)).toMatchObject({ rowsDeleted: 2 * 3 * 24 });
    const left = 'SELECT bar_spec, count(*) FROM indicators GROUP BY 1 ORDER BY 1';
    expect((await database.query(limit, left)).rows).toEqual([{ bar_spec: '1h', count: 144 }, { bar_spec: '1m', count: 72 }]);
    const young = maintenance(await prepared({ retention: { all: '2d' } }));
    const { chunksDropped, rowsDeleted } = await young.round(never);
    expect([chunksDropped, rowsDeleted]).toEqual(server.isTimescale ? [0, 0] : [0, 2 * (96 + 24)]);
  });

  it('nothing is done where nothing is asked for', async () => {
    expect(maintenance(await prepared({})).isNeeded).toBe(false);
    expect(maintenance(await prepared({ retention: { all: '3d' } })).isNeeded).toBe(true);
  });

  if (!server.isTimescale) {
    it('compression that is asked for is off, and the log says so', async () => {
      const ages = requireAges({ ...settings, compression: { after: '7d' } }, 0);
      const [sentence] = await prepareBars(database, limit, { server: detected.server, ages });
      expect(sentence).toMatch(/store\.compression is set, but PostgreSQL .* cannot compress here: it is off/);
      expect(maintenance(ages).isNeeded).toBe(false);
    });
    return;
  }

  it('bars are a hypertable by open time, with the key as the only index', async () => {
    await prepared({ chunk_interval: '1w' });
    await prepared({});
    await storeDays(3, ['1m']);
    expect(await chunks()).toBe(3);
    const { rows } = await database.query(limit, "SELECT indexname FROM pg_indexes WHERE tablename = 'bars'");
    expect(rows).toEqual([{ indexname: 'bars_pkey' }]);
  });

  it('a plain table with rows stays one, and the log says what to run', async () => {
    await storeDays(1, ['1m']);
    const ages = requireAges({ ...settings, compression: { after: '7d' } }, 0);
    const sentences = await prepareBars(database, limit, { server: detected.server, ages });
    expect(sentences).toHaveLength(2);
    const statement = /SELECT create_hypertable\([^;]*;/.exec(sentences[0])![0];
    await database.query(limit, statement);
    expect(await prepareBars(database, limit, { server: detected.server, ages })).toEqual([]);
  });

  it('a server of the Apache edition gets a hypertable, is never asked to compress, and drops chunks', async () => {
    const facts = { serverVersion: '17.5', serverVersionNumber: 170_005, extension: '2.23.0', available: '2.23.0', license: 'apache' };
    detected = judgeServer(facts);
    const ages = requireAges({ ...settings, compression: { after: '7d' }, retention: { all: '3d' } }, 0);
    expect(await prepareBars(database, limit, { server: detected.server, ages })).toEqual([
      'store.compression is set, but PostgreSQL 17.5, TimescaleDB 2.23.0 cannot compress here: it is off.',
    ]);
    const { rows } = await database.query(
      limit, "SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = 'bars'");
    expect(rows).toEqual([{ compression_enabled: false }]);
    await storeDays(30, ['1m']);
    expect(await maintenance(ages).round(never)).toEqual({ chunksCompressed: 0, chunksDropped: 19, rowsDeleted: 0 });
  });

  it('old chunks are compressed, and rows in them can still be revised and found', async () => {
    const ages = await prepared({ compression: { after: '7d' } });
    await storeDays(10);
    const keeper = maintenance(ages);
    expect(await keeper.round(never)).toMatchObject({ chunksCompressed: 3 });
    expect([await chunks('is_compressed'), await chunks('NOT is_compressed')]).toEqual([3, 7]);
    await prepared({ compression: { after: '7d' } });
    expect(await keeper.round(never)).toMatchObject({ chunksCompressed: 0 });
    const openMs = nowMs - 9 * dayMs;
    await storeBars(database, [
      { spec: '1m', openMs, closeMs: openMs + 60_000, revision: 1, close: 42 },
      { spec: '1m', openMs: openMs + 60_000, closeMs: openMs + 120_000 },
    ]);
    expect([await count(), await count('revision = 1 AND close = 42')]).toEqual([481, 1]);
    expect(await keeper.round(never)).toMatchObject({ chunksCompressed: 1 });
    expect([await count(), await count('revision = 1 AND close = 42')]).toEqual([481, 1]);
  });

  it('nothing younger than what is settled is compressed', async () => {
    const ages = await prepared({ compression: { after: '7d' } });
    await storeDays(10);
    expect(await maintenance(ages, () => nowMs - 9 * dayMs).round(never)).toMatchObject({ chunksCompressed: 1 });
  });

  it('retention by spec reaches into compressed chunks', async () => {
    const ages = await prepared({ compression: { after: '2d' }, retention: { '1m': '5d' } });
    await storeDays(10);
    const keeper = maintenance({ ...ages, keepMs: new Map() });
    expect(await keeper.round(never)).toMatchObject({ chunksCompressed: 8 });
    expect(await maintenance(ages).round(never)).toMatchObject({ rowsDeleted: 120 });
    expect([await count("bar_spec = '1m'"), await count("bar_spec = '1h'")]).toEqual([120, 240]);
  });
});
