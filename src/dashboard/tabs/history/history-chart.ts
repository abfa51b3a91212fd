import { ColorType, createChart, CrosshairMode, HistogramSeries, LineSeries, LineStyle } from 'lightweight-charts';
import type { IChartApi, ISeriesApi, Time, UTCTimestamp } from 'lightweight-charts';
import type { Gap } from '../../bars.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { decimal, quantity, timeText } from '../../format.ts';
import { CandleSeries } from '../trading/candles.ts';
import { GapBands } from '../trading/gap-bands.ts';
import { timePoints } from '../trading/time-points.ts';
import type { TimePoints } from '../trading/time-points.ts';
import type { BarRow, Loaded, Row } from './rows.ts';

export interface HistoryLook {
  readonly colours: Colours;
  /** For Intl. */
  readonly zone: string | undefined;
  readonly digits: number;
  /** Nominal length of the bars, ms; null where trades cut them. */
  readonly lengthMs: number | null;
}

export interface HistoryChartOptions {
  readonly kind: 'candles' | 'lines';
  readonly look: HistoryLook;
  /** Gets the open time under the crosshair, ms, or null. */
  readonly pointed: (openMs: number | null) => void;
}

const seconds = (ms: number): UTCTimestamp => ms / 1_000 as UTCTimestamp;

/** One symbol as candles with volume, or two as lines that begin at 100. All of the range is in sight. */
export class HistoryChart {
  readonly #chart: IChartApi;
  readonly #bands: GapBands;
  readonly #show: (loaded: Loaded, rows: readonly Row[]) => void;

  constructor(container: HTMLElement, { kind, look, pointed }: HistoryChartOptions) {
    this.#chart = createChart(container, { autoSize: true, ...optionsOf(look) });
    this.#bands = new GapBands(look.colours.look);
    this.#show = kind === 'candles' ? this.#candles(look) : this.#lines(look);
    this.#chart.subscribeCrosshairMove(({ time }) => pointed(typeof time === 'number' ? Math.round(time * 1_000) : null));
  }

  destroy(): void {
    this.#chart.remove();
  }

  /** `rows` oldest first; `loaded` is the symbol of the candles, or all bars of both lines. */
  show(loaded: Loaded, rows: readonly Row[]): void {
    this.#show(loaded, rows);
    this.#chart.timeScale().fitContent();
  }

  #candles({ colours, digits, lengthMs }: HistoryLook) {
    const candles = this.#chart.addCustomSeries(new CandleSeries(colours), {
      priceFormat: { type: 'custom', formatter: (price: number) => decimal(price, digits), minMove: 10 ** -digits },
      priceLineVisible: false, lastValueVisible: false,
    }, 0);
    candles.attachPrimitive(this.#bands);
    const volume = this.#chart.addSeries(HistogramSeries, {
      priceFormat: { type: 'custom', formatter: quantity, minMove: 0.000_1 }, priceLineVisible: false,
      lastValueVisible: false, color: faded(colours.quiet, 0.6),
    }, 1);
    for (const [index, pane] of this.#chart.panes().entries()) pane.setStretchFactor(index === 0 ? 4 : 1);
    return ({ bars, gaps }: Loaded): void => {
      const points = timePoints(bars, gaps, lengthMs);
      const byTime = new Map(bars.map((bar) => [bar.openMs, bar]));
      candles.setData(points.times.map((timeMs, at) => {
        const bar = byTime.get(timeMs);
        const color = bar !== undefined && bar.close >= bar.open ? colours.up : colours.down;
        return bar === undefined ? { time: seconds(timeMs) }
          : { time: seconds(timeMs), bar, color, isHatched: bar.quality === 'gap' && !isInBand(points, at) };
      }));
      volume.setData(points.times.map((timeMs) => {
        const bar = byTime.get(timeMs);
        return bar === undefined ? { time: seconds(timeMs) } : { time: seconds(timeMs), value: bar.volume };
      }));
      this.#bands.set(points.bands, colours.look);
    };
  }

  #lines({ colours, lengthMs }: HistoryLook) {
    const line = (color: string): ISeriesApi<'Line'> => this.#chart.addSeries(LineSeries, {
      color, lineWidth: 2, priceLineVisible: false,
      priceFormat: { type: 'custom', formatter: (value: number) => decimal(value, 2), minMove: 0.01 },
    });
    const lines = [line(colours.text), line(colours.accent)];
    lines[0].attachPrimitive(this.#bands);
    lines[0].createPriceLine({
      price: 100, color: colours.quiet, lineWidth: 1, lineStyle: LineStyle.Dashed, axisLabelVisible: false, title: '',
    });
    return (loaded: Loaded, rows: readonly Row[]): void => {
      const bars = rows.filter((row): row is BarRow => row.kind === 'bar');
      const someBars = bars.flatMap(({ sides }) => sides.find((side) => side !== null)?.bar ?? []);
      const points = timePoints(someBars, gapsOnce(loaded.gaps), lengthMs);
      const byTime = new Map(bars.map((row) => [row.openMs, row]));
      for (const [at, series] of lines.entries()) {
        series.setData(points.times.map((timeMs) => {
          const index = byTime.get(timeMs)?.sides[at]?.index ?? null;
          return index === null ? { time: seconds(timeMs) } : { time: seconds(timeMs), value: index };
        }));
      }
      this.#bands.set(points.bands, colours.look);
    };
  }
}

function gapsOnce(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.fromMs} ${gap.untilMs}`, gap])).values()];
}

function isInBand({ bands }: TimePoints, at: number): boolean {
  return bands.some(({ first, last }) => at >= first && at <= last);
}

function optionsOf({ colours, zone, lengthMs }: HistoryLook) {
  return {
    layout: {
      background: { type: ColorType.Solid, color: colours.panel }, textColor: colours.quiet, fontSize: 11,
      attributionLogo: false, fontFamily: 'Inter, system-ui, sans-serif',
      panes: { separatorColor: colours.line, enableResize: false },
    },
    grid: { vertLines: { color: faded(colours.line, 0.5) }, horzLines: { color: faded(colours.line, 0.5) } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: faded(colours.quiet, 0.6), labelBackgroundColor: colours.raised },
      horzLine: { color: faded(colours.quiet, 0.6), labelBackgroundColor: colours.raised },
    },
    rightPriceScale: { borderColor: colours.line },
    timeScale: {
      borderColor: colours.line, timeVisible: lengthMs === null || lengthMs < 86_400_000,
      secondsVisible: lengthMs !== null && lengthMs < 60_000, minBarSpacing: 0.05,
      tickMarkFormatter: (time: Time, kind: number) => tickText(Number(time) * 1_000, kind, zone),
    },
    localization: { timeFormatter: (time: Time) => timeText(Number(time) * 1_000, zone) },
  };
}

/** Kinds of tick marks: year, month, day, time, time with seconds. */
function tickText(timeMs: number, kind: number, zone: string | undefined): string {
  if (kind === 3) return timeText(timeMs, zone, 'minute');
  if (kind === 4) return timeText(timeMs, zone, 'time');
  const day = timeText(timeMs, zone, 'day');
  return kind === 0 ? day.slice(0, 4) : kind === 1 ? day.slice(0, 7) : day.slice(5);
}
