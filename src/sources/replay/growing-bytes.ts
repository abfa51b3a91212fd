import { watch, type FSWatcher } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
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
  #changed = new AbortController();

  constructor(path: string, file: FileHandle, drain: AbortSignal) {
    this.#path = path;
    this.#file = file;
    this.#drain = drain;
    this.#watcher = this.#startWatching();
  }

  static async open(path: string, drain: AbortSignal): Promise<GrowingBytes> {
    return new GrowingBytes(path, await open(path, 'r'), drain);
  }

  async read(target: Buffer, offset: number): Promise<number> {
    while (!this.#drain.aborted) {
      this.#changed = new AbortController();
      const { bytesRead } = await this.#file.read(target, offset, target.length - offset, this.fileBytesRead);
      this.fileBytesRead += bytesRead;
      if (bytesRead > 0) return bytesRead;
      await this.#checkFile();
      await setTimeout(pollMs, undefined, { signal: AbortSignal.any([this.#changed.signal, this.#drain]) }).catch(() => undefined);
    }
    return 0;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    await this.#file.close();
  }

  /** A file that shrank or was exchanged is another log: waiting for more of the old one would never end. */
  async #checkFile(): Promise<void> {
    const [here, there] = await Promise.all([this.#file.stat(), stat(this.#path)]);
    if (here.size < this.fileBytesRead) throw new Error('the file became shorter while it was followed');
    if (here.ino !== there.ino || here.dev !== there.dev) throw new Error('another file took its place while it was followed');
  }

  #startWatching(): FSWatcher | null {
    try {
      const watcher = watch(this.#path, () => this.#changed.abort());
      return watcher.on('error', () => watcher.close()); // The poll goes on without it.
    } catch {
      return null;
    }
  }
}
