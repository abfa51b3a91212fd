import { useEffect, useMemo, useRef, useState } from 'react';
import { specLengthMs } from '../../bars.ts';
import { coloursOf } from '../../colours.ts';
import { decimal, quantity, signed, timeText } from '../../format.ts';
import { usePreferences, useShownTheme, zoneName } from '../../preferences.ts';
import type { Named } from './columns.ts';
import { HistoryChart } from './history-chart.ts';
import { marksOf } from './rows.ts';
import type { Loaded, Row } from './rows.ts';

interface Props {
  readonly kind: 'candles' | 'lines';
  /** One of candles, both of lines. */
  readonly symbols: readonly Named[];
  /** Which side of the rows the candles are. */
  readonly side: number;
  readonly spec: string;
  readonly loaded: Loaded;
  readonly rows: readonly Row[];
}

/** A chart with a line above that says what the crosshair points at. */
export function ChartPanel({ kind, symbols, side, spec, loaded, rows }: Props) {
  const container = useRef<HTMLDivElement>(null);
  const theme = useShownTheme();
  const preferences = usePreferences();
  const [pointedMs, setPointedMs] = useState<number | null>(null);
  const digits = symbols[0]?.digits ?? 2;
  const zone = zoneName(preferences);
  const { pair } = preferences;
  const look = useMemo(() => ({ colours: coloursOf(theme, pair), zone, digits, lengthMs: specLengthMs(spec) }),
    [theme, pair, zone, digits, spec]);
  useEffect(() => {
    const chart = new HistoryChart(container.current!, { kind, look, pointed: setPointedMs });
    chart.show(loaded, rows);
    return () => chart.destroy();
  }, [kind, look, loaded, rows]);
  const names = symbols.map(({ symbol }) => symbol).join(' and ');
  return (
    <section className="panel history-chart" aria-label={`Chart of ${names}, ${spec}`}>
      <p className="history-legend">
        {symbols.map(({ symbol }, at) => (
          <b key={`${at} ${symbol}`} className={kind === 'lines' && at === 1 ? 'second' : ''}>{symbol}</b>
        ))}{' '}
        <Pointed rows={rows} pointedMs={pointedMs} kind={kind} side={side} digits={digits} />
      </p>
      <div className="history-canvas" ref={container} role="img"
        aria-label={`${names}; the table below has all of it in numbers.`} />
    </section>
  );
}

interface PointedProps {
  readonly rows: readonly Row[];
  readonly pointedMs: number | null;
  readonly kind: 'candles' | 'lines';
  readonly side: number;
  readonly digits: number;
}

function Pointed({ rows, pointedMs, kind, side, digits }: PointedProps) {
  const zone = zoneName(usePreferences());
  if (pointedMs === null) return null;
  const time = <span className="quiet">{timeText(pointedMs, zone)}</span>;
  const row = rows.find((one) => one.kind === 'bar' && one.openMs === pointedMs);
  const gap = rows.find((one) => one.kind === 'gap' && one.gap.fromMs <= pointedMs && one.gap.untilMs > pointedMs);
  const missing = gap?.kind === 'gap' ? <span className="look"> data is missing: {gap.gap.reason}</span> : null;
  if (row?.kind !== 'bar') return <>{time}{missing}</>;
  if (kind === 'lines') {
    const indices = row.sides.map((one, at) => (
      <span key={at} className={at === 1 ? 'second' : ''}>{decimal(one?.index, 2)} </span>
    ));
    return <>{time} {indices}{missing}</>;
  }
  const found = row.sides[side];
  if (found === null || found === undefined) return <>{time}{missing}</>;
  const { bar, previousClose } = found;
  const marks = marksOf(bar);
  return (
    <>
      {time} <i>O</i> {decimal(bar.open, digits)} <i>H</i> {decimal(bar.high, digits)} {' '}
      <i>L</i> {decimal(bar.low, digits)} <i>C</i> {decimal(bar.close, digits)} <i>V</i> {quantity(bar.volume)}{' '}
      {previousClose === null || previousClose === 0 ? '' : `${signed((bar.close / previousClose - 1) * 100, 2)} %`}
      {marks === '' ? null : <span className="look"> {marks}</span>}{missing}
    </>
  );
}
