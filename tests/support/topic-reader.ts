import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** Answers every message with what the reader has. */
const asked = `
import { rows } from './latest-rows.mjs';
process.on('message', () => process.send(rows()));
process.send('ready');
`;

/** The reader of docs/topics.md, as it stands there, in a process of its own. */
export class TopicReader {
  readonly #directory: string;
  readonly #child: ChildProcess;

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory;
    this.#child = child;
  }

  /** Resolves when it reads. */
  static async start(broker: string, topic: string): Promise<TopicReader> {
    const directory = mkdtempSync(path.join(tmpdir(), 'mdp-reader-'));
    mkdirSync(path.join(directory, 'node_modules'));
    symlinkSync(path.join(root, 'node_modules/kafkajs'), path.join(directory, 'node_modules/kafkajs'));
    writeFileSync(path.join(directory, 'latest-rows.mjs'), readerCode());
    writeFileSync(path.join(directory, 'asked.mjs'), asked);
    const child = fork(path.join(directory, 'asked.mjs'), [broker, topic], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    await once(child, 'message');
    return new TopicReader(directory, child);
  }

  /** The rows that it has now. */
  async rows(): Promise<Record<string, unknown>[]> {
    const answer = once(this.#child, 'message');
    this.#child.send('rows');
    const [rows] = await answer as [Record<string, unknown>[]];
    return rows;
  }

  /** May be called again. */
  async stop(): Promise<void> {
    const exited = this.#child.signalCode === null && this.#child.exitCode === null ? once(this.#child, 'exit') : null;
    this.#child.kill('SIGKILL');
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function readerCode(): string {
  const page = readFileSync(path.join(root, 'docs/topics.md'), 'utf8');
  const [, code] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  if (code === undefined) throw new Error('docs/topics.md has no reader any more');
  return code;
}
