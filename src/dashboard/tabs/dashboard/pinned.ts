import { useSyncExternalStore } from 'react';

/* Instruments that somebody has pinned to the top of the list, by `instrumentId`. Kept on this machine. */

const storageKey = 'mdp-pinned';
const listeners = new Set<() => void>();
let pinned: ReadonlySet<string> = read();

function read(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return new Set(Array.isArray(kept) ? kept.map(String) : []);
  } catch {
    return new Set();
  }
}

export function togglePin(id: string): void {
  const changed = new Set(pinned);
  if (!changed.delete(id)) changed.add(id);
  pinned = changed;
  try {
    localStorage.setItem(storageKey, JSON.stringify([...changed]));
  } catch {
    // It holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

export function usePinned(): ReadonlySet<string> {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => pinned);
}
