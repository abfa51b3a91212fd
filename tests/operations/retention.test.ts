import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { readAges, requireAges } from '../../src/store/ages.ts';
import { detectServer } from '../../src/store/detect-server.ts';
import { prepareBars } from '../../src/store/hypertable.ts';
import { StoreMaintenance, type MaintenanceReport } from '../../src/store/maintenance.ts';
import { read } from '../packaging/files.ts';
import { describeOnEachServer } from '../support/servers.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const limit = { deadlineMs: 60_000 };
const nowMs = Date.UTC(2026, 0, 31);
const dayMs = 86_400_000;
const never = new AbortController().signal;
const settings = { retention: {}, compression: {}, chunk_interval: '1d' };

/** Table → what the page says bounds it. */
function boundsOnPage(): Map<string, string> {
  const [, section] = read('docs/operations.md').split('### What grows\n');
  const rows = section.split('\n## ')[0].matchAll(/^\| `(\w+)` \| (.+) \| (.+) \|$/gm);
  return new Map([...rows].map(([, table, growth, bound]) => [table, `${growth} ${bound}`]));
}

describe('ages of the side tables', () => {
  it('are read beside those of bar specs', () => {
    const { ages, faults } = readAges({ ...settings, retention: { all: '30d', late_ticks: '7d', gaps: '30d', dead_letters: '2w' } }, 0);
    expect(faults).toEqual([]);
    expect([ages.keepAllMs, ages.keepMs.size]).toEqual([30 * dayMs, 0]);
    expect(Object.fromEntries(ages.keepSideMs)).toEqual({ late_ticks: 7 * dayMs, gaps: 30 * dayMs, dead_letters: 14 * dayMs });
  });

  it('are refused where a gap would go before the bars that it explains', () => {
    const faultsOf = (retention: Record<string, string>): readonly string[] =>
      readAges({ ...settings, retention }, 0).faults.map(({ key, rule }) => `${key}: ${rule}`);
    const refused = [expect.stringContaining('retention.gaps: at least as long as bars are kept')];
    expect(faultsOf({ gaps: '365d' })).toEqual(refused);
    expect(faultsOf({ gaps: '29d', all: '30d' })).toEqual(refused);
    expect(faultsOf({ gaps: '30d', all: '30d', '1d': '52w' })).toEqual(refused);
    expect(faultsOf({ gaps: '52w', all: '30d', '1d': '52w' })).toEqual([]);
  });
});

describeOnEachServer('every table of the database', (server) => {
  let database: Database;
  beforeEach(async () => { database = await server.migratedDatabase(); });

  it('has a retention setting, or is said not to grow', async () => {
    const { rows } = await database.query<{ name: string }>(limit, `
      SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`);
    const bounds = boundsOnPage();
    expect(rows.map(({ name }) => name)).toEqual([...bounds.keys()].toSorted());
    const { keepSideMs } = requireAges({
      ...settings, retention: { all: '1d', gaps: '1d', late_ticks: '1d', dead_letters: '1d', alerts: '1d' },
    }, 0);
    for (const [table, bound] of bounds) {
      if (table === 'bars' || table === 'indicators' || bound.startsWith('does not grow')) continue;
      expect([table, [...keepSideMs.keys()]]).toEqual([table, expect.arrayContaining([table])]);
      expect(bound).toContain(`\`store.retention\`: \`${table}\``);
    }
  });

  async function round(retention: Record<string, string>, settledUntilMs: number | null = null): Promise<MaintenanceReport> {
    const detected = await detectServer(database, limit);
    const ages = requireAges({ ...settings, retention }, 0);
    await prepareBars(database, limit, { server: detected.server, ages });
    const maintenance = new StoreMaintenance({
      database, ages, server: detected.server, statementDeadlineMs: 60_000, intervalMs: 600_000, clock: new VirtualClock(nowMs),
      settledUntilMs: () => settledUntilMs, onRound: () => {}, onFailure: (error) => { throw error; },
    });
    expect(maintenance.isNeeded).toBe(true);
    return await maintenance.round(never);
  }

  /** Rows of the side tables, `count` a table, one an hour back from now. */
  async function store(count: number): Promise<void> {
    const hours = `generate_series(1, ${count}) AS n, LATERAL (SELECT $1::timestamptz - n * interval '1 hour' AS at) AS hour`;
    const now = [new Date(nowMs).toISOString()];
    await database.query(limit, `INSERT INTO late_ticks SELECT 'l', 1, n, 0, 'v', 'S', at, 1, 1, 0, NULL, at FROM ${hours}`, now);
    await database.query(limit, `INSERT INTO gaps
      SELECT 'l', 1, n, 'v', 'S', '', at - interval '1 hour', at, 'restart', 0 FROM ${hours}`, now);
    await database.query(limit, `INSERT INTO dead_letters SELECT 'l', 1, n, 'tick', 0, 'malformed', '', '', '', at, at FROM ${hours}`, now);
  }

  async function counts(): Promise<unknown> {
    const { rows } = await database.query(limit, `SELECT (SELECT count(*) FROM late_ticks) AS late,
      (SELECT count(*) FROM gaps) AS gaps, (SELECT count(*) FROM dead_letters) AS letters`);
    return rows[0];
  }

  it('loses what is older than is asked for, each table by its own age, and nothing else', async () => {
    await store(10 * 24);
    expect(await round({ all: '5d', late_ticks: '1d', gaps: '5d' })).toMatchObject({ rowsDeleted: 9 * 24 + 5 * 24 });
    expect(await counts()).toEqual({ late: 24, gaps: 5 * 24, letters: 10 * 24 });
    expect(await round({ dead_letters: '2d' })).toMatchObject({ rowsDeleted: 8 * 24 });
    expect(await counts()).toEqual({ late: 24, gaps: 5 * 24, letters: 48 });
  });

  it('keeps what its lanes have not settled, however old', async () => {
    await store(10 * 24);
    expect(await round({ late_ticks: '1d' }, nowMs - 8 * dayMs)).toMatchObject({ rowsDeleted: 2 * 24 });
  });

  it('loses more rows than one statement takes', async () => {
    await store(25_000);
    expect(await round({ late_ticks: '1d' })).toMatchObject({ rowsDeleted: 25_000 - 24 });
  });
});
