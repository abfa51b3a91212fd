import { Suspense, useEffect, useState } from 'react';
import { useKeys } from '../keys.ts';
import { addressOf, goTo, tabNames, usePlace } from '../places.ts';
import { useKeyWanted } from '../session.tsx';
import { Watchers } from '../watch/watchers.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { SymbolSearch } from './symbol-search.tsx';
import { TabBar } from './tab-bar.tsx';
import { tabParts, tabTitles } from './tabs.tsx';
import { TabSkeleton } from './tab-skeleton.tsx';
import { TopBar } from './top-bar.tsx';

const bindings = [
  { key: '/', does: 'Find a symbol' },
  ...tabNames.map((tab, index) => ({ key: String(index + 1), does: tabTitles[tab] })),
  { key: '?', does: 'This list' },
];

/** What is around every tab: the bar with the tabs, the state of the connection, and what keys open. */
export function Shell() {
  const { tab } = usePlace();
  const [open, setOpen] = useState<'search' | 'help' | null>(null);
  const keyWanted = useKeyWanted();
  const close = () => setOpen(null);
  useKeys(bindings, (key) => {
    if (key === '/') setOpen('search');
    else if (key === '?') setOpen('help');
    else goTo(addressOf(tabNames[Number(key) - 1]));
  });
  useEffect(() => { document.title = `${tabTitles[tab]} · mdp`; }, [tab]);
  const Part = tabParts[tab];
  return (
    <div className="shell">
      <a className="skip-link" href="#main">Skip to the tab</a>
      <TopBar onSearch={() => setOpen('search')} onHelp={() => setOpen('help')}><TabBar /></TopBar>
      <ConnectionBar />
      <Watchers />
      <main id="main" tabIndex={-1}>
        <ErrorBoundary key={tab}>
          <Suspense fallback={<TabSkeleton />}><Part /></Suspense>
        </ErrorBoundary>
      </main>
      {open === 'search' ? <SymbolSearch onClose={close} /> : null}
      <HelpDialog isOpen={open === 'help'} onClose={close} />
      <KeyDialog isOpen={keyWanted} />
    </div>
  );
}
