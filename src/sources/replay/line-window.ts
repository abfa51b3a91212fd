import { rejectBytesMax } from '../../model/tick-batch.ts';
import { lineFeed } from '../scan/record-scanner.ts';
import type { ByteSource } from './byte-source.ts';

/** A longer line is refused: a tick takes some 100 bytes. As much as a dead letter keeps. */
export const lineBytesMax = rejectBytesMax;
/** Some 20,000 records a read: its cost does not show, and it fits the second-level cache. */
const readBytes = 1_048_576;

/**
 * The stretch of a file that is in memory. `bytes[at .. linesEnd)` are complete lines, each with its line
 * feed; what follows, up to `end`, waits for its own. Memory is bounded whatever the file holds.
 */
export class LineWindow {
  readonly bytes = Buffer.allocUnsafeSlow(readBytes + lineBytesMax + 2);
  /** The next line. Its reader moves it on. */
  at = 0;
  linesEnd = 0;
  #end = 0;
  /** The rest of a line that was too long, up to its line feed, is passed over. */
  #isPassing = false;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Reads on until there is a complete line, once all were taken. `lines`: there is. `too-long`: the next
   * line, of which the beginning is at `at`, is longer than `lineBytesMax`; call `passLine`. `end`: nothing
   * is left.
   */
  async refill(): Promise<'lines' | 'too-long' | 'end'> {
    while (this.at === this.linesEnd) {
      if (this.#end - this.at > lineBytesMax) return 'too-long';
      this.bytes.copyWithin(0, this.at, this.#end);
      this.#end -= this.at;
      this.at = 0;
      this.linesEnd = 0;
      const count = await this.#source.read(this.bytes.subarray(0, this.bytes.length - 1), this.#end);
      if (count === 0 && !this.#endLastLine()) return 'end';
      this.#end += count;
      if (this.#isPassing) this.#passOn();
      this.linesEnd = this.bytes.subarray(0, this.#end).lastIndexOf(lineFeed) + 1;
      if (this.linesEnd < this.at) this.linesEnd = this.at;
    }
    return 'lines';
  }

  /** Passes over the line at `at`, which is too long, as its line feed comes. */
  passLine(): void {
    this.#isPassing = true;
    this.at = this.#end;
    this.linesEnd = this.#end;
  }

  /** Looks for the line feed of the line that is passed over. */
  #passOn(): void {
    const found = this.bytes.subarray(0, this.#end).indexOf(lineFeed);
    this.#isPassing = found < 0;
    this.at = found < 0 ? this.#end : found + 1;
  }

  /** A last line without a line feed is complete where nothing can follow. Returns whether there was one. */
  #endLastLine(): boolean {
    if (this.#end === 0 || this.#source.isGrowing) return false;
    this.bytes[this.#end++] = lineFeed;
    return true;
  }
}
