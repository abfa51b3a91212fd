import type { SourceContext } from '../settings.ts';
import { InstrumentFinder } from '../scan/instrument-finder.ts';
import type { FieldNames } from '../scan/tick-fields.ts';
import { FileBytes, type ByteSource } from './byte-source.ts';
import { CompressedBytes } from './compressed-bytes.ts';
import type { LogFile } from './log-files.ts';
import type { ReadingStart } from './last-record.ts';
import { RecordReader } from './record-reader.ts';
import type { ReplayValues } from './settings.ts';

/** The bytes of a file, decompressed. */
export function openBytes(file: LogFile): Promise<ByteSource> {
  if (file.compression === 'none') return FileBytes.open(file.path);
  return CompressedBytes.open(file.path, file.compression);
}

/** What turns the lines of a log into batches, as the settings say; `names` are those of its columns. */
export function createRecordReader(
  context: SourceContext<ReplayValues>, names: FieldNames, start: ReadingStart,
): RecordReader {
  const { name, values, instruments, batchSpanMs } = context;
  const finder = new InstrumentFinder(instruments, { venue: values.venue, symbol: values.symbol });
  const hasDefaultSymbol = values.symbol !== null;
  const records = { names, unit: values.event_time_unit, finder, hasDefaultSymbol };
  const rules = { source: name, records, ids: values.ids, batchTicks: values.batch_ticks, batchSpanMs };
  return new RecordReader(rules, start);
}
