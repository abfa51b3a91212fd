import type { ReactNode } from 'react';
import { sidesOf } from '../../bars.ts';
import type { Bar } from '../../bars.ts';
import { arrows, decimal, directionOf, quantity, signed, timeText } from '../../format.ts';
import { usePreferences, zoneName } from '../../preferences.ts';
import { useEverySecond } from '../../ticker.ts';
import type { Series } from '../trading/bar-feed.ts';
import { relationWords } from './correlation-panel.tsx';
import { correlation, volumeRatio, volumeTrend } from './measures.ts';
import { useMeasure } from './use-measure.ts';
import type { Measure } from './use-measure.ts';

interface Props {
  readonly series: Series;
  /** Bars that have ended, oldest first. */
  readonly bars: readonly Bar[];
  readonly forming: Bar | null;
  /** Mean volume of the bars before the forming one. */
  readonly usual: number | null;
}

/** Bars of every measure here: those that config.yaml computes look back as far. */
export const period = 20;
const ratioHere = (bars: readonly Bar[]): number | null => volumeRatio(bars, period);
const trendHere = (bars: readonly Bar[]): number | null => volumeTrend(bars, period);
const correlationHere = (bars: readonly Bar[]): number | null =>
  (bars.length <= period ? null : correlation(bars.slice(-period - 1)));

/** The four numbers that are read first, each with what it says and where it comes from. */
export function Figures({ series, bars, forming, usual }: Props) {
  const ratio = useMeasure(series, { name: `volume_ratio(${period})`, bars, compute: ratioHere });
  const trend = useMeasure(series, { name: `volume_trend(${period})`, bars, compute: trendHere });
  const relation = useMeasure(series, { name: `pv_correlation(${period})`, bars, compute: correlationHere });
  const way = directionOf(trend.value ?? 0, 0);
  return (
    <section className="panel volume-figures" aria-label="Measures of volume">
      <Figure title={`Newest volume / average of ${period}`} measure={ratio} spec={series.spec}
        words={ratioWords(ratio.value)} value={<>{decimal(ratio.value, 2)} ×</>}
      >
        <Forming bar={forming} usual={usual} />
      </Figure>
      <Figure title="Trend of volume, % of its mean a bar" measure={trend} spec={series.spec} words={trendWords(trend.value)}
        value={<>{arrows[way]} {trend.value === null ? '–' : signed(trend.value * 100, 1)}</>} />
      <Figure title={`Price–volume correlation of ${period} changes`} measure={relation} spec={series.spec}
        value={signed(relation.value, 2)} words={relation.value === null ? '' : relationWords(relation.value, period)} />
      <SidesFigure bars={bars} />
    </section>
  );
}

interface FigureProps {
  readonly title: string;
  readonly measure: Measure;
  readonly spec: string;
  readonly value: ReactNode;
  readonly words: string;
  readonly children?: ReactNode;
}

function Figure({ title, measure: { name, value, by, bar }, spec, value: text, words, children }: FigureProps) {
  const zone = zoneName(usePreferences());
  const source = by === 'pipeline' ? 'of the pipeline' : 'by this page';
  const hint = by === 'pipeline' ? `${name}@${spec}, as /api/indicators has it.`
    : `From the bars shown. The pipeline stores it where indicators.specs has ${name}@${spec}.`;
  return (
    <div className="volume-figure">
      <h2>{title}</h2>
      <p className="volume-value">
        <b>{text}</b> {value === null ? <span className="quiet">{`needs ${period} bars and more`}</span> : words}
      </p>
      {children}
      <p className="quiet volume-source" title={hint}>
        {bar === null ? '' : `${timeText(bar.openMs, zone, shapeOf(bar))} · `}{name} {source}
      </p>
    </div>
  );
}

/** As much of the time as tells this bar from the others. */
function shapeOf({ openMs, closeMs }: Bar): 'day' | 'minute' | 'time' {
  const lengthMs = closeMs - openMs;
  return lengthMs >= 80_000_000 ? 'day' : lengthMs >= 60_000 ? 'minute' : 'time';
}

function ratioWords(ratio: number | null): string {
  if (ratio === null) return '';
  if (ratio >= 2) return 'much more than usual';
  if (ratio >= 1.2) return 'more than usual';
  if (ratio > 0.8) return 'as usual';
  return ratio > 0.5 ? 'less than usual' : 'much less than usual';
}

/** Over `period` bars half a per cent a bar comes to a tenth of the mean. */
function trendWords(trend: number | null): string {
  if (trend === null) return '';
  if (Math.abs(trend) < 0.005) return 'steady';
  return trend > 0 ? 'rising' : 'falling';
}

/** The bar that is not over: what it has, and how much of its time is gone. */
function Forming({ bar, usual }: { readonly bar: Bar | null; readonly usual: number | null }) {
  const gone = useEverySecond((nowMs) => (bar === null ? 0
    : Math.round(Math.min(1, Math.max(0, (nowMs - bar.openMs) / (bar.closeMs - bar.openMs))) * 100)));
  if (bar === null) return <p className="quiet">no trade in this bar yet</p>;
  const ratio = usual === null || usual === 0 ? '–' : `${decimal(bar.volume / usual, 2)} ×`;
  return <p>forming: {ratio} after {gone} % of its time</p>;
}

function SidesFigure({ bars }: { readonly bars: readonly Bar[] }) {
  const recent = bars.slice(-period);
  const { buy, sell, unknown } = sidesOf(recent);
  const share = buy + sell === 0 ? null : buy / (buy + sell) * 100;
  const direction = directionOf(buy, sell);
  return (
    <div className="volume-figure">
      <h2>Bought and sold, last {recent.length} bars</h2>
      <p className="volume-value">
        <b className={direction}>{share === null ? '–' : `${arrows[direction]} ${decimal(share, 0)} %`}</b>{' '}
        {share === null ? <span className="quiet">no side told by the venue</span> : 'bought'}
      </p>
      <div className="flow-bar" aria-hidden="true">
        <i className="bought" style={{ flexGrow: buy }} /><i style={{ flexGrow: unknown }} />
        <i className="sold" style={{ flexGrow: sell }} />
      </div>
      <p className="quiet">
        bought {quantity(buy)}, sold {quantity(sell)}
        {unknown > 0.01 * (buy + sell) ? `, unknown ${quantity(unknown)}` : ''}
      </p>
    </div>
  );
}
