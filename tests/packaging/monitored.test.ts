import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPrometheus, whyNoPrometheus, type PrometheusConfig } from '../support/prometheus.ts';
import { dashboardQueries, freePort, load, needsKafka, read, root } from './files.ts';

/** A real pipeline, watched by a real Prometheus with our configuration and rules: what it scrapes the dashboard will show. */
describe.skipIf(whyNoPrometheus() !== null)('a pipeline that Prometheus watches (with prometheus)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-monitored-'));
  let [pipeline, daemon, prometheus] = ['', null as ChildProcess | null, null as TestPrometheus | null];

  beforeAll(async () => {
    const port = await freePort();
    pipeline = `http://127.0.0.1:${port}`;
    const env = { PATH: process.env['PATH'], DATA_DIR: path.join(folder, 'data'), PORT: String(port) };
    daemon = spawn(process.execPath, ['src/main.ts', 'run'], { cwd: root, env, stdio: 'ignore' });
    const configuration: PrometheusConfig = load('monitoring/prometheus.yml');
    prometheus = await TestPrometheus.start({ configuration, rules: read('monitoring/alerts.yml') });
    prometheus.scrape([pipeline]);
  });

  afterAll(async () => {
    if (daemon !== null && daemon.exitCode === null && daemon.signalCode === null) {
      const exit = once(daemon, 'exit');
      daemon.kill('SIGTERM');
      await exit;
    }
    await prometheus?.dispose();
    rmSync(folder, { recursive: true });
  });

  /** The number of series that a query finds. */
  const found = async (query: string): Promise<number> => (await prometheus!.series(query)).length;

  // Kafka has its panels in tests/operations/alerts/kafka.test.ts, what marks alerts and starts is in lanes.test.ts beside it.
  it('has something to show in every panel of the dashboard', async () => {
    const panels = dashboardQueries().filter((query) => !query.startsWith('ALERTS') && !query.startsWith('changes(') && !needsKafka.test(query));
    let empty: readonly string[] = panels;
    for (const deadline = AbortSignal.timeout(50_000); empty.length > 0 && !deadline.aborted; await wait(500)) {
      await fetch(`${pipeline}/api/symbols`).catch(() => null); // For the panels about requests.
      const series = await Promise.all(empty.map(found));
      empty = empty.filter((_, index) => series[index] === 0);
    }
    expect(empty).toEqual([]);
  });

  it('sets off no alert while it is well', async () => {
    expect(await found('up{job="mdp"} == 1')).toBe(1);
    expect(await found('ALERTS{alertstate="firing"}')).toBe(0);
  });
});
