import { useSyncExternalStore } from 'react';
import { chosenAtFirst } from './indicator-lines.ts';

/* Which indicators are drawn, by name. Kept on this machine. */

const storageKey = 'mdp-indicators';
const listeners = new Set<() => void>();
let chosen: readonly string[] = read();

function read(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? 'null');
    return Array.isArray(kept) ? kept.map(String) : chosenAtFirst;
  } catch {
    return chosenAtFirst;
  }
}

export function toggleIndicator(name: string): void {
  chosen = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
  try {
    localStorage.setItem(storageKey, JSON.stringify(chosen));
  } catch {
    // It holds until the page is closed.
  }
  for (const listener of listeners) listener();
}

export function useChosen(): readonly string[] {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => chosen);
}
