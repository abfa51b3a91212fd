import { EmptyState } from '../../parts/empty-state.tsx';
import { useSeriesPlace } from '../../series-place.ts';
import { TabSkeleton } from '../../shell/tab-skeleton.tsx';
import { TradingDesk } from './trading-desk.tsx';
import './trading.css';

/** One instrument: its candles, what they are made of, and every trade. */
export function Tab() {
  const place = useSeriesPlace('trading');
  if (place.name === 'asking') return <TabSkeleton />;
  if (place.name === 'none') return <NoInstruments />;
  if (place.name === 'failed') return <EmptyState title="The list of instruments did not come">{place.fault}</EmptyState>;
  return <TradingDesk key={`${place.venue}\n${place.symbol}`} {...place} />;
}

function NoInstruments() {
  return (
    <EmptyState title="No instrument has bars yet">
      A chart begins with the first closed bar. Sources stand in <code>config.yaml</code>; <code>./scripts/dev.sh run</code> makes
      trades up when there are no others.
    </EmptyState>
  );
}
