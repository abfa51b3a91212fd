import { open } from 'node:fs/promises';
import { MdpError, messageOf } from '../../errors.ts';
import type { Lane } from '../../model/lane.ts';
import type { TickBatch } from '../../model/tick-batch.ts';
import type { FoundRecord, LogEnd, RecordPlace } from '../log-end.ts';
import { lineFeed } from '../scan/record-scanner.ts';
import { fieldNames } from '../scan/tick-fields.ts';
import type { SourceContext } from '../settings.ts';
import type { ByteSource } from './byte-source.ts';
import { linesOf, type FileLines } from './file-lines.ts';
import { LineWindow } from './line-window.ts';
import { findLogFiles, type LogFile } from './log-files.ts';
import { logIdentity } from './log-identity.ts';
import { fromStart } from './last-record.ts';
import { createRecordReader, openBytes } from './open-reading.ts';
import type { ReplayValues } from './settings.ts';

/**
 * The end of the files of a replay source. Throws an MdpError `dead-letter-refused` where nothing may be appended,
 * `source-unreadable` where a file is missing.
 */
export async function openReplayLogEnd(context: SourceContext<ReplayValues>): Promise<LogEnd> {
  const { name, values } = context;
  if (values.complete) throw refused(name, 'is complete: its end is declared final, and appending would change the log');
  const { format, follow } = values;
  const files = await findLogFiles({ source: name, files: values.files, format, follow });
  const last = files.at(-1)!;
  if (last.compression !== 'none') {
    throw refused(name, `ends in ${last.path}, which is compressed: nothing is appended to such a file. Put the ` +
      'corrected records into a new, plain file behind it, and name that in files');
  }
  const identity = await logIdentity(files, openBytes, values.complete);
  const { header } = await linesOf(last, new Set());
  if (last.format === 'csv' && header === null) throw refused(name, `ends in ${last.path}, which has no header yet`);
  return new ReplayLogEnd({ context, files, last, identity, header });
}

interface Parts {
  readonly context: SourceContext<ReplayValues>;
  readonly files: readonly LogFile[];
  readonly last: LogFile;
  readonly identity: string;
  /** Of the last file; null where its format has none. */
  readonly header: Buffer | null;
}

class ReplayLogEnd implements LogEnd {
  readonly identity: string;
  readonly isOfLines = true;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.identity = parts.identity;
    this.#parts = parts;
  }

  /** Reads each file that is asked about once, up to the last line that is wanted of it. */
  async find(wanted: readonly RecordPlace[]): Promise<ReadonlyMap<string, FoundRecord>> {
    const found = new Map<string, FoundRecord>();
    for (const file of this.#parts.files) {
      const beginning = `${file.path}:`;
      const places = wanted.map(({ place }) => place).filter((place) => place.startsWith(beginning));
      const numbers = new Set(places.map((place) => Number(place.slice(beginning.length))));
      if (numbers.size === 0) continue;
      const read = await linesOf(file, numbers);
      for (const [line, bytes] of read.lines) found.set(`${beginning}${line}`, { bytes, unfit: this.#unfit(file, read) });
    }
    return found;
  }

  async judge(record: Uint8Array): Promise<TickBatch | null> {
    const { context, last, header } = this.#parts;
    const { name, values } = context;
    const reader = createRecordReader(context, fieldNames(name, values.fields, values.event_time_unit), fromStart);
    const text = Buffer.concat(header === null ? [record] : [header, lineBreak, record]);
    reader.beginFile(last);
    const window = new LineWindow(new MemoryBytes(text));
    for (let state = await window.refill(); state !== 'end'; state = await window.refill()) {
      if (state === 'too-long') reader.refuseLongLine(window);
      else reader.read(window);
    }
    return reader.takeBatch(laneOf(name), context.clock());
  }

  /** One write in append mode, so that it goes behind whatever others append at the same time; then to the disk. */
  async append(record: Uint8Array): Promise<string> {
    const { context: { name, values }, last: { path } } = this.#parts;
    try {
      const file = await open(path, 'a+');
      try {
        const { size } = await file.stat();
        const isTorn = size > 0 && (await byteAt(file, size - 1)) !== lineFeed;
        if (isTorn && values.follow) {
          throw refused(name, `ends in ${path}, whose last line has no line feed yet: somebody is writing it`);
        }
        const bytes = Buffer.concat(isTorn ? [lineBreak, record, lineBreak] : [record, lineBreak]);
        const { bytesWritten } = await file.write(bytes);
        await file.sync();
        if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
        return `${path}, byte ${size + (isTorn ? 1 : 0)}`;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof MdpError) throw error;
      const message = `Source "${name}": appending to ${path} failed: ${messageOf(error)}. The letter stays.`;
      throw new MdpError('source-failed', message, error);
    }
  }

  async close(): Promise<void> {}

  /** A record means what the header of its own file says. */
  #unfit(file: LogFile, { header }: FileLines): string | null {
    const { last } = this.#parts;
    const isAlike = file.format === last.format && (header ?? none).equals(this.#parts.header ?? none);
    return isAlike ? null : `it stands in ${file.path}, whose columns are not those of ${last.path}, where the log ends`;
  }
}

const lineBreak = Buffer.from('\n');
const none = Buffer.alloc(0);

function refused(source: string, problem: string): MdpError {
  return new MdpError('dead-letter-refused', `Source "${source}" ${problem}. The letters stay.`);
}

/** Ticks of a record that is only looked at belong to no lane. */
function laneOf(source: string): Lane {
  return { name: source, source, generation: 0, pausable: true, complete: false, fromPosition: 0, storedUntilMs: Infinity };
}

async function byteAt(file: Awaited<ReturnType<typeof open>>, position: number): Promise<number | undefined> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  return buffer[0];
}

/** A text as if it were a file. */
class MemoryBytes implements ByteSource {
  readonly isGrowing = false;
  readonly fileBytesRead = 0;
  #rest: Buffer;

  constructor(text: Buffer) {
    this.#rest = text;
  }

  async read(target: Buffer, offset: number): Promise<number> {
    const count = this.#rest.copy(target, offset);
    this.#rest = this.#rest.subarray(count);
    return count;
  }

  async close(): Promise<void> {}
}
