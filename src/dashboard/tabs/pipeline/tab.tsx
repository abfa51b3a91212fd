import type { Channel } from '../../../model/stream.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { rootUrl } from '../../places.ts';
import { useChannels } from '../../session.tsx';
import { TabSkeleton } from '../../shell/tab-skeleton.tsx';
import { LanesTable } from './lanes.tsx';
import { LatencyPanel } from './latency-panel.tsx';
import { LedgerPanel } from './ledger.tsx';
import { PipelineMap } from './map.tsx';
import './pipeline.css';
import { Problems } from './problems.tsx';
import { ledgersOf } from './rates.ts';
import { Trails } from './trails.tsx';
import { useStatus } from './use-status.ts';

const channels: readonly Channel[] = [{ channel: 'health' }, { channel: 'quotes' }];

/** Where every tick is, and whether all of them are somewhere. */
export function Tab() {
  useChannels(channels);
  const { now, before, fault } = useStatus();
  if (now === null) return fault === null ? <TabSkeleton /> : <EmptyState title="The pipeline does not tell how it is">{fault}</EmptyState>;
  return (
    <div className="pipeline">
      <section className="panel map-panel" aria-label="Map">
        <h1>
          {now.pipeline} <span className="quiet">{now.phase}</span>
          <a className="map-source" href={new URL('api/status', rootUrl).pathname}>all counts</a>
        </h1>
        {fault === null ? null : <p className="look" role="status">{fault} What is shown is of the last answer.</p>}
        <PipelineMap now={now} before={before} />
      </section>
      {ledgersOf(now).map((ledger) => <LedgerPanel key={ledger.title} ledger={ledger} />)}
      <div className="pipeline-side">
        <Problems />
        <LatencyPanel />
      </div>
      <LanesTable lanes={now.lanes} nowMs={now.nowMs} />
      <Trails now={now} before={before} />
    </div>
  );
}
