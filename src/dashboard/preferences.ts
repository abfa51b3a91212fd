import { useSyncExternalStore } from 'react';
import type { Pair, Theme } from './colours.ts';

/** What a person has chosen on this machine. Kept in localStorage; a browser that keeps nothing has the defaults. */
export interface Preferences {
  readonly theme: Theme | 'system';
  readonly pair: Pair;
  /** `local`, or a name of the IANA time zone database; UTC is what the data is in. */
  readonly zone: string;
}

const storageKey = 'mdp-preferences';
const defaults: Preferences = { theme: 'system', pair: 'green-red', zone: 'UTC' };
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    return { ...defaults, ...(typeof parsed === 'object' ? parsed : {}) };
  } catch {
    return defaults;
  }
}

export function setPreferences(changed: Partial<Preferences>): void {
  current = { ...current, ...changed };
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // It holds until the page is closed.
  }
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

// Another window of this page has changed them.
addEventListener('storage', ({ key }) => {
  if (key !== storageKey) return;
  current = read();
  tell();
});

export function usePreferences(): Preferences {
  return useSyncExternalStore(listen, () => current);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const prefersLight = matchMedia('(prefers-color-scheme: light)');

/** The theme that is shown: what was chosen, or what the system prefers at the moment. */
export function useShownTheme(): Theme {
  const { theme } = usePreferences();
  const system = useSyncExternalStore(listenToSystem, () => (prefersLight.matches ? 'light' : 'dark'));
  return theme === 'system' ? system : theme;
}

function listenToSystem(listener: () => void): () => void {
  prefersLight.addEventListener('change', listener);
  return () => prefersLight.removeEventListener('change', listener);
}

/** For Intl: undefined is the zone of this machine. */
export function zoneName({ zone }: Preferences): string | undefined {
  return zone === 'local' ? undefined : zone;
}
