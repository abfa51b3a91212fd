import { lazy } from 'react';
import type { ComponentType } from 'react';
import type { TabName } from '../places.ts';

/* One lazily loaded file a tab. A link that is about to be clicked loads it already. */

const loaders: Readonly<Record<TabName, () => Promise<{ readonly Tab: ComponentType }>>> = {
  dashboard: () => import('../tabs/dashboard/tab.tsx'),
  trading: () => import('../tabs/trading/tab.tsx'),
  portfolio: () => import('../tabs/portfolio/tab.tsx'),
  alerts: () => import('../tabs/alerts/tab.tsx'),
  history: () => import('../tabs/history/tab.tsx'),
  volume: () => import('../tabs/volume/tab.tsx'),
  pipeline: () => import('../tabs/pipeline/tab.tsx'),
};

export const tabTitles: Readonly<Record<TabName, string>> = {
  dashboard: 'Dashboard', trading: 'Trading', portfolio: 'Portfolio', alerts: 'Alerts', history: 'History', volume: 'Volume',
  pipeline: 'Pipeline',
};

export function preload(tab: TabName): void {
  loaders[tab]().catch(() => {
    // Who goes there is told.
  });
}

function loaded(tab: TabName) {
  return lazy(async () => ({ default: (await loaders[tab]()).Tab }));
}

export const tabParts: Readonly<Record<TabName, ComponentType>> = {
  dashboard: loaded('dashboard'), trading: loaded('trading'), portfolio: loaded('portfolio'), alerts: loaded('alerts'),
  history: loaded('history'), volume: loaded('volume'), pipeline: loaded('pipeline'),
};
