import type { Fault } from '../../scan/tick-judge.ts';
import type { TickColumns } from '../../tick-columns.ts';
import type { NoRoom } from './decoder.ts';

/**
 * Reads every record of a message into a row of its own, or none: `judge` writes row `columns.length` or says what
 * is wrong with a record.
 */
export function readAll<T>(
  records: readonly T[], columns: TickColumns, judge: (record: T) => Fault | null,
): Fault | NoRoom | null {
  if (records.length > columns.capacity - columns.length) return { rowsNeeded: records.length };
  const { length, inexactCount } = columns;
  for (const [index, record] of records.entries()) {
    const fault = judge(record);
    if (fault === null) {
      columns.length++;
      continue;
    }
    columns.length = length;
    columns.inexactCount = inexactCount;
    return records.length === 1 ? fault : { ...fault, message: `tick ${index + 1} of ${records.length}: ${fault.message}` };
  }
  return null;
}
