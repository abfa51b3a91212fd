import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A disk of a few megabytes that a server can have a tablespace on, and that can be filled to its last byte. */
export class TinyDisk {
  readonly #mount: string;

  private constructor(mount: string) {
    this.#mount = mount;
  }

  /** Null when a tmpfs can be mounted here, else why not. */
  static whyNot(): string | null {
    if (process.getuid?.() !== 0) return 'only root can mount a tmpfs';
    const probe = mkdtempSync(path.join(tmpdir(), 'mdp-mount-'));
    const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
    if (isMounted) spawnSync('umount', [probe]);
    rmSync(probe, { recursive: true, force: true });
    return isMounted ? null : 'no tmpfs can be mounted here';
  }

  static mount(megabytes: number): TinyDisk {
    const mount = mkdtempSync(path.join(tmpdir(), 'mdp-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', mount]);
    execFileSync('install', ['-d', '-m', '700', '-o', 'postgres', path.join(mount, 'space')]);
    return new TinyDisk(mount);
  }

  /** Belongs to the server's user. */
  get directory(): string {
    return path.join(this.#mount, 'space');
  }

  fill(): void {
    for (let block = 1_048_576, number = 0; block >= 1; number++) {
      try {
        writeFileSync(path.join(this.#mount, `ballast-${number}`), Buffer.alloc(block));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        block = Math.floor(block / 2);
      }
    }
  }

  free(): void {
    execFileSync('sh', ['-c', 'rm -f "$0"/ballast-*', this.#mount]);
  }

  /** Call it once the server is gone. */
  unmount(): void {
    execFileSync('umount', ['-l', this.#mount]);
    rmSync(this.#mount, { recursive: true, force: true });
  }
}
