import { endOfLine, isBlank, lineUpTo, passByteOrderMark } from './lines.ts';
import { lineBytesMax, LineWindow } from './line-window.ts';
import type { LogFile } from './log-files.ts';
import { openBytes } from './open-reading.ts';

/** Some lines of a file, without their line breaks. */
export interface FileLines {
  /** The first line of a CSV file that is not blank; null where there is none. */
  readonly header: Buffer | null;
  /** By number, counted from 1. A line that is too long to be a record is left out. */
  readonly lines: ReadonlyMap<number, Buffer>;
}

/** Reads a file up to the last of the wanted lines; at least its header. */
export async function linesOf(file: LogFile, wanted: ReadonlySet<number>): Promise<FileLines> {
  const picked = new LinePicker(file.format === 'csv', wanted);
  const bytes = await openBytes(file);
  try {
    const window = new LineWindow(bytes);
    while (!picked.isDone) {
      const found = await window.refill();
      if (found === 'end') break;
      if (found === 'lines') picked.pick(window);
      else picked.passLine(window);
    }
  } finally {
    await bytes.close();
  }
  return picked;
}

class LinePicker implements FileLines {
  header: Buffer | null = null;
  readonly lines = new Map<number, Buffer>();
  readonly #wanted: ReadonlySet<number>;
  readonly #lineMax: number;
  #needsHeader: boolean;
  /** Of the next line. */
  #line = 1;

  constructor(needsHeader: boolean, wanted: ReadonlySet<number>) {
    this.#needsHeader = needsHeader;
    this.#wanted = wanted;
    this.#lineMax = Math.max(0, ...wanted);
  }

  get isDone(): boolean {
    return !this.#needsHeader && this.#line > this.#lineMax;
  }

  pick(window: LineWindow): void {
    if (this.#line === 1) passByteOrderMark(window);
    while (window.at < window.linesEnd && !this.isDone) {
      const end = endOfLine(window);
      this.#take(lineUpTo(window, end));
      window.at = end + 1;
    }
  }

  passLine(window: LineWindow): void {
    window.passLine();
    this.#line++;
  }

  #take(line: Buffer): void {
    if (this.#needsHeader && !isBlank(line, 0, line.length)) {
      this.header = Buffer.from(line);
      this.#needsHeader = false;
    }
    if (this.#wanted.has(this.#line) && line.length <= lineBytesMax) this.lines.set(this.#line, Buffer.from(line));
    this.#line++;
  }
}
