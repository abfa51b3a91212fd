import { MdpError } from '../../errors.ts';
import type { Lane } from '../../model/lane.ts';
import { rejectBytesMax, rejectedBytesMax, type TickBatch } from '../../model/tick-batch.ts';
import { JsonScanner } from '../scan/json.ts';
import type { RecordScanner } from '../scan/record-scanner.ts';
import type { Fault, RecordRules } from '../scan/tick-judge.ts';
import { ColumnPool, type IdKind, type TickColumns } from '../tick-columns.ts';
import type { LogFile } from './log-files.ts';
import { scannerOfHeader } from './header-scanner.ts';
import { checkLastRecord, recordBytes, type ReadingStart } from './last-record.ts';
import { endOfLine, isBlank, lineFrom, lineUpTo, passByteOrderMark } from './lines.ts';
import { lineBytesMax, type LineWindow } from './line-window.ts';
import { placeAt, type PlaceMark } from './record-places.ts';

/** Where the first records all have their time in another unit than declared, so many are enough to stop. */
const foreignTimesMax = 10;

export interface ReadingRules {
  readonly source: string;
  readonly records: RecordRules;
  readonly ids: IdKind;
  readonly batchTicks: number;
  readonly batchSpanMs: number;
}

/**
 * Turns lines into batches. Counts records over all files of the log: every line that is neither blank nor
 * the header of its CSV file is one, whether a tick can be read from it or not; the first has position 0.
 */
export class RecordReader {
  /** Of the next record. */
  position = 0;
  ticks = 0;
  readonly #rules: ReadingRules;
  readonly #start: ReadingStart;
  readonly #pool: ColumnPool;
  #columns: TickColumns;
  #file: LogFile | null = null;
  #scanner: RecordScanner | null = null;
  /** Of the next line, counted from 1. */
  #line = 1;
  #cutMs = Infinity;
  /** Where lines and records of the batch run side by side, from each of these on. */
  #marks: PlaceMark[] = [];
  #rejectedBytes = 0;
  #foreignTimes = 0;
  #foreignTime = '';
  /** The record before `position`, where its bytes are known. */
  #lastRecord: Uint8Array | undefined;
  /** Where it stands in the window while lines are read. */
  #lastAt = -1;

  constructor(rules: ReadingRules, start: ReadingStart) {
    this.#rules = rules;
    this.#start = start;
    this.#pool = new ColumnPool(rules.batchTicks, rules.ids);
    this.#columns = this.#pool.take();
  }

  get place(): string {
    return `${this.#file?.path}:${this.#line}`;
  }

  beginFile(file: LogFile): void {
    this.#file = file;
    this.#line = 1;
    this.#marks.push({ position: this.position, offset: NaN, path: file.path }); // The first record makes its own.
    this.#scanner = file.format === 'ndjson' ? new JsonScanner(this.#rules.records, this.#rules.ids) : null;
  }

