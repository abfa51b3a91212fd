import { useSyncExternalStore } from 'react';

/*
 * The address of the page is where somebody is: a tab, and what the tab shows. /trading/binance/XRPETH/1m is a link that
 * can be sent to somebody. All addresses are below `rootPath`, wherever a proxy has put it.
 */

export const tabNames = ['dashboard', 'trading', 'portfolio', 'alerts', 'history', 'volume', 'pipeline'] as const;
export type TabName = (typeof tabNames)[number];

export interface Place {
  readonly tab: TabName;
  /** What stands behind the tab, decoded: `['binance', 'XRPETH', '1m']`. */
  readonly rest: readonly string[];
  /** Without the question mark. */
  readonly query: string;
}

/** Where the page is served from, as a URL that ends with a slash. */
export const rootUrl = new URL(rootText(), location.href);

function rootText(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=mdp-root]')?.content ?? './';
}

/** The address of a place, for a link. */
export function addressOf(tab: TabName, rest: readonly string[] = [], query = ''): string {
  const parts = [...(tab === 'dashboard' && rest.length === 0 ? [] : [tab]), ...rest.map(encodeURIComponent)];
  return `${rootUrl.pathname}${parts.join('/')}${query === '' ? '' : `?${query}`}`;
}

function placeAt(pathname: string, search: string): Place {
  const [first = '', ...rest] = pathname.slice(rootUrl.pathname.length).split('/').filter((part) => part !== '');
  const tab = tabNames.find((name) => name === first) ?? 'dashboard';
  return { tab, rest: rest.map(decoded), query: search.slice(1) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const listeners = new Set<() => void>();
let here = placeAt(location.pathname, location.search);

function arrive(): void {
  here = placeAt(location.pathname, location.search);
  for (const listener of listeners) listener();
}

addEventListener('popstate', arrive);

/** `replace`: the back button does not come here again. */
export function goTo(address: string, how: 'push' | 'replace' = 'push'): void {
  if (address === location.pathname + location.search) return;
  if (how === 'push') history.pushState(null, '', address);
  else history.replaceState(null, '', address);
  arrive();
}

export function usePlace(): Place {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => here);
}

/** A link within the page: a plain click goes there without loading anything, any other click is the browser's. */
export function follow(event: { readonly currentTarget: HTMLAnchorElement } & React.MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  goTo(event.currentTarget.pathname + event.currentTarget.search);
}
