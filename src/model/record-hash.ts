import { createHash } from 'node:crypto';

/** What `Checkpoint.lastRecordHash` holds: SHA-256, in hex. */
export function hashOfRecord(record: Uint8Array): string {
  return createHash('sha256').update(record).digest('hex');
}
