import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Database } from '../../src/postgres.ts';
import { DaemonProcess } from './daemon.ts';
import type { TestServer } from './servers.ts';

const root = path.resolve(import.meta.dirname, '../..');
const limit = { deadlineMs: 30_000 };
const header = 'trade_id,event_time_ms,side,price,size,symbol\n';

/** Event time of the first tick of `VerifyRig.write`. */
export const startMs = Date.UTC(2026, 0, 5);

interface TableCounts {
  readonly equal: number;
  readonly different: number;
  readonly missing: number;
  readonly extra: number;
  readonly leftOut: Readonly<Record<string, number>>;
}

export const noDifference = { different: 0, missing: 0, extra: 0, leftOut: {} };

/** What `mdp verify --rebuild --json` says of a lane. */
export interface VerifyReport {
  readonly lane: string;
  readonly fromPosition: number;
  readonly position: number;
  readonly isEnded: boolean;
  readonly tables: Readonly<Record<'bars' | 'indicators' | 'late_ticks' | 'gaps' | 'alerts', TableCounts>>;
  readonly differences: readonly Readonly<Record<string, unknown>>[];
}

/** `mdp verify` as a process of its own. */
export class Verify {
  readonly child: ChildProcess;
  out = '';
  log = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>>) {
    const command = [path.join(root, 'src/main.ts'), 'verify', ...args];
    const { DATABASE_URL: _unused, ...inherited } = process.env;
    this.child = spawn(process.execPath, command, {
      cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, PIPELINE_LOG_FORMAT: 'json', ...environment },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (chunk: string) => { this.out += chunk; });
    this.child.stderr!.setEncoding('utf8').on('data', (chunk: string) => { this.log += chunk; });
    this.ended = new Promise((resolve) => { this.child.once('close', (code) => resolve(code)); });
  }

  get reports(): readonly VerifyReport[] {
    return JSON.parse(this.out) as readonly VerifyReport[];
  }
}

/** What of a configuration a test cares about: keys of its one source, of `bars`, and of the rest. */
export interface VerifySetup {
  readonly source?: object;
  readonly bars?: object;
  readonly rest?: object;
}

/** A log in a file, a daemon that reads it, and `mdp verify` beside it, in a database that is empty at first. */
export class VerifyRig {
  readonly database: Database;
  readonly #url: string;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'mdp-verify-rebuild-'));
  readonly #running: (() => Promise<unknown>)[] = [];

  private constructor(database: Database, url: string) {
    this.database = database;
    this.#url = url;
  }

  static async make(server: TestServer): Promise<VerifyRig> {
    return new VerifyRig(await server.freshDatabase(), server.url());
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#running.map((stop) => stop()));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A tick of one of five symbols every 100 ms; every 400th is half a minute late, every 90th four seconds. */
  write(from: number, until: number): void {
    let text = header;
    for (let n = from; n < until; n++) {
      const lateMs = n % 400 === 399 ? 30_000 : n % 90 === 89 ? 4_000 : 0;
      text += `${n},${startMs + n * 100 - lateMs},buy,${100 + (n % 17)},${1 + (n % 3)},S${n % 5}\n`;
    }
    writeFileSync(path.join(this.#directory, 'trades.csv'), text);
  }

  daemon(
    setup: VerifySetup = {}, args: readonly string[] = ['--until-end'], environment: Readonly<Record<string, string>> = {},
  ): DaemonProcess {
    const one = new DaemonProcess({ config: this.#config(setup), environment: { DATABASE_URL: this.#url, ...environment }, args });
    this.#running.push(() => one.stop());
    return one;
  }

  /** The whole log, by a daemon that ends. */
  async told(setup: VerifySetup = {}, flags: readonly string[] = []): Promise<void> {
    const one = this.daemon(setup, ['--until-end', ...flags]);
    expect(await one.stop('SIGCONT'), one.log).toBe(0);
  }

  verify(setup: VerifySetup = {}, args: readonly string[] = ['--rebuild', '--json']): Verify {
    const config = path.join(this.#directory, 'config.yaml');
    writeFileSync(config, this.#config(setup));
    const one = new Verify(['--file', config, ...args], { DATABASE_URL: this.#url });
    this.#running.push(async () => {
      if (one.child.exitCode === null) one.child.kill('SIGKILL');
      await one.ended;
    });
    return one;
  }

  /** The report of one that finds nothing. */
  async verified(setup: VerifySetup = {}): Promise<VerifyReport> {
    const one = this.verify(setup);
    expect(await one.ended, one.log + one.out).toBe(0);
    return one.reports[0];
  }

  async rows(query: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.database.query<Record<string, unknown>>(limit, query)).rows;
  }

  scratchSchemas(): Promise<readonly unknown[]> {
    return this.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'mdp_verify%'");
  }

  #config({ source = {}, bars = {}, rest = {} }: VerifySetup): string {
    const files = [path.join(this.#directory, 'trades.csv')];
    return JSON.stringify({
      name: 'test', bars: { specs: ['1s', '10s', '1m'], ...bars }, indicators: { specs: ['rsi(3)@1s', 'rsi(3)@1m'] }, ...rest,
      sources: [{ name: 'history', type: 'replay', files, venue: 'v', speed: 'max', ...source }],
    });
  }
}
