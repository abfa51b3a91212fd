import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandPath, dashboardQueries, freePort, load, root } from './files.ts';

interface PrometheusConfig {
  readonly global: Readonly<Record<string, string>>;
  readonly scrape_configs: readonly { readonly job_name: string; readonly static_configs: unknown }[];
}

/** A real pipeline, watched by a real Prometheus with our rules: what it scrapes is what the dashboard will show. */
describe.skipIf(commandPath('prometheus') === null)('a pipeline that Prometheus watches (with prometheus)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mdp-monitored-'));
  const processes: ChildProcess[] = [];
  let [pipeline, prometheus] = ['', ''];

  beforeAll(async () => {
    const [pipelinePort, prometheusPort] = [await freePort(), await freePort()];
    pipeline = `http://127.0.0.1:${pipelinePort}`;
    prometheus = `http://127.0.0.1:${prometheusPort}`;
    const env = { PATH: process.env['PATH'], DATA_DIR: path.join(folder, 'data'), PORT: String(pipelinePort) };
    processes.push(spawn(process.execPath, ['src/main.ts', 'run'], { cwd: root, env, stdio: 'ignore' }));
    cpSync(path.join(root, 'monitoring/alerts.yml'), path.join(folder, 'alerts.yml'));
    writeFileSync(path.join(folder, 'prometheus.yml'), stringify(everySecond(`127.0.0.1:${pipelinePort}`)));
    const args = [
      '--config.file=prometheus.yml', '--storage.tsdb.path=series', `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ];
    processes.push(spawn(commandPath('prometheus')!, args, { cwd: folder, stdio: 'ignore' }));
  });

  afterAll(async () => {
    const running = processes.filter((each) => each.exitCode === null && each.signalCode === null);
    const exits = running.map((each) => once(each, 'exit'));
    for (const each of running) each.kill('SIGTERM');
    await Promise.all(exits);
    rmSync(folder, { recursive: true });
  });

  /** The number of series that a query finds; 0 while Prometheus or the pipeline is not there yet. */
  async function found(query: string): Promise<number> {
    const url = `${prometheus}/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    const response = await fetch(url).catch(() => null);
    if (response?.ok !== true) return 0; // While it starts it says that its service is unavailable.
    const { data } = await response.json() as { data: { result: unknown[] } };
    return data.result.length;
  }

  it('has something to show in every panel of the dashboard', async () => {
    const panels = dashboardQueries().filter((query) => !query.startsWith('ALERTS') && !query.startsWith('changes(') && !ofKafka.test(query));
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

/** What only a source that reads from Kafka has, and there is none here. */
const ofKafka = /mdp_kafka_|mdp_lane_lag_records/;

/** Our configuration of Prometheus, with one target and a scrape every second. */
function everySecond(target: string): PrometheusConfig {
  const config: PrometheusConfig = load('monitoring/prometheus.yml');
  const pace = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  const jobs = config.scrape_configs.filter((job) => job.job_name === 'mdp')
    .map((job) => ({ ...job, static_configs: [{ targets: [target] }] }));
  return { ...config, global: pace, scrape_configs: jobs };
}
