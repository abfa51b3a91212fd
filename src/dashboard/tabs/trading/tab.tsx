import { useEffect } from 'react';
import { inOrder } from '../../bars.ts';
import { useInstruments } from '../../instruments.ts';
import type { Instrument } from '../../instruments.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { addressOf, goTo, usePlace } from '../../places.ts';
import { TabSkeleton } from '../../shell/tab-skeleton.tsx';
import { TradingDesk } from './trading-desk.tsx';
import './trading.css';

/** Kept while the page is open: who comes back to the tab finds what was left. */
let shownLast: readonly string[] = [];

/** One instrument: its candles, what they are made of, and every trade. */
export function Tab() {
  const { rest } = usePlace();
  const { list, fault } = useInstruments();
  const [venue, symbol, spec] = rest;
  const known = list?.find((one) => one.venue === venue && one.symbol === symbol);
  const wanted = venue === undefined || symbol === undefined ? undefined : known ?? { venue, symbol, specs: [] };
  useEffect(() => {
    if (symbol !== undefined && spec !== undefined) shownLast = [venue, symbol, spec];
    else if (list !== null) completeAddress(wanted, list);
  });
  if (wanted === undefined || spec === undefined) {
    if (list?.length === 0) return <NoInstruments />;
    return fault === null ? <TabSkeleton /> : <EmptyState title="The list of instruments did not come">{fault}</EmptyState>;
  }
  const specs = inOrder(wanted.specs.includes(spec) ? wanted.specs : [...wanted.specs, spec]);
  return <TradingDesk key={`${venue}\n${symbol}`} venue={venue} symbol={symbol} spec={spec} specs={specs} />;
}

/** /trading alone shows what was shown last, or the first instrument; without a bar spec a minute. */
function completeAddress(wanted: Instrument | undefined, list: readonly Instrument[]): void {
  if (wanted === undefined && shownLast.length > 0) return goTo(addressOf('trading', shownLast), 'replace');
  const instrument = wanted ?? list[0];
  if (instrument === undefined) return;
  const spec = instrument.specs.includes('1m') ? '1m' : inOrder(instrument.specs)[0] ?? '1m';
  goTo(addressOf('trading', [instrument.venue, instrument.symbol, spec]), 'replace');
}

function NoInstruments() {
  return (
    <EmptyState title="No instrument has bars yet">
      A chart begins with the first closed bar. Sources stand in <code>config.yaml</code>; <code>./scripts/dev.sh run</code> makes
      trades up when there are no others.
    </EmptyState>
  );
}
