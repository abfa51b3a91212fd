import { EmptyState } from '../../parts/empty-state.tsx';
import { useSeriesPlace } from '../../series-place.ts';
import { TabSkeleton } from '../../shell/tab-skeleton.tsx';
import './volume.css';
import { VolumeDesk } from './volume-desk.tsx';

/** One instrument: how much is traded, when, at which prices, by whom, and what prices do with it. */
export function Tab() {
  const place = useSeriesPlace('volume');
  if (place.name === 'asking') return <TabSkeleton />;
  if (place.name === 'failed') return <EmptyState title="The list of instruments did not come">{place.fault}</EmptyState>;
  if (place.name === 'none') {
    return (
      <EmptyState title="No instrument has bars yet">
        Volume is measured from bars, and the first comes when its window ends. Sources stand in <code>config.yaml</code>;
        <code> ./scripts/dev.sh run</code> makes trades up when there are no others.
      </EmptyState>
    );
  }
  return <VolumeDesk key={`${place.venue}\n${place.symbol}`} {...place} />;
}
