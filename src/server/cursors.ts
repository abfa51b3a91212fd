import { BadRequest } from './route.ts';

/** Where a list goes on, as text that a client gives back and does not look into. */
export function cursorOf(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The instrument that a cursor stands behind; null without one. Throws a BadRequest. */
export function instrumentOf(cursor: string | undefined): { readonly venue: string; readonly symbol: string } | null {
  if (cursor === undefined) return null;
  const [venue, symbol] = keyOf(cursor);
  const isKey = typeof venue === 'string' && typeof symbol === 'string';
  if (isKey && !`${venue}${symbol}`.includes('\0')) return { venue, symbol };
  throw new BadRequest('cursor', 'cursor is not what next was.');
}

function keyOf(cursor: string): readonly unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(key) ? key : [];
  } catch {
    return [];
  }
}
