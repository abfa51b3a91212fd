const names = ['venue', 'symbol', 'eventTimeMs', 'price', 'size', 'side', 'tradeId'];

/** What a letter keeps of a tick beside its values. */
export interface ReadTick {
  /** Of the record that carried it, ms since 1970 UTC; null where its log knows no such times. */
  readonly logTimeMs: number | null;
}

/**
 * Null where the bytes of a letter are a record; else they are the values that were read from one: a tick that was read and
 * then refused is kept by its values, as operators/tick-letters.ts writes them.
 */
export function readTick(bytes: Uint8Array): ReadTick | null {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith(`{"${names[0]}":`)) return null;
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values !== 'object' || values === null) return null;
    const keys = Object.keys(values);
    if (!names.every((name, index) => keys[index] === name)) return null;
    return { logTimeMs: 'logTimeMs' in values && typeof values.logTimeMs === 'number' ? values.logTimeMs : null };
  } catch {
    return null;
  }
}
