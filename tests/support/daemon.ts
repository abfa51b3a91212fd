import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export interface DaemonOptions {
  /** The configuration file, as text. */
  readonly config: string;
  /** `run` unless given. */
  readonly command?: 'run' | 'serve';
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Flags of Node; those of scripts/dev.sh unless given. */
  readonly nodeFlags?: readonly string[];
  /** Where the embedded database lives; a directory of its own unless given. */
  readonly dataDir?: string;
}

export const usualFlags = ['--max-semi-space-size=4', '--expose-gc', '--report-exclude-env'];

/** The daemon as a process of its own, with a configuration and a data directory of its own, on free ports. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #ended: Promise<number | null>;
  readonly #ready: Promise<string>;
  #log = '';

  constructor({ config, command = 'run', args = [], environment = {}, dataDir, nodeFlags = usualFlags }: DaemonOptions) {
    this.#directory = mkdtempSync(path.join(tmpdir(), 'mdp-daemon-'));
    const file = path.join(this.#directory, 'config.yaml');
    writeFileSync(file, config);
    const { DATABASE_URL: _unused, ...inherited } = process.env;
    const program = [...nodeFlags, path.join(root, 'src/main.ts'), command, '--file', file, ...args];
    this.#child = spawn(process.execPath, program, {
      cwd: root, stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...inherited, PORT: '0', DATA_DIR: dataDir ?? path.join(this.#directory, 'data'), PIPELINE_LOG_FORMAT: 'json',
        MALLOC_ARENA_MAX: '2',
        ...environment,
      },
    });
    this.#ended = new Promise((resolve) => { this.#child.once('close', (code) => resolve(code)); });
    this.#ready = new Promise((resolve, reject) => {
      this.#child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
        this.#log += chunk;
        const health = /"health":"([^"]+)\/health"/.exec(this.#log)?.[1];
        if (health !== undefined) resolve(health);
      });
      void this.#ended.then((code) => reject(new Error(`The daemon ended with ${code}:\n${this.#log.slice(-4_000)}`)));
    });
    this.#ready.catch(() => {});
  }

  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves with the address of its HTTP server. */
  ready(): Promise<string> {
    return this.#ready;
  }

  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** The signal that ended it, or null. */
  get endedBy(): NodeJS.Signals | null {
    return this.#child.signalCode;
  }

  async status<T>(): Promise<T> {
    const response = await fetch(`${await this.#ready}/api/status`);
    return await response.json() as T;
  }

  /** Peak resident memory, bytes, of the daemon and of the embedded database beside it. */
  peakMemory(): { daemon: number; database: number } {
    const { pid } = this.#child;
    const children = readText(`/proc/${pid}/task/${pid}/children`).split(' ').filter((id) => id !== '');
    return { daemon: peakOf(pid!), database: children.reduce((sum, id) => sum + peakOf(Number(id)), 0) };
  }

  /** What the daemon has resident now, bytes. */
  residentMemory(): number {
    return residentBytes(this.pid);
  }

  /** Processor time of all its threads since it began, of user and system, s. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it if it has not ended, removes its directory, and gives its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null) this.#child.kill(signal);
    const code = await this.#ended;
    rmSync(this.#directory, { recursive: true, force: true });
    return code;
  }

  /** Waits until the log holds this text; rejects with the log when it ends first. */
  async logged(text: string): Promise<void> {
    while (!this.#log.includes(text)) {
      const more = new Promise((resolve) => { this.#child.stderr!.once('data', resolve); });
      const ended = await Promise.race([more.then(() => false), this.#ended.then(() => true)]);
      if (ended && !this.#log.includes(text)) throw new Error(`It ended without "${text}":\n${this.#log}`);
    }
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** `getconf CLK_TCK`, which Linux has not changed since 2003. */
const clockTicksPerSecond = 100;

/** What a process has taken of processors, kernel included: fields 14 and 15 of proc_pid_stat(5). */
export function cpuSecondsOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}

/** What a process has resident now. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

/** VmHWM: the most that the process ever had resident. */
function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}
