import { useEffect, useMemo, useRef, useState } from 'react';
import { barIndexFrom, sidesOf, specLengthMs } from '../../bars.ts';
import { coloursOf } from '../../colours.ts';
import { decimal, quantity, timeText } from '../../format.ts';
import { useKeys } from '../../keys.ts';
import { usePreferences, useShownTheme, zoneName } from '../../preferences.ts';
import type { Series } from '../trading/bar-feed.ts';
import { gapWords, TruthFields } from '../trading/legend.tsx';
import { classOf } from './measures.ts';
import { colourOfUsual, VolumeChart } from './volume-chart.ts';
import type { VolumeChartLook, VolumeSeries } from './volume-chart.ts';

interface Props {
  readonly series: Series;
  readonly shown: VolumeSeries;
  /** How many bars before it a bar is measured by. */
  readonly period: number;
}

const bindings = [
  { key: 'ArrowLeft', does: 'Crosshair to the bar before' }, { key: 'ArrowRight', does: 'Crosshair to the next bar' },
  { key: 'Escape', does: 'Let go of the crosshair' },
];

/** Volume over time, and above it what the crosshair points at, or the newest bar. */
export function ChartPanel({ series: { symbol, spec }, shown, period }: Props) {
  const container = useRef<HTMLDivElement>(null);
  const theme = useShownTheme();
  const preferences = usePreferences();
  const zone = zoneName(preferences);
  const look = useMemo(() => ({ colours: coloursOf(theme, preferences.pair), zone, lengthMs: specLengthMs(spec) }),
    [theme, preferences.pair, zone, spec]);
  const chart = useRef<VolumeChart | null>(null);
  const [pointedMs, setPointedMs] = useState<number | null>(null);
  useEffect(() => {
    const made = new VolumeChart(container.current!, look, setPointedMs);
    chart.current = made;
    return () => made.destroy();
  }, [look]);
  useEffect(() => chart.current?.show(shown), [look, shown]);
  useKeys(bindings, (key) => {
    if (key === 'Escape') chart.current?.release();
    else chart.current?.step(key === 'ArrowLeft' ? -1 : 1);
  });
  return (
    <section className="panel volume-chart" aria-label={`Volume of ${symbol}, ${spec}`}>
      <Pointed shown={shown} pointedMs={pointedMs} period={period} look={look} />
      <div className="volume-canvas" ref={container} role="img"
        aria-label="Volume with its average, below it bought and sold; the line above says what the crosshair points at." />
    </section>
  );
}

interface PointedProps {
  readonly shown: VolumeSeries;
  readonly pointedMs: number | null;
  readonly period: number;
  readonly look: VolumeChartLook;
}

function Pointed({ shown: { bars, usual, gaps, bounds }, pointedMs, period, look: { colours, zone } }: PointedProps) {
  const at = pointedMs === null ? bars.length - 1 : barIndexFrom(bars, pointedMs);
  const bar = bars[at];
  const gap = gaps.find(({ fromMs, untilMs }) => pointedMs !== null && fromMs <= pointedMs && untilMs > pointedMs);
  const missing = gap === undefined ? null : <span className="look">{gapWords(gap, zone)}</span>;
  const isBetween = pointedMs !== null && bar?.openMs !== pointedMs;
  if (bar === undefined || isBetween) return <p className="volume-legend">{missing}</p>;
  const { buy, sell } = sidesOf([bar]);
  const average = usual[at];
  return (
    <p className="volume-legend">
      <span>{timeText(bar.openMs, zone)}</span>
      <span><i>Volume</i> {quantity(bar.volume)}{bounds === null ? '' : `, ${classOf(bar.volume, bounds)}`}</span>
      <span style={{ color: colourOfUsual(colours) }}><i>Average of {period} before</i> {quantity(average)}</span>
      <span><i>Ratio</i> {average === null || average === 0 ? '–' : `${decimal(bar.volume / average, 2)} ×`}</span>
      <span className="up"><i>Bought</i> {quantity(buy)}</span>
      <span className="down"><i>Sold</i> {quantity(sell)}</span>
      <TruthFields bar={bar} />{missing}
    </p>
  );
}
