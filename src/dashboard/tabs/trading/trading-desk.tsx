import { useMemo, useState } from 'react';
import type { Channel } from '../../../model/stream.ts';
import type { ShownSeries } from '../../series-place.ts';
import { useChannels } from '../../session.tsx';
import { ChartView } from './chart-view.tsx';
import { useChosen } from './chosen-indicators.ts';
import { FlowPanel } from './flow-panel.tsx';
import type { Flow } from './flow-panel.tsx';
import { InstrumentBar } from './instrument-bar.tsx';
import { TimeAndSales } from './time-and-sales.tsx';

/** The chart, and beside it what is happening now. */
export function TradingDesk({ venue, symbol, spec, specs, isUnknown }: ShownSeries) {
  const channels = useMemo<readonly Channel[]>(() => [
    { channel: 'quotes', venue, symbol }, { channel: 'trades', venue, symbol },
  ], [venue, symbol]);
  useChannels(channels);
  const series = useMemo(() => ({ venue, symbol, spec }), [venue, symbol, spec]);
  const chosen = useChosen();
  const [missing, setMissing] = useState<readonly string[]>([]);
  const [flow, setFlow] = useState<Flow | null>(null);
  return (
    <div className="trading">
      <InstrumentBar series={series} specs={specs} missing={missing} />
      <ChartView series={series} isUnknown={isUnknown} chosen={chosen} onMissing={setMissing} onFlow={setFlow} />
      <aside className="trading-side">
        <FlowPanel flow={flow} spec={spec} />
        <TimeAndSales venue={venue} symbol={symbol} />
      </aside>
    </div>
  );
}
