import type { Fault } from '../../scan/tick-judge.ts';
import type { TickColumns } from '../../tick-columns.ts';
import type { NoRoom } from './decoder.ts';

/** Where the records of one message go. */
export interface MessageRows {
  readonly columns: TickColumns;
  /** One row for those that `columns` have no room for, one over the other: they are judged and counted. */
  readonly spare: TickColumns;
  /** Whether the message is a list, so that a fault says which of its ticks it is of. */
  readonly isList: boolean;
}

/**
 * Reads every record of a message into a row of its own, or none: `judge` writes row `into.length` or says what is
 * wrong with a record. Room is asked for only where every record is a tick: a list of nothing must not make anybody
 * take memory.
 */
export function readAll<T>(
  records: Iterable<T>, { columns, spare, isList }: MessageRows, judge: (record: T, into: TickColumns) => Fault | null,
): Fault | NoRoom | null {
  const { length, inexactCount, capacity } = columns;
  let ticks = 0;
  let fault: Fault | null = null;
  for (const record of records) {
    const into = columns.length < capacity ? columns : spare;
    fault = judge(record, into);
    if (fault !== null) break;
    if (into === columns) columns.length++;
    ticks++;
  }
  if (fault === null && length + ticks <= capacity) return null;
  columns.length = length;
  columns.inexactCount = inexactCount;
  if (fault === null) return { rowsNeeded: ticks };
  return isList ? { ...fault, message: `tick ${ticks + 1} of its list: ${fault.message}` } : fault;
}
