import type { RecordHeader } from '../../kafka/record-cursor.ts';

/** A `traceparent` of version 00 has 55 characters; later versions may be longer, but begin with the same. */
const traceParentBytesMax = 256;

/**
 * What trace a message belongs to, as its producer has written it; undefined where it has not. Whether it is well formed is
 * for those who read it. Format: https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceParentOf(headers: readonly RecordHeader[]): string | undefined {
  const value = headers.find(({ key }) => key.toLowerCase() === 'traceparent')?.value ?? null;
  return value === null || value.length > traceParentBytesMax ? undefined : value.toString('latin1');
}
