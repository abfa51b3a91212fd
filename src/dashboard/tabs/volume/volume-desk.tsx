import { useMemo } from 'react';
import type { Channel } from '../../../model/stream.ts';
import { coloursOf } from '../../colours.ts';
import { ageText } from '../../format.ts';
import { priceDigits } from '../../instruments.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { InstrumentHeading } from '../../parts/instrument-heading.tsx';
import { ZoneChoice } from '../../parts/zone-choice.tsx';
import { addressOf, goTo, usePlace } from '../../places.ts';
import { usePreferences, useShownTheme } from '../../preferences.ts';
import { useChannels } from '../../session.tsx';
import { TabSkeleton } from '../../shell/tab-skeleton.tsx';
import { useEverySecond } from '../../ticker.ts';
import type { Series } from '../trading/bar-feed.ts';
import { ChartPanel } from './chart-panel.tsx';
import { ClassesPanel } from './classes-panel.tsx';
import { CorrelationPanel } from './correlation-panel.tsx';
import { Figures, period } from './figures.tsx';
import { boundsOf, usualVolumes } from './measures.ts';
import { ProfilePanel } from './profile-panel.tsx';
import { useShownBars } from './use-shown-bars.ts';
import type { ShownBars } from './use-shown-bars.ts';

/** Of how many of the newest bars everything here is; a page of stored ones has as many. */
const lengths = [120, 300, 600] as const;
const lengthAtFirst = 300;

function lengthOf(query: string): number {
  const asked = Number(new URLSearchParams(query).get('bars'));
  return lengths.find((length) => length === asked) ?? lengthAtFirst;
}

/** One set of bars, looked at in five ways. */
export function VolumeDesk({ venue, symbol, spec, specs }: Series & { readonly specs: readonly string[] }) {
  const { query } = usePlace();
  const length = lengthOf(query);
  useChannels(useMemo<readonly Channel[]>(() => [{ channel: 'quotes', venue, symbol }], [venue, symbol]));
  const series = useMemo(() => ({ venue, symbol, spec }), [venue, symbol, spec]);
  const shown = useShownBars(series, length);
  return (
    <div className="volume">
      <InstrumentHeading tab="volume" venue={venue} symbol={symbol} spec={spec} specs={specs} query={query}>
        <label className="volume-length">
          <span className="quiet">Bars</span>
          <select aria-label="How many bars" value={length} onChange={({ target }) => goTo(addressOf('volume', [venue, symbol, spec], `bars=${target.value}`), 'replace')}>
            {lengths.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <ZoneChoice className="zone" />
      </InstrumentHeading>
      <Looks series={series} shown={shown} />
    </div>
  );
}

function Looks({ series, shown: { ended, forming, gaps, isLoaded, fault } }: { readonly series: Series; readonly shown: ShownBars }) {
  const theme = useShownTheme();
  const { pair } = usePreferences();
  const colours = useMemo(() => coloursOf(theme, pair), [theme, pair]);
  const bounds = useMemo(() => boundsOf(ended), [ended]);
  const all = useMemo(() => (forming === null ? ended : [...ended, forming]), [ended, forming]);
  const drawn = useMemo(() => ({ bars: all, usual: usualVolumes(all, period), gaps, bounds }), [all, gaps, bounds]);
  if (all.length === 0) return <NoBars series={series} isLoaded={isLoaded} fault={fault} />;
  const digits = priceDigits(series);
  return (
    <>
      <Notes shown={{ ended, forming, gaps, isLoaded, fault }} />
      <ChartPanel series={series} shown={drawn} period={period} />
      <Figures series={series} bars={ended} forming={forming} usual={forming === null ? null : drawn.usual.at(-1) ?? null} />
      <ProfilePanel bars={all} colours={colours} digits={digits} />
      <ClassesPanel bars={ended} bounds={bounds} colours={colours} />
      <CorrelationPanel bars={ended} period={period} colours={colours} digits={digits} />
    </>
  );
}

function NoBars({ series: { symbol, spec }, isLoaded, fault }: Pick<ShownBars, 'isLoaded' | 'fault'> & { readonly series: Series }) {
  if (fault !== null) return <EmptyState title="The bars did not come">{fault} They are asked for again when the connection is back.</EmptyState>;
  if (!isLoaded) return <TabSkeleton />;
  return (
    <EmptyState title={`No bar of ${spec} is stored for ${symbol} yet`}>
      Volume is measured from bars, and the first comes when its window ends. Shorter bars come sooner: choose one above.
    </EmptyState>
  );
}

/** Why what is shown may not be all there is, or not of now. */
function Notes({ shown: { ended, forming, fault } }: { readonly shown: ShownBars }) {
  const newest = forming ?? ended.at(-1)!;
  const lengthMs = newest.closeMs - newest.openMs;
  const age = useEverySecond((nowMs) => (nowMs - newest.closeMs > 2 * lengthMs + 10_000 ? ageText(nowMs - newest.closeMs) : ''));
  const holes = ended.filter(({ quality }) => quality !== 'complete').length;
  const notes = [
    ...(fault === null ? [] : [`${fault} What is shown was stored before.`]),
    ...(age === '' ? [] : [`No bar for ${age}: nothing was traded, or nothing came. What is shown is of before; Pipeline tells which.`]),
    ...(holes === 0 ? [] : [`${holes} of these bars ${holes === 1 ? 'misses' : 'miss'} data: their volumes are what was seen of them.`]),
  ];
  return notes.length === 0 ? null : <p className="volume-notes look" role="status">{notes.join(' ')}</p>;
}
