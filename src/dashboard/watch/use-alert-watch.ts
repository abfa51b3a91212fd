import { useEffect, useSyncExternalStore } from 'react';
import type { Channel } from '../../model/stream.ts';
import type { Api } from '../api.ts';
import { useAsked } from '../asked.ts';
import { useSetBadge } from '../badges.ts';
import { addressOf, goTo } from '../places.ts';
import { useChannels, useSession } from '../session.tsx';
import { alertsKey } from '../stream-keys.ts';
import { alertHistory, listRules } from './alert-api.ts';
import { call } from './alert-call.ts';
import { AlertNews } from './alert-news.ts';
import type { SeenStore, Turn } from './alert-news.ts';

const storageKey = 'mdp-alerts-seen';
const channels: readonly Channel[] = [{ channel: 'alerts' }];
/** As many as the snapshot of the stream holds. */
const historyLimit = 100;

const seenStore: SeenStore = {
  read: () => {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? 'null');
      return Array.isArray(kept) ? kept.map(String) : null;
    } catch {
      return null;
    }
  },
  write: (keys) => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(keys));
    } catch {
      // Then the badge comes back when the page is loaded again.
    }
  },
};

let sessionApi: Api | null = null;
const news = new AlertNews(seenStore, (turns) => { void callUnlessMuted(turns); });

/** Rules that are muted call nobody; whether one is is asked at the moment, for somebody may have muted it elsewhere. */
async function callUnlessMuted(turns: readonly Turn[]): Promise<void> {
  const rules = sessionApi === null ? [] : await listRules(sessionApi).catch(() => []);
  const muted = new Set(rules.filter((rule) => rule.muted).map(({ id }) => id));
  call(turns.filter(({ rule_id: rule }) => !muted.has(rule)), () => goTo(addressOf('alerts')));
}

/** Watches alerts whatever tab is shown: the badge, and the calls that were switched on. One part of the page uses it. */
export function useAlertWatch(): void {
  const { api, live } = useSession();
  useChannels(channels);
  const { answer } = useAsked('alert-news', async (signal) => alertHistory(api, { limit: historyLimit }, signal));
  useEffect(() => { sessionApi = api; }, [api]);
  useEffect(() => live.listen(alertsKey, (turns) => news.hear(turns)), [live]);
  useEffect(() => { if (answer !== null) news.takeHistory(answer.alerts.toReversed()); }, [answer]);
  const count = useUnseenAlerts().length;
  useSetBadge('alerts', { count, words: count === 1 ? 'new alert' : 'new alerts', weight: 'look' });
}

/** What nobody has looked at yet, oldest first. */
export function useUnseenAlerts(): readonly Turn[] {
  return useSyncExternalStore(news.listen, () => news.unseen);
}

export function seeAllAlerts(): void {
  news.seeAll();
}
