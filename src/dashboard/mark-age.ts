import { useEverySecond } from './ticker.ts';

/** `fresh` is of now; `aging` fades; a `stale` one is worth a look; `none` where there is no price. */
export type MarkAge = 'fresh' | 'aging' | 'stale' | 'none';

const agingMs = 5_000;
const staleMs = 60_000;

export function markAgeOf(ageMs: number): MarkAge {
  if (ageMs < agingMs) return 'fresh';
  return ageMs < staleMs ? 'aging' : 'stale';
}

/** How old a price is that came at this time, looked at once a second. */
export function useMarkAge(atMs: number | undefined): MarkAge {
  return useEverySecond((nowMs) => (atMs === undefined ? 'none' : markAgeOf(nowMs - atMs)));
}
