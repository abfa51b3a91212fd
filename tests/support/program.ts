import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export interface Answer {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly error: string;
}

/** A command of the program as a process of its own. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Answer>;
  #out = '';
  #error = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { DATABASE_URL: _unused, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [path.join(root, 'src/main.ts'), ...args], {
      cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, ...environment },
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.#out += text; });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.#error += text; });
    this.#ended = once(this.#child, 'close').then(() =>
      ({ code: this.#child.exitCode, signal: this.#child.signalCode, out: this.#out, error: this.#error }));
  }

  /** What it has written to standard error. */
  get error(): string {
    return this.#error;
  }

  ended(): Promise<Answer> {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
