import { unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { ByteSource } from './byte-source.ts';

/** Not every file system tells of changes (network shares, containers): look so often anyway. */
const pollMs = 500;

/** A plain file that others append to. At its end `read` waits for more, until `drain` fires. */
export class GrowingBytes implements ByteSource {
  readonly isGrowing = true;
  fileBytesRead = 0;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #drain: AbortSignal;
  readonly #watcher: FSWatcher | null;
  /** Something happened to the file, or `drain` has fired, since this was last set to false. */
  #isStirred = false;
  #wake: () => void = () => undefined;
  readonly #stir = (): void => {
    this.#isStirred = true;
    this.#wake();
  };

  constructor(path: string, file: FileHandle, drain: AbortSignal) {
    this.#path = path;
    this.#file = file;
    this.#drain = drain;
    this.#watcher = watchOf(path, this.#stir);
    watchFile(path, { interval: pollMs }, this.#stir);
    drain.addEventListener('abort', this.#stir);
  }

  static async open(path: string, drain: AbortSignal): Promise<GrowingBytes> {
    return new GrowingBytes(path, await open(path, 'r'), drain);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    while (!this.#drain.aborted) {
      this.#isStirred = false; // Before the read: what happens during it is looked at again.
      const { bytesRead } = await this.#file.read(target, offset, target.length - offset, this.fileBytesRead);
      this.fileBytesRead += bytesRead;
      if (bytesRead > 0) return bytesRead;
      await this.#checkFile();
      if (!this.#isStirred) await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
    return 0;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    unwatchFile(this.#path, this.#stir);
    this.#drain.removeEventListener('abort', this.#stir);
    await this.#file.close();
  }

  /** A file that shrank or was exchanged is another log: waiting for more of the old one would never end. */
  async #checkFile(): Promise<void> {
    const [here, there] = await Promise.all([this.#file.stat(), stat(this.#path)]);
    if (here.size < this.fileBytesRead) throw new Error('the file became shorter while it was followed');
    const isSame = here.ino === there.ino && here.dev === there.dev;
    if (!isSame) throw new Error('another file took its place while it was followed');
  }
}

/** Tells of changes at once, where the file system does; the poll goes on without it. */
function watchOf(path: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(path, changed);
    return watcher.on('error', () => watcher.close());
  } catch {
    return null;
  }
}
