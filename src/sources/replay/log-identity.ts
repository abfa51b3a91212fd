import { createHash } from 'node:crypto';
import type { ByteSource } from './byte-source.ts';
import { endOfLine, isBlank, lineUpTo } from './lines.ts';
import { LineWindow } from './line-window.ts';
import type { LogFile } from './log-files.ts';

type OpenFile = (file: LogFile) => Promise<ByteSource>;

const lineBreak = Buffer.from('\n');

/**
 * Tells a changed log from one that was appended to: a hash of its header and its first record, wherever the
 * files lie and whatever they are called, which appending does not change. Where the end is declared final,
 * appending changes the log: then the sizes of all files belong to it.
 */
export async function logIdentity(
  files: readonly LogFile[], open: OpenFile, isComplete: boolean,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const lines = await firstLines(file, open);
    if (lines === null) continue;
    hash.update(lines);
    break;
  }
  if (isComplete) hash.update(JSON.stringify(files.map((file) => file.bytes)));
  return hash.digest('hex');
}

/** The header and the first record of a file; null where it has none. */
async function firstLines(file: LogFile, open: OpenFile): Promise<Buffer | null> {
  const wanted = file.format === 'csv' ? 2 : 1;
  const found: Buffer[] = [];
  const bytes = await open(file);
  try {
    const window = new LineWindow(bytes);
    while (found.length < wanted && (await window.refill()) === 'lines') takeLines(window, found, wanted);
  } catch {
    // A damaged file is still read as far as it goes, and then `read` says what is wrong with it.
  } finally {
    await bytes.close();
  }
  return found.length < wanted ? null : Buffer.concat(found);
}

function takeLines(window: LineWindow, found: Buffer[], wanted: number): void {
  while (window.at < window.linesEnd && found.length < wanted) {
    const end = endOfLine(window);
    const line = lineUpTo(window, end);
    if (!isBlank(line, 0, line.length)) found.push(Buffer.concat([line, lineBreak]));
    window.at = end + 1;
  }
}
