import { useBadges } from '../badges.ts';
import { addressOf, follow, tabNames, usePlace } from '../places.ts';
import { tabIcons } from './icons.tsx';
import { preload, tabTitles } from './tabs.tsx';

/** In the top bar on a desktop, at the lower edge of a phone, where thumbs are. */
export function TabBar() {
  const { tab: shown } = usePlace();
  const badges = useBadges();
  return (
    <nav className="tab-bar" aria-label="Tabs">
      {tabNames.map((tab, index) => {
        const Icon = tabIcons[tab];
        const badge = badges.get(tab);
        return (
          <a
            key={tab} href={addressOf(tab)} onClick={follow} onPointerEnter={() => preload(tab)} onFocus={() => preload(tab)}
            aria-current={tab === shown ? 'page' : undefined} aria-keyshortcuts={String(index + 1)}
          >
            <Icon fontSize="inherit" className="tab-icon" />
            <span className="tab-title">{tabTitles[tab]}</span>
            {badge === undefined ? null : (
              <span className={`tab-badge ${badge.weight}`} title={badge.words}>
                {badge.count > 99 ? '99+' : badge.count}<span className="unseen"> {badge.words}</span>
              </span>
            )}
          </a>
        );
      })}
    </nav>
  );
}