  /**
   * Reads complete lines until the batch is full (then it returns true) or none is left. Throws an MdpError
   * `source-malformed` where the header, the encoding or the unit of time is not what the settings say.
   */
  read(window: LineWindow): boolean {
    this.#lastAt = -1;
    const isFull = this.#readLines(window);
    if (this.#lastAt >= 0) this.#lastRecord = recordBytes(lineFrom(window, this.#lastAt));
    return isFull;
  }

  #readLines(window: LineWindow): boolean {
    if (this.#line === 1 && window.at === 0 && window.linesEnd > 0) this.#beginText(window);
    this.#scanner ??= this.#readHeader(window);
    const scanner = this.#scanner;
    if (scanner === null) return false;
    if (this.position < this.#start.position) this.#skip(window);
    const columns = this.#columns;
    while (window.at < window.linesEnd) {
      const records = columns.length + columns.rejects.length;
      if (records >= columns.capacity || this.#rejectedBytes > rejectedBytesMax) return true;
      const next = scanner.scan(window.bytes, window.at, columns);
      const isPlain = next >= 0 && next - window.at <= lineBytesMax + 1;
      if (!(isPlain ? this.#accept(window, next) : this.#judge(window, scanner))) return true;
    }
    return false;
  }

  /** The line at `window.at` is too long to be held. */
  refuseLongLine(window: LineWindow): void {
    if (this.#scanner === null) throw this.#malformed(longHeader);
    const beginning = window.bytes.subarray(window.at, window.at + rejectBytesMax);
    if (this.position < this.#start.position) this.#skipRecord(beginning);
    else {
      this.#reject(beginning, tooLong);
      this.#lastRecord = recordBytes(beginning);
    }
    window.passLine();
    this.#line++;
  }

  #mark(offset: number): void {
    this.#marks.push({ position: this.position, offset, path: this.#file?.path ?? '' });
  }

  /** What was read since the last call; null when that is nothing. */
  takeBatch(lane: Lane, receivedTimeMs: number): TickBatch | null {
    const marks = this.#marks;
    const placeOf = (position: number): string => placeAt(marks, position);
    const end = {
      lane, receivedTimeMs, nextPosition: this.position, atLogEnd: false, placeOf, lastRecord: this.#lastRecord,
    };
    const batch = this.#columns.finish(end);
    if (batch === null) return null;
    this.#columns = this.#pool.take();
    this.#cutMs = Infinity;
    this.#marks = [];
    this.#rejectedBytes = 0;
    return batch;
  }

  /**
   * The log is over. Throws where not one record had its time in the declared unit, or where records are
   * missing.
   */
  checkEnd(): void {
    if (this.ticks === 0 && this.#foreignTimes > 0) throw this.#foreignUnit();
    if (this.position >= this.#start.position) return;
    throw new MdpError(
      'source-failed',
      `Source "${this.#rules.source}" has only ${this.position} records, but ${this.#start.position} were ` +
        'read from it before: records were taken away. Rebuild from what is left, or bring the files back.',
    );
  }

  /** Takes row `length` of the columns, unless it lies too far behind the first: then the batch is full. */
  #accept(window: LineWindow, next: number): boolean {
    const columns = this.#columns;
    const row = columns.length;
    const timeMs = columns.eventTimeMs[row];
    if (row === 0) this.#cutMs = timeMs + this.#rules.batchSpanMs;
    else if (timeMs >= this.#cutMs) return false;
    const offset = this.#line - this.position;
    if (offset !== this.#marks.at(-1)?.offset || row === 0) this.#mark(offset);
    columns.position[row] = this.position++;
    columns.length = row + 1;
    this.#lastAt = window.at;
    window.at = next;
    this.#line++;
    this.ticks++;
    return true;
  }

  /**
   * The slow way for a line that the scanner left alone. Returns false where the batch is full without it.
   */
  #judge(window: LineWindow, scanner: RecordScanner): boolean {
    const end = endOfLine(window);
    const line = lineUpTo(window, end);
    if (!isBlank(line, 0, line.length)) {
      const inexactBefore = this.#columns.inexactCount;
      const fault = end - window.at > lineBytesMax ? tooLong : scanner.judge(line, this.#columns);
      if (fault === null) {
        const fits = this.#accept(window, end + 1);
        if (!fits) this.#columns.inexactCount = inexactBefore; // It is judged again for the next batch.
        return fits;
      }
      this.#reject(line, fault);
      this.#lastAt = window.at;
    }
    window.at = end + 1;
    this.#line++;
    return true;
  }

  #reject(line: Buffer, fault: Fault): void {
    const bytes = new Uint8Array(line.subarray(0, rejectBytesMax)); // A copy: the window moves on.
    this.#rejectedBytes += bytes.length;
    this.#columns.rejects.push({
      position: this.position++, reason: fault.reason, message: fault.message, place: this.place, bytes,
    });
    if (fault.looksLike === undefined || this.ticks > 0 || this.#start.position > 0) return;
    this.#foreignTime ||= `${this.place}: ${fault.message}`;
    if (++this.#foreignTimes === foreignTimesMax) throw this.#foreignUnit();
  }

  /** Goes on to the position at which reading begins. */
  #skip(window: LineWindow): void {
    while (this.position < this.#start.position && window.at < window.linesEnd) {
      const end = endOfLine(window);
      if (!isBlank(window.bytes, window.at, end)) this.#skipRecord(lineUpTo(window, end));
      window.at = end + 1;
      this.#line++;
    }
  }

  /** The last one before the start says whether the log is still the same. */
  #skipRecord(line: Uint8Array): void {
    this.position++;
    if (this.position < this.#start.position) return;
    checkLastRecord(line, this.#start, { source: this.#rules.source, place: this.place });
    this.#lastRecord = recordBytes(line);
  }

  #beginText(window: LineWindow): void {
    const problem = passByteOrderMark(window);
    if (problem !== null) throw this.#malformed(problem);
  }

  /** The scanner for the columns of the first line that is not blank; null while there is none. */
  #readHeader(window: LineWindow): RecordScanner | null {
    while (window.at < window.linesEnd) {
      const end = endOfLine(window);
      const header = lineUpTo(window, end).toString();
      const isHeader = !isBlank(window.bytes, window.at, end);
      if (end - window.at > lineBytesMax) throw this.#malformed(longHeader);
      window.at = end + 1;
      this.#line++;
      if (!isHeader) continue;
      const scanner = scannerOfHeader(header, this.#rules.ids, this.#rules.records);
      if (typeof scanner === 'string') throw this.#malformed(scanner);
      return scanner;
    }
    return null;
  }

  #malformed(problem: string): MdpError {
    return new MdpError('source-malformed', `Source "${this.#rules.source}", ${this.#file?.path}: ${problem}`);
  }

  #foreignUnit(): MdpError {
    return new MdpError('source-malformed',
      `Source "${this.#rules.source}", ${this.#foreignTime}. No record has a time in the declared unit.`);
  }
}

const tooLong: Fault = { reason: 'too-long', message: `the line is longer than ${lineBytesMax} bytes` };
const longHeader = `the header is longer than ${lineBytesMax} bytes`;
