import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { MdpError } from '../errors.ts';

/** `embedded.json` in the data directory: the lock, and where psql finds the address. */
export interface LockRecord {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
}

export interface DirectoryLock {
  release(): void;
}

export function lockPath(dataDirectory: string): string {
  return join(dataDirectory, 'embedded.json');
}

/**
 * One process per data directory. A lock counts while its process lives and its port answers: both, because process ids
 * come around again after a reboot or in a new container. Throws an MdpError `embedded-failed` when it is taken.
 */
export async function lockDirectory(dataDirectory: string, record: LockRecord): Promise<DirectoryLock> {
  const path = lockPath(dataDirectory);
  mkdirSync(dataDirectory, { recursive: true });
  for (;;) {
    if (writeNew(path, record)) return { release: () => rmSync(path, { force: true }) };
    const held = readLock(path);
    if (held !== null && (await isHeld(held))) {
      throw new MdpError(
        'embedded-failed',
        `The data directory ${dataDirectory} is in use by process ${held.pid} (${held.url}). ` +
          'Stop that process, or set DATA_DIR to another directory.',
      );
    }
    removeStale(path, held);
  }
}

export function readLock(path: string): LockRecord | null {
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isLockRecord(record) ? record : null;
  } catch {
    return null; // Gone, or cut short by a crash: nobody holds it.
  }
}

function isLockRecord(value: unknown): value is LockRecord {
  return typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string' &&
    'pid' in value && typeof value.pid === 'number' && 'port' in value && typeof value.port === 'number';
}

/** The code of an error of the operating system, or ''. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function writeNew(path: string, record: LockRecord): boolean {
  try {
    writeFileSync(path, `${JSON.stringify(record)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export async function isHeld(record: LockRecord): Promise<boolean> {
  return record.pid !== process.pid && isAlive(record.pid) && (await answers(record.port));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

/** Moves the stale lock aside first: if another process has just taken it over, its fresh lock is put back. */
function removeStale(path: string, judged: LockRecord | null): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Another process was faster; the next round judges its lock.
  }
  const moved = readLock(aside);
  if (moved !== null && moved.pid !== judged?.pid) renameSync(aside, path);
  else rmSync(aside, { force: true });
}
