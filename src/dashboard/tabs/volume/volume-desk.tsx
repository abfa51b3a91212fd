import { useMemo } from 'react';
import type { Channel } from '../../../model/stream.ts';
import { coloursOf } from '../../colours.ts';
import { ageText } from '../../format.ts';
import { priceDigits, unknownWords } from '../../instruments.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { InstrumentHeading } from '../../parts/instrument-heading.tsx';
import { ZoneChoice } from '../../parts/zone-choice.tsx';
import { addressOf, goTo, usePlace } from '../../places.ts';
import { usePreferences, useShownTheme } from '../../preferences.ts';
import type { ShownSeries } from '../../series-place.ts';
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
export function VolumeDesk({ venue, symbol, spec, specs, isUnknown }: ShownSeries) {
  const { query } = usePlace();
  const length = lengthOf(query);
  useChannels(useMemo<readonly Channel[]>(() => [{ channel: 'quotes', venue, symbol }], [venue, symbol]));
  const series = useMemo(() => ({ venue, symbol, spec }), [venue, symbol, spec]);
  const shown = useShownBars(series, length);
  const choose = (bars: string): void => goTo(addressOf('volume', [venue, symbol, spec], `bars=${bars}`), 'replace');
  return (
    <div className="volume">
      <InstrumentHeading tab="volume" venue={venue} symbol={symbol} spec={spec} specs={specs} query={query}>
        <label className="volume-length">
          <span className="quiet">Bars</span>
          <select aria-label="How many bars" value={length} onChange={({ target }) => choose(target.value)}>
            {lengths.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <ZoneChoice className="zone" />
      </InstrumentHeading>
      <Looks series={series} shown={shown} isUnknown={isUnknown} />
    </div>
  );
}

interface LooksProps {
  readonly series: Series;
  readonly shown: ShownBars;
  readonly isUnknown: boolean;
}

function Looks({ series, shown, isUnknown }: LooksProps) {
  const { ended, forming, gaps } = shown;
  const theme = useShownTheme();
  const { pair } = usePreferences();
  const colours = useMemo(() => coloursOf(theme, pair), [theme, pair]);
  const bounds = useMemo(() => boundsOf(ended), [ended]);
  const all = useMemo(() => (forming === null ? ended : [...ended, forming]), [ended, forming]);
  const drawn = useMemo(() => ({ bars: all, usual: usualVolumes(all, period), gaps, bounds }), [all, gaps, bounds]);
  // Before the stored bars are here there may be one of this moment: of that alone nothing can be said.
  if (all.length === 0 || !shown.isLoaded) return <NoBars series={series} shown={shown} isUnknown={isUnknown} />;
  const digits = priceDigits(series);
  return (
    <>
      <Notes shown={shown} />
      <ChartPanel series={series} shown={drawn} period={period} />
      <Figures series={series} bars={ended} forming={forming} usual={forming === null ? null : drawn.usual.at(-1) ?? null} />
      <ProfilePanel bars={all} colours={colours} digits={digits} />
      <ClassesPanel bars={ended} bounds={bounds} colours={colours} />
      <CorrelationPanel bars={ended} period={period} colours={colours} digits={digits} />
    </>
  );
}

function NoBars({ series, shown: { isLoaded, fault }, isUnknown }: LooksProps) {
  if (fault !== null) {
    const title = 'The bars did not come';
    return <EmptyState title={title}>{fault} They are asked for again when the connection is back.</EmptyState>;
  }
  if (!isLoaded) return <TabSkeleton />;
  const { symbol, spec } = series;
  if (isUnknown) return <EmptyState title={`No bars of ${symbol}`}>{unknownWords(series)}</EmptyState>;
  return (
    <EmptyState title={`No bar of ${spec} is stored for ${symbol} yet`}>
      Volume is measured from bars, and the first comes when its window ends. Shorter bars come sooner: choose one above.
    </EmptyState>
  );
}

/** Late trades are waited for; then a bar comes. */
const slackMs = 10_000;

/** Why what is shown may not be all there is, or not of now. */
function Notes({ shown: { ended, forming, fault } }: { readonly shown: ShownBars }) {
  const newest = forming ?? ended.at(-1)!;
  const lengthMs = newest.closeMs - newest.openMs;
  const age = useEverySecond((nowMs) => {
    const ageMs = nowMs - newest.closeMs;
    return ageMs > 2 * lengthMs + slackMs ? ageText(ageMs) : '';
  });
  const holes = ended.filter(({ quality }) => quality !== 'complete').length;
  const notes = [
    ...(fault === null ? [] : [`${fault} What is shown was stored before.`]),
    ...(age === '' ? [] : [`No bar for ${age}: nothing was traded, or nothing came. The tab Pipeline tells which.`]),
    ...(holes === 0 ? [] : [`Data is missing in ${holes} of these bars: their volumes are what was seen.`]),
  ];
  return notes.length === 0 ? null : <p className="volume-notes look" role="status">{notes.join(' ')}</p>;
}
