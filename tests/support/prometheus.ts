import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath, freePort } from '../packaging/files.ts';

export function whyNoPrometheus(): string | null {
  return commandPath('prometheus') === null ? 'there is no prometheus on this machine' : null;
}

/** A configuration of Prometheus, as far as a test has to know it. */
export interface PrometheusConfig {
  readonly global: Readonly<Record<string, string>>;
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

const plain: PrometheusConfig = { global: {}, scrape_configs: [{ job_name: 'mdp' }] };

export interface PrometheusOptions {
  /** Alerts and recordings, as YAML; for the file that `configuration` names, alerts.yml. */
  readonly rules?: string;
  /** How often it scrapes, and evaluates the rules; 1,000 unless given. */
  readonly everyMs?: number;
  /** Job `mdp` of it is kept, with the targets of the test. */
  readonly configuration?: PrometheusConfig;
}

/** An address to scrape, `http://127.0.0.1:8083`; how often where that is not as for all, and what a cluster would say of it. */
export type Target = string | { readonly url: string; readonly everyMs?: number; readonly labels?: Readonly<Record<string, string>> };

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A real Prometheus that scrapes whoever it is told of. */
export class TestPrometheus {
  readonly #server: ChildProcess;
  readonly #directory: string;
  readonly #url: string;

  private constructor(server: ChildProcess, directory: string, url: string) {
    this.#server = server;
    this.#directory = directory;
    this.#url = url;
  }

  static async start({ rules = '', everyMs = 1_000, configuration = plain }: PrometheusOptions = {}): Promise<TestPrometheus> {
    const directory = mkdtempSync(path.join(tmpdir(), 'mdp-prometheus-'));
    const address = `127.0.0.1:${await freePort()}`;
    const pace = { scrape_interval: `${everyMs}ms`, scrape_timeout: `${everyMs}ms`, evaluation_interval: `${everyMs}ms` };
    const jobs = configuration.scrape_configs.filter((job) => job.job_name === 'mdp').map(({ ...job }) => ({
      ...job, static_configs: undefined, file_sd_configs: [{ files: ['targets.json'], refresh_interval: '1s' }],
    }));
    const whole = { rule_files: ['alerts.yml'], ...configuration, global: pace, scrape_configs: jobs };
    writeFileSync(path.join(directory, 'prometheus.yml'), JSON.stringify(whole));
    writeFileSync(path.join(directory, 'alerts.yml'), rules);
    writeFileSync(path.join(directory, 'targets.json'), '[]');
    const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=series', `--web.listen-address=${address}`];
    const server = spawn(commandPath('prometheus')!, args, { cwd: directory, stdio: 'ignore' });
    return new TestPrometheus(server, directory, `http://${address}`);
  }

  /** From now on these, and nobody else. */
  scrape(targets: readonly Target[]): void {
    const groups = targets.map((target) => {
      const { url, everyMs, labels }: Exclude<Target, string> = typeof target === 'string' ? { url: target } : target;
      const pace = everyMs === undefined ? {} : { __scrape_interval__: `${everyMs}ms`, __scrape_timeout__: `${everyMs}ms` };
      return { targets: [new URL(url).host], labels: { ...pace, ...labels } };
    });
    const file = path.join(this.#directory, 'targets.json');
    writeFileSync(`${file}.new`, JSON.stringify(groups));
    renameSync(`${file}.new`, file); // It never sees half a file.
  }

  /** What a query finds; nothing while there is no answer. */
  async series(query: string): Promise<readonly Series[]> {
    const url = `${this.#url}/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    if (response?.ok !== true) return []; // While it starts it says that its service is unavailable.
    const { data } = await response.json() as { data: { result: readonly Series[] } };
    return data.result;
  }

  /** The one value that a query gives; null where there is none, or no answer. */
  async value(query: string): Promise<number | null> {
    const found = await this.series(query);
    return found.length === 1 ? Number(found[0].value[1]) : null;
  }

  /** The names of the alerts that fire now; of one program where its address is given. */
  async firing(target?: string): Promise<readonly string[]> {
    const where = target === undefined ? '' : `, instance="${new URL(target).host}"`;
    const found = await this.series(`ALERTS{alertstate="firing"${where}}`);
    return [...new Set(found.map(({ metric }) => metric['alertname']))].toSorted();
  }

  async dispose(): Promise<void> {
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
