import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { specLengthMs } from '../../bars.ts';
import { useCatchUp } from '../../catch-up.ts';
import { coloursOf } from '../../colours.ts';
import { priceDigits, unknownWords } from '../../instruments.ts';
import { useKeys } from '../../keys.ts';
import { usePreferences, useShownTheme, zoneName } from '../../preferences.ts';
import { useSession } from '../../session.tsx';
import { BarFeed } from './bar-feed.ts';
import type { Series } from './bar-feed.ts';
import { TradingChart } from './chart.ts';
import type { ChartLook, Pointed } from './chart.ts';
import { flowOf } from './flow-panel.tsx';
import type { Flow } from './flow-panel.tsx';
import { Legend } from './legend.tsx';
import { useIndicators } from './use-indicators.ts';

interface Props {
  readonly series: Series;
  /** Nothing is stored of it. */
  readonly isUnknown: boolean;
  readonly chosen: readonly string[];
  readonly onMissing: (names: readonly string[]) => void;
  readonly onFlow: (flow: Flow) => void;
}

const bindings = [
  { key: 'ArrowLeft', does: 'Crosshair to the bar before' }, { key: 'ArrowRight', does: 'Crosshair to the next bar' },
  { key: 'Escape', does: 'Let go of the crosshair' }, { key: 'End', does: 'To the newest bar' },
];
/** The side panel says what the newest bars are made of; once in so many ms is often enough to read. */
const flowEveryMs = 250;

export function ChartView({ series, isUnknown, chosen, onMissing, onFlow }: Props) {
  const container = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<TradingChart | null>(null);
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const look = useLook(series);
  const nearStart = useRef((): void => {});
  const openChart = useEffectEvent(() => new TradingChart(container.current!, look, {
    pointed: setPointed, nearStart: () => nearStart.current(),
  }));
  useEffect(() => {
    const made = openChart();
    setChart(made);
    return () => made.destroy();
  }, []);
  useEffect(() => chart?.setLook(look), [chart, look]);
  const { fault, isLoaded, firstMs, madeFrom } = useFeed({ chart, series, onFlow, nearStart });
  useIndicators({ chart, series, chosen, firstMs, onMissing });
  useKeys(bindings, (key) => {
    if (key === 'Escape') chart?.release();
    else if (key === 'End') chart?.goToNewest();
    else chart?.step(key === 'ArrowLeft' ? -1 : 1);
  });
  return (
    <section className="panel chart-panel" aria-label={`Chart of ${series.symbol}, ${series.spec}`}>
      <div
        className="chart" ref={container} role="img"
        aria-label="Candles, volume and delta; the line above says what the crosshair points at."
      />
      <Legend pointed={pointed} digits={look.digits} madeFrom={madeFrom} />
      {fault === null ? null : <p className="chart-fault look" role="alert">{fault}</p>}
      {isLoaded || fault !== null ? null : <p className="chart-fault quiet late" role="status">Asking for bars …</p>}
      {isLoaded && pointed?.bar === null && pointed.isNewest ? (
        <p className="chart-fault quiet">
          {isUnknown ? unknownWords(series)
            : `No bar of ${series.spec} is stored for ${series.symbol} yet: the first comes when its window ends.`}
        </p>
      ) : null}
    </section>
  );
}

function useLook(series: Series): ChartLook {
  const theme = useShownTheme();
  const preferences = usePreferences();
  const digits = priceDigits(series);
  const zone = zoneName(preferences);
  const [look, setLook] = useState<ChartLook>(() => ({ colours: coloursOf(theme, preferences.pair), zone, digits }));
  const { pair } = preferences;
  useEffect(() => setLook({ colours: coloursOf(theme, pair), zone, digits }), [theme, pair, zone, digits]);
  return look;
}

interface FeedOptions {
  readonly chart: TradingChart | null;
  readonly series: Series;
  readonly onFlow: (flow: Flow) => void;
  readonly nearStart: { current: () => void };
}

interface FeedState {
  readonly fault: string | null;
  readonly isLoaded: boolean;
  /** Open time of the oldest bar that is loaded; it grows smaller as somebody scrolls back. */
  readonly firstMs: number | null;
  /** The spec that its bars are made of, where they are. */
  readonly madeFrom: string | null;
}

const nothingYet: FeedState = { fault: null, isLoaded: false, firstMs: null, madeFrom: null };

/** Keeps the chart in step with the bars of a series. */
function useFeed({ chart, series, onFlow, nearStart }: FeedOptions): FeedState {
  const session = useSession();
  const [state, setState] = useState<FeedState>(nothingYet);
  const feed = useRef<BarFeed | null>(null);
  const tellFlow = useEffectEvent(onFlow);
  useEffect(() => {
    if (chart === null) return undefined;
    chart.clear(series.spec, specLengthMs(series.spec));
    setState(nothingYet);
    const timer = setInterval(() => { if (made.bars.length > 0) tellFlow(flowOf(made.bars)); }, flowEveryMs);
    const made = new BarFeed(session, series, {
      barsChanged: (from) => {
        chart.showFrom(from, made.bars, made.gaps);
        const { isLoaded, madeFrom, bars } = made;
        const firstMs = bars[0]?.openMs ?? null;
        setState((before) => (before.firstMs === firstMs && before.isLoaded === isLoaded && before.madeFrom === madeFrom
          ? before : { ...before, firstMs, isLoaded, madeFrom }));
      },
      gapsChanged: () => chart.show(made.bars, made.gaps),
      faultChanged: (fault) => setState((before) => ({ ...before, fault })),
    });
    feed.current = made;
    nearStart.current = () => { void made.loadOlder(); };
    const end = made.start();
    return () => {
      clearInterval(timer);
      end();
    };
  }, [chart, session, series, nearStart]);
  useCatchUp(feed);
  return state;
}
