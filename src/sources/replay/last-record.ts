import { MdpError } from '../../errors.ts';
import { hashOfRecord } from '../../model/record-hash.ts';
import { rejectBytesMax } from '../../model/tick-batch.ts';

/** Where reading begins, and what stood before it when that was written down. */
export interface ReadingStart {
  readonly position: number;
  /** SHA-256 of the record before `position`; null: do not ask. */
  readonly lastRecordHash: string | null;
}

/** The beginning of a log. */
export const fromStart: ReadingStart = { position: 0, lastRecordHash: null };

/** As much of a record as its hash is made of: a long one may be in memory only in part. */
export function recordBytes(line: Uint8Array): Uint8Array {
  return new Uint8Array(line.subarray(0, rejectBytesMax));
}

/** Throws an MdpError `log-changed` where the record before the start is another one than it was. */
export function checkLastRecord(
  line: Uint8Array, { position, lastRecordHash }: ReadingStart, at: { readonly source: string; readonly place: string },
): void {
  if (lastRecordHash === null || hashOfRecord(recordBytes(line)) === lastRecordHash) return;
  throw new MdpError('log-changed', `Source "${at.source}": the record before position ${position} (${at.place}) is ` +
    'another one than the one that was read there before: files were changed, not only added to. Bring the old files ' +
    `back; or run \`mdp run --rebuild ${at.source}\` to fold the log again from its beginning; or run ` +
    `\`mdp run --from-now ${at.source}\` to go on at that position, with bars that are not whole at first.`);
}
