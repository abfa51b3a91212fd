import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commandPath, freePort } from '../packaging/files.ts';

export function whyNoPrometheus(): string | null {
  return commandPath('prometheus') === null ? 'there is no prometheus on this machine' : null;
}

const configuration = `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: mdp
    file_sd_configs: [{ files: [targets.json], refresh_interval: 1s }]
`;

/** A real Prometheus that scrapes, each second, whoever it is told of. */
export class TestPrometheus {
  readonly #server: ChildProcess;
  readonly #directory: string;
  readonly #url: string;

  private constructor(server: ChildProcess, directory: string, url: string) {
    this.#server = server;
    this.#directory = directory;
    this.#url = url;
  }

  /** `rules` are alerts and recordings, as YAML. */
  static async start(rules = ''): Promise<TestPrometheus> {
    const directory = mkdtempSync(path.join(tmpdir(), 'mdp-prometheus-'));
    const address = `127.0.0.1:${await freePort()}`;
    writeFileSync(path.join(directory, 'prometheus.yml'), configuration);
    writeFileSync(path.join(directory, 'rules.yml'), rules);
    writeFileSync(path.join(directory, 'targets.json'), '[]');
    const args = ['--config.file=prometheus.yml', '--storage.tsdb.path=series', `--web.listen-address=${address}`];
    const server = spawn(commandPath('prometheus')!, args, { cwd: directory, stdio: 'ignore' });
    return new TestPrometheus(server, directory, `http://${address}`);
  }

  /** Addresses of programs, `http://127.0.0.1:8083`. */
  scrape(targets: readonly string[]): void {
    const addresses = targets.map((target) => new URL(target).host);
    const file = path.join(this.#directory, 'targets.json');
    writeFileSync(`${file}.new`, JSON.stringify([{ targets: addresses }]));
    renameSync(`${file}.new`, file); // It never sees half a file.
  }

  /** The one value that a query gives; null where there is none, or no answer. */
  async value(query: string): Promise<number | null> {
    const url = `${this.#url}/api/v1/query?${new URLSearchParams({ query }).toString()}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    if (response?.ok !== true) return null;
    const { data } = await response.json() as { data: { result: readonly { value: readonly [number, string] }[] } };
    return data.result.length === 1 ? Number(data.result[0].value[1]) : null;
  }

  async dispose(): Promise<void> {
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
