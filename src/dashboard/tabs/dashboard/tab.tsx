import { useMemo, useState } from 'react';
import type { Channel } from '../../../model/stream.ts';
import { useInstruments } from '../../instruments.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { useChannels } from '../../session.tsx';
import './dashboard.css';
import { MarketPanel } from './market-panel.tsx';
import { PipelineStrip } from './pipeline-strip.tsx';
import { orderings, useOrdered } from './order.ts';
import type { Ordering } from './order.ts';
import { usePinned } from './pinned.ts';
import { Watchlist, WatchlistSkeleton } from './watchlist.tsx';

const channels: readonly Channel[] = [{ channel: 'quotes' }, { channel: 'health' }, { channel: 'gaps' }];

/** The market at a glance, and whether to trust it. */
export function Tab() {
  useChannels(channels);
  const { list, fault } = useInstruments();
  const [typed, setTyped] = useState('');
  const [ordering, setOrdering] = useState<Ordering>('symbol');
  const pinned = usePinned();
  const wanted = typed.trim().toLowerCase();
  const matching = useMemo(() => (
    (list ?? []).filter(({ venue, symbol }) => `${symbol} ${venue}`.toLowerCase().includes(wanted))), [list, wanted]);
  const ordered = useOrdered(matching, ordering, pinned);
  return (
    <div className="dashboard">
      <h1 className="unseen">Dashboard</h1>
      <PipelineStrip />
      <section className="panel watch-panel" aria-label="Watchlist">
        <div className="watch-tools">
          <input type="search" placeholder="Filter" aria-label="Filter the watchlist" value={typed}
            onChange={(event) => setTyped(event.target.value)} />
          <span className="quiet">{list === null ? '' : `${matching.length} of ${list.length}`}</span>
          <label className="quiet">Order{' '}
            <select value={ordering} onChange={(event) => setOrdering(event.target.value as Ordering)}>
              {Object.entries(orderings).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
            </select>
          </label>
        </div>
        {list === null ? <Waiting fault={fault} /> : null}
        {list?.length === 0 ? <NoInstruments /> : null}
        {list !== null && list.length > 0 ? <Watchlist instruments={ordered} pinned={pinned} /> : null}
      </section>
      <MarketPanel instruments={list ?? []} />
    </div>
  );
}

function Waiting({ fault }: { readonly fault: string | null }) {
  if (fault === null) return <WatchlistSkeleton />;
  return <EmptyState title="The list of instruments did not come">{fault}</EmptyState>;
}

function NoInstruments() {
  return (
    <EmptyState title="No instrument has bars yet">
      Each one appears here with its first trade. Sources stand in <code>config.yaml</code>;{' '}
      <code>./scripts/dev.sh run</code> makes trades up when there are no others.
    </EmptyState>
  );
}
