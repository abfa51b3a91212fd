import { MdpError, messageOf } from '../errors.ts';
import type { LaneStart, Resume } from '../model/lane.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { ByteSource } from './replay/byte-source.ts';
import { GrowingBytes } from './replay/growing-bytes.ts';
import { LineWindow } from './replay/line-window.ts';
import { findLogFiles, type LogFile } from './replay/log-files.ts';
import { logIdentity } from './replay/log-identity.ts';
import { createRecordReader, openBytes } from './replay/open-reading.ts';
import type { RecordReader } from './replay/record-reader.ts';
import { replaySettings, type ReplayValues } from './replay/settings.ts';
import { fieldNames, type FieldNames } from './scan/tick-fields.ts';
import { parseSpeed, type SourceContext, type SourceType } from './settings.ts';
import type { Progress, Source } from './source.ts';

/** A run over the files from one position on. */
interface Reading {
  readonly start: LaneStart;
  readonly reader: RecordReader;
  readonly drain: AbortSignal;
}

/**
 * Files of recorded trades, read one after another as one log on one lane. The position of a record is its
 * number in that log, from 0: every line is a record that is neither blank nor the header of its CSV file.
 * Only event time counts, so the lane never says that it is at the end of its log, not even while it follows
 * a growing file.
 */
export class ReplaySource implements Source {
  readonly name: string;
  readonly pausable = true;
  readonly #context: SourceContext<ReplayValues>;
  readonly #names: FieldNames;
  #bytesTotal = 0;
  #bytesDone = 0;
  #current: ByteSource | null = null;
  #ticks = 0;

  /** Throws an MdpError `config-invalid` where the settings make no sense together. */
  constructor(context: SourceContext<ReplayValues>) {
    const { name, values } = context;
    this.name = name;
    this.#context = context;
    this.#names = fieldNames(name, values.fields, values.event_time_unit);
    parseSpeed(name, values.speed);
    if (values.files.length > 0) return;
    throw new MdpError('config-invalid', `Source "${name}": files is empty; name at least one file.`);
  }

  async *read(resume: Resume, drain: AbortSignal): AsyncGenerator<TickBatch, void> {
    const { values } = this.#context;
    const { format, follow } = values;
    const files = await findLogFiles({ source: this.name, files: values.files, format, follow });
    this.#bytesTotal = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#bytesDone = 0;
    const identity = await logIdentity(files, openBytes, values.complete);
    const start = await resume.take({ logIdentity: identity, repeatable: true });
    const reading = { start, drain, reader: createRecordReader(this.#context, this.#names, start) };
    for (const file of files) yield* this.#readFile(file, values.follow && file === files.at(-1), reading);
    yield* this.#takeBatch(reading);
    if (!drain.aborted) reading.reader.checkEnd();
  }

  progress(): Progress {
    const read = this.#bytesDone + (this.#current?.fileBytesRead ?? 0);
    const isKnown = !this.#context.values.follow && this.#bytesTotal > 0;
    return { share: isKnown ? Math.min(1, read / this.#bytesTotal) : null, ticks: this.#ticks };
  }

  async *#readFile(file: LogFile, isGrowing: boolean, reading: Reading): AsyncGenerator<TickBatch, void> {
    const { reader, drain } = reading;
    if (drain.aborted) return;
    reader.beginFile(file);
    try {
      this.#current = isGrowing ? await GrowingBytes.open(file.path, drain) : await openBytes(file);
      yield* this.#readLines(new LineWindow(this.#current), reading);
    } catch (error) {
      yield* this.#takeBatch(reading); // What could be read counts.
      throw error instanceof MdpError ? error : this.#failure(reader, error);
    } finally {
      await this.#current?.close();
      this.#bytesDone += file.bytes;
      this.#current = null;
    }
  }

  async *#readLines(window: LineWindow, reading: Reading): AsyncGenerator<TickBatch, void> {
    const { reader, drain } = reading;
    while (!drain.aborted) {
      if (reader.read(window)) {
        yield* this.#takeBatch(reading);
        continue;
      }
      const isGrowing = this.#current?.isGrowing === true;
      if (isGrowing) yield* this.#takeBatch(reading); // The next line may be a day away.
      const found = await window.refill();
      if (found === 'too-long') reader.refuseLongLine(window);
      else if (found === 'end') return;
    }
  }

  *#takeBatch({ reader, start }: Reading): Generator<TickBatch, void> {
    const batch = reader.takeBatch(start.lane, this.#context.clock());
    if (batch === null) return;
    this.#ticks += batch.length;
    yield batch;
  }

  #failure(reader: RecordReader, error: unknown): MdpError {
    return new MdpError(
      'source-failed',
      `Source "${this.name}" cannot read on at ${reader.place}, after ${reader.position} records: ` +
        `${messageOf(error)}. What came before it was read.`,
      error,
    );
  }
}

export const replaySource: SourceType<typeof replaySettings> = {
  settings: replaySettings,
  create: (context) => new ReplaySource(context),
};
