import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One crash leaves 10 to 100 KiB: 20 of them are less than 2 MiB, and tell whether it is always the same. */
const filesMax = 20;
const ending = '.crash.json';

export type ReportKind = 'error' | 'stall' | 'heap';

/**
 * Files of crash reports in one directory, which is made when it is missing. A process has one name for each kind of
 * end, chosen at its start: at its end there is no time to look for one. Throws what the file system throws.
 */
export class ReportFiles {
  readonly directory: string;
  readonly #stem: string;

  constructor(directory: string, startedAt: string, pid: number) {
    this.directory = path.resolve(directory);
    this.#stem = `mdp-${startedAt.replaceAll(/[-:]|\.\d+/g, '')}-${pid}`;
    mkdirSync(this.directory, { recursive: true });
    this.#removeOldest();
  }

  nameOf(kind: ReportKind): string {
    return `${this.#stem}-${kind}${ending}`;
  }

  pathOf(kind: ReportKind): string {
    return path.join(this.directory, this.nameOf(kind));
  }

  write(kind: ReportKind, text: string): void {
    writeFileSync(this.pathOf(kind), text);
  }

  /** Leaves room for the reports of this process. */
  #removeOldest(): void {
    const files = readdirSync(this.directory).filter((name) => name.endsWith(ending))
      .map((name) => path.join(this.directory, name))
      .map((file) => ({ file, atMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
    files.sort((a, b) => b.atMs - a.atMs);
    for (const { file } of files.slice(filesMax - 1)) rmSync(file, { force: true });
  }
}
