const names = ['venue', 'symbol', 'eventTimeMs', 'price', 'size', 'side', 'tradeId'];

/**
 * Whether the bytes of a letter are the values that were read from a record, and not the record: a tick that was read and
 * then refused is kept by its values, as operators/tick-letters.ts writes them.
 */
export function isReadTick(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith(`{"${names[0]}":`)) return false;
  try {
    const keys = Object.keys(JSON.parse(text) as object);
    return names.every((name, index) => keys[index] === name);
  } catch {
    return false;
  }
}
