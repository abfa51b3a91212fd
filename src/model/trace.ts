/**
 * A span, as others refer to it: ids of W3C Trace Context, 32 and 16 hexadecimal digits. Whoever carries one knows nothing
 * else of tracing; where nobody traces there is none.
 * Format: https://www.w3.org/TR/trace-context/#trace-id
 */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

/** Rows remember so many spans that they come from: as many links as a span may have by the standard of OpenTelemetry. */
export const spanRefsMax = 128;

/** Of several lists of spans one, without what is there twice; absent where all are. */
export function joinSpanRefs(lists: readonly (readonly SpanRef[] | undefined)[]): readonly SpanRef[] | undefined {
  const known = lists.filter((list) => list !== undefined);
  if (known.length < 2) return known[0];
  return [...new Set(known.flat())].slice(0, spanRefsMax);
}
