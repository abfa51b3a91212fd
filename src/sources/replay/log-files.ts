import { constants } from 'node:fs';
import { access, glob, stat } from 'node:fs/promises';
import { MdpError, messageOf } from '../../errors.ts';

export type RecordFormat = 'csv' | 'ndjson';
export type Compression = 'none' | 'gzip' | 'zstd';

/** One file of a replayed log. */
export interface LogFile {
  readonly path: string;
  readonly format: RecordFormat;
  readonly compression: Compression;
  /** As it lies there, compressed. */
  readonly bytes: number;
}

export interface FileChoice {
  readonly source: string;
  readonly files: readonly string[];
  readonly format: 'auto' | RecordFormat;
  readonly follow: boolean;
}

/**
 * The files of a log in the order in which they are read. Throws an MdpError before anything is read:
 * `source-unreadable` where one is missing, `source-malformed` where one stands twice or its name does not
 * tell its format.
 */
export async function findLogFiles(choice: FileChoice): Promise<readonly LogFile[]> {
  const paths: string[] = [];
  for (const pattern of choice.files) paths.push(...(await matchesOf(choice.source, pattern)));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) {
    throw malformed(choice, `${twice} stands twice in files; its trades would count twice.`);
  }
  const files = await Promise.all(paths.map((path) => lookAt(choice, path)));
  const last = files.at(-1)!;
  if (choice.follow && last.compression !== 'none') {
    throw malformed(choice, `follow is for files without compression, not for ${last.path}.`);
  }
  return files;
}

async function matchesOf(source: string, pattern: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) return [pattern];
  const matches = await Array.fromAsync(glob(pattern));
  if (matches.length > 0) return matches.sort((a, b) => (a < b ? -1 : 1));
  const problem = `no file matches "${pattern}" in ${process.cwd()}`;
  throw new MdpError('source-unreadable', `Source "${source}": ${problem}.`);
}

async function lookAt(choice: FileChoice, path: string): Promise<LogFile> {
  try {
    await access(path, constants.R_OK);
    const status = await stat(path);
    if (status.isFile()) return { path, ...kindOf(choice, path), bytes: status.size };
  } catch (error) {
    if (error instanceof MdpError) throw error;
    throw unreadable(choice, { path, problem: messageOf(error), cause: error });
  }
  throw unreadable(choice, { path, problem: 'it is no file' });
}

function kindOf(choice: FileChoice, path: string): Pick<LogFile, 'format' | 'compression'> {
  const compression = path.endsWith('.gz') ? 'gzip' : path.endsWith('.zst') ? 'zstd' : 'none';
  const name = compression === 'none' ? path : path.slice(0, path.lastIndexOf('.'));
  if (choice.format !== 'auto') return { format: choice.format, compression };
  if (name.endsWith('.csv')) return { format: 'csv', compression };
  if (name.endsWith('.ndjson') || name.endsWith('.jsonl')) return { format: 'ndjson', compression };
  const endings = '.csv, .ndjson or .jsonl, with .gz or .zst behind it or without';
  throw malformed(choice, `the name of ${path} does not end in ${endings}; set format.`);
}

function malformed(choice: FileChoice, problem: string): MdpError {
  return new MdpError('source-malformed', `Source "${choice.source}": ${problem}`);
}

function unreadable(
  choice: FileChoice, what: { readonly path: string; readonly problem: string; readonly cause?: unknown },
): MdpError {
  const message = `Source "${choice.source}" cannot read ${what.path}: ${what.problem}.`;
  return new MdpError('source-unreadable', message, what.cause);
}
