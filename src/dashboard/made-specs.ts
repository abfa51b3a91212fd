import { inOrder, specLengthMs } from './bars.ts';

/* Bars of a length that nobody stores are made by the server, of stored ones whose boundaries are among theirs. */

const usualSpecs = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'];

/** Counted from midnight in UTC: of such a length another one is a multiple, or it is not made of it. */
const plain = /^\d+[smhd]$/;

/** Length of the windows of a plain spec, ms; null for one with a zone or an origin, of weeks, or cut by what is traded. */
export function plainLengthMs(spec: string): number | null {
  return plain.test(spec) ? specLengthMs(spec) : null;
}

/** The stored spec that bars of a plain one are made of: the longest that divides it. Null: it is stored, or there is none. */
export function sourceOf(spec: string, stored: readonly string[]): string | null {
  const lengthMs = plainLengthMs(spec);
  if (lengthMs === null || stored.includes(spec)) return null;
  const divides = (one: string): boolean => {
    const partMs = plainLengthMs(one);
    return partMs !== null && partMs < lengthMs && lengthMs % partMs === 0;
  };
  return inOrder(stored.filter(divides)).at(-1) ?? null;
}

/** What can be chosen, shortest first: what is stored, and of the usual lengths those that can be made of it. */
export function offeredSpecs(stored: readonly string[]): readonly string[] {
  const made = usualSpecs.filter((spec) => sourceOf(spec, stored) !== null);
  return inOrder([...new Set([...stored, ...made])]);
}
