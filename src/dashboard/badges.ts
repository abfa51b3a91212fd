import { useEffect, useSyncExternalStore } from 'react';
import type { TabName } from './places.ts';

/* Counts beside the names of the tabs: new alerts, positions. A tab sets its own; so may a part that is always there. */

export interface Badge {
  readonly count: number;
  /** For those who cannot see where it stands: `3 new alerts`. */
  readonly words: string;
  /** `look` is amber; what is only a number is grey. */
  readonly weight: 'number' | 'look';
}

const listeners = new Set<() => void>();
let badges: ReadonlyMap<TabName, Badge> = new Map();

/** Null takes it away; so does a count of 0. */
export function setBadge(tab: TabName, badge: Badge | null): void {
  const changed = new Map(badges);
  if (badge === null || badge.count === 0) changed.delete(tab);
  else changed.set(tab, badge);
  badges = changed;
  for (const listener of listeners) listener();
}

/** Sets the badge of a tab whenever it changes; it stays when the part that set it is gone. */
export function useSetBadge(tab: TabName, { count, words, weight }: Badge): void {
  useEffect(() => setBadge(tab, { count, words, weight }), [tab, count, words, weight]);
}

export function useBadges(): ReadonlyMap<TabName, Badge> {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => badges);
}
