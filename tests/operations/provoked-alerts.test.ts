import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { alertRules, read } from '../packaging/files.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { eventually } from '../support/eventually.ts';
import { TestPostgres, whyNoPostgres } from '../support/postgres.ts';
import { TestPrometheus, whyNoPrometheus } from '../support/prometheus.ts';

const limit = { deadlineMs: 30_000 };
const startMs = Date.UTC(2026, 0, 5);
const why = whyNoPostgres() ?? whyNoPrometheus();

/** Our alerts as they are, but for how long a condition must hold: a test has no minutes. */
const impatient = (): string => read('monitoring/alerts.yml').replaceAll(/^( +)for: \d+m$/gm, '$1for: 1s');

describe.skipIf(why !== null)(`an alert of a real Prometheus${why === null ? '' : ` (LEFT OUT: ${why})`}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-alerts-'));
  const file = path.join(folder, 'trades.csv');
  let postgres: TestPostgres;
  let prometheus: TestPrometheus;
  let daemon: DaemonProcess;
  let database: Database;
  let [url, length] = ['', 0];

  beforeAll(async () => {
    writeFileSync(file, 'event_time_ms,side,price,size,symbol\n');
    postgres = await TestPostgres.start();
    const name = await postgres.createDatabase();
    database = postgres.connect({ database: name });
    prometheus = await TestPrometheus.start(impatient());
    daemon = new DaemonProcess({
      config: JSON.stringify({
        name: 'test', bars: { specs: ['1s'] }, checkpoint: { interval_ms: 100 },
        sink: { retry: { base_ms: 10, max_ms: 50 }, circuit_breaker: { reset_ms: 200 } },
        sources: [{ name: 'tail', type: 'replay', files: [file], venue: 'v', ids: 'absent', follow: true }],
      }),
      environment: { DATABASE_URL: postgres.url({ database: name }) },
    });
    url = await daemon.ready();
    prometheus.scrape([url]);
    await eventually(async () => (await prometheus.value('count_over_time(up{job="mdp"}[1m]) > 2')) !== null);
  });

  afterAll(async () => {
    await daemon.stop('SIGKILL');
    await prometheus.dispose();
    await postgres.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Ten ticks a second of event time; of those, so many that nobody can use. */
  function grow(ticks: number, bad = 0): void {
    const lines = Array.from({ length: ticks }, (_, index) =>
      `${startMs + (length + index) * 100},buy,${index < bad ? 'x' : 100 + (index % 7)},1,S\n`);
    appendFileSync(file, lines.join(''));
    length += ticks;
  }

  const fires = (alert: string): Promise<void> => {
    expect(alertRules().map((rule) => rule.alert)).toContain(alert);
    return eventually(async () => (await prometheus.value(`ALERTS{alertname="${alert}", alertstate="firing"}`)) === 1, 45_000);
  };
  const ends = (alert: string): Promise<void> =>
    eventually(async () => (await prometheus.value(`ALERTS{alertname="${alert}", alertstate="firing"}`)) === null, 45_000);

  it('says that records cannot be used, and the letters are where its runbook says', async () => {
    grow(1_000, 200);
    await Promise.all([fires('MdpDeadLetters'), fires('MdpTicksRejected')]);
    const { rows } = await database.query(
      limit, "SELECT reason, count(*) AS letters FROM dead_letters WHERE origin = 'tick' GROUP BY 1");
    expect(rows).toEqual([{ reason: 'bad-price', letters: 200 }]);
  });

  it('says that the database is gone, as /health does in words, until it is back: no restart, and no bar is missing', async () => {
    await postgres.stop('immediate');
    grow(1_000);
    await fires('MdpSinkBreakerOpen');
    const health = await fetch(`${url}/health`);
    expect([health.status, await health.text()]).toEqual([200, expect.stringMatching(/"part":"sink".*"status":"degraded".*ECONNREFUSED/)]);
    await postgres.startAgain();
    await ends('MdpSinkBreakerOpen');
    await eventually(async () => {
      const { rows } = await database.query<{ n: number }>(limit, 'SELECT position AS n FROM lane_checkpoints');
      return rows[0].n === length;
    });
    const { rows } = await database.query(
      limit, 'SELECT count(*) AS bars, sum(trades)::integer AS trades FROM bars');
    // Ten good ticks a second from 20 s on until 199.9 s; the watermark is 2 s behind and has passed 197 s.
    expect(rows).toEqual([{ bars: 177, trades: 1_770 }]);
  });

  it('says that the process is gone', async () => {
    expect(await daemon.stop()).toBe(0);
    await fires('MdpDown');
  });
});
