import { open, type FileHandle } from 'node:fs/promises';

/** The bytes of one file, decompressed, in order. Reads do not overlap. */
export interface ByteSource {
  /**
   * Writes bytes into `target` from `offset` on, as many as come at once, and returns how many; 0 at the end.
   */
  read(target: Buffer, offset: number): Promise<number>;
  /** Read from the file so far, compressed. */
  readonly fileBytesRead: number;
  /** More may come behind the end: a last line without its line feed is not complete. */
  readonly isGrowing: boolean;
  close(): Promise<void>;
}

/** A plain file. */
export class FileBytes implements ByteSource {
  readonly isGrowing = false;
  readonly #file: FileHandle;
  fileBytesRead = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<FileBytes> {
    return new FileBytes(await open(path, 'r'));
  }

  async read(target: Buffer, offset: number): Promise<number> {
    const { bytesRead } = await this.#file.read(target, offset, target.length - offset, null);
    this.fileBytesRead += bytesRead;
    return bytesRead;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
