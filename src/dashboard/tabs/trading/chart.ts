import { createChart, HistogramSeries, LineSeries, LineStyle } from 'lightweight-charts';
import type { IChartApi, ISeriesApi, MouseEventParams } from 'lightweight-charts';
import type { BarDatum } from '../../bar-shapes.ts';
import { barIndexFrom } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';
import { chartOptions, secondsOf } from '../../chart-options.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { decimal, quantity } from '../../format.ts';
import { momentBars } from './bar-feed.ts';
import { CandleSeries } from './candles.ts';
import { addDeltas, volumesOf } from './flow-sums.ts';
import { GapBands } from './gap-bands.ts';
import { LineBook } from './line-book.ts';
import { indexOf, timePoints } from './time-points.ts';
import type { TimePoints } from './time-points.ts';

/** What the crosshair points at, or the newest bar where it points at nothing. */
export interface Pointed {
  readonly bar: Bar | null;
  /** Of the bar before, to compare with. */
  readonly previousClose: number | null;
  readonly gaps: readonly Gap[];
  readonly isNewest: boolean;
}

export interface ChartEvents {
  pointed(at: Pointed): void;
  /** The left edge comes near: older bars are wanted. */
  nearStart(): void;
}

export interface ChartLook {
  readonly colours: Colours;
  /** For Intl. */
  readonly zone: string | undefined;
  readonly digits: number;
}

/** Prefetched: nobody scrolls through so many before the next page is here. */
const sparePoints = 250;

/** Candles, volume by side, cumulative delta and lines of indicators, on one time scale. */
export class TradingChart {
  readonly #chart: IChartApi;
  readonly #events: ChartEvents;
  readonly #candleView: CandleSeries;
  readonly #candles: ISeriesApi<'Custom'>;
  readonly #bands: readonly GapBands[];
  /** Total in grey, then what was sold and bought drawn over it: what stays grey has no side. */
  readonly #volumes: readonly ISeriesApi<'Histogram'>[];
  readonly #delta: ISeriesApi<'Line'>;
  readonly lines: LineBook;
  #look: ChartLook;
  #bars: readonly Bar[] = [];
  #points: TimePoints = { times: [], bands: [] };
  #deltas: number[] = [];
  #spec: { readonly name: string; readonly lengthMs: number | null } = { name: '', lengthMs: null };
  /** Open time of the point under the crosshair. */
  #pointedMs: number | null = null;
  /** Keys hold the crosshair, not a pointer: it stays where it is whatever else is drawn anew. */
  #isHeld = false;
  #wasSettled = false;

  constructor(container: HTMLElement, look: ChartLook, events: ChartEvents) {
    this.#look = look;
    this.#events = events;
    this.#chart = createChart(container, { autoSize: true, ...chartOptions(look.colours, look.zone) });
    this.#candleView = new CandleSeries(look.colours);
    this.#candles = this.#chart.addCustomSeries(this.#candleView, {}, 0);
    const volume = {
      priceFormat: { type: 'custom', formatter: quantity, minMove: 0.000_1 }, priceLineVisible: false, lastValueVisible: false,
    } as const;
    this.#volumes = [0, 1, 2].map(() => this.#chart.addSeries(HistogramSeries, volume, 1));
    const delta = { ...volume, lastValueVisible: true, lineWidth: 1, crosshairMarkerVisible: false, title: 'Δ' } as const;
    this.#delta = this.#chart.addSeries(LineSeries, delta, 2);
    this.#bands = [this.#candles, this.#volumes[0], this.#delta].map((series) => {
      const bands = new GapBands(look.colours.look);
      series.attachPrimitive(bands);
      return bands;
    });
    this.lines = new LineBook(this.#chart, look.colours);
    this.#share();
    this.setLook(look);
    this.#chart.subscribeCrosshairMove((param) => this.#point(param));
    container.addEventListener('pointerleave', () => this.release());
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && this.#wasSettled && range.from < sparePoints) this.#events.nearStart();
    });
  }

  destroy(): void {
    this.lines.forget();
    this.#chart.remove();
  }

  setLook(look: ChartLook): void {
    this.#look = look;
    const { colours, digits, zone } = look;
    this.#chart.applyOptions(chartOptions(colours, zone));
    this.#candleView.colours = colours;
    this.#candles.applyOptions({
      priceFormat: { type: 'custom', formatter: (price: number) => decimal(price, digits), minMove: 10 ** -digits },
      priceLineStyle: LineStyle.Dotted, priceLineWidth: 1,
    });
    const [total, sold, bought] = this.#volumes;
    total.applyOptions({ color: faded(colours.quiet, 0.5) });
    sold.applyOptions({ color: faded(colours.down, 0.75) });
    bought.applyOptions({ color: faded(colours.up, 0.75) });
    this.#delta.applyOptions({ color: colours.text });
    this.lines.setColours(colours);
    for (const bands of this.#bands) bands.set(this.#points.bands, colours.look);
  }

  /** Other bars than before: the view goes to the newest. */
  clear(spec: string, lengthMs: number | null): void {
    this.#spec = { name: spec, lengthMs };
    this.#wasSettled = false;
    this.#pointedMs = null;
    this.#chart.timeScale().applyOptions({ secondsVisible: lengthMs !== null && lengthMs < 60_000 });
    this.show([], []);
  }

  /** All bars and gaps, where more than the newest bar may be another. */
  show(bars: readonly Bar[], gaps: readonly Gap[]): void {
    this.#bars = bars;
    this.#points = timePoints(bars, gaps, this.#spec.lengthMs);
    this.#deltas = [];
    addDeltas(this.#deltas, bars);
    const byTime = new Map(bars.map((bar, index) => [bar.openMs, index]));
    const items = this.#points.times.map((timeMs) => ({ time: secondsOf(timeMs), index: byTime.get(timeMs) }));
    this.#candles.setData(items.map(({ time, index }, at) => (
      index === undefined ? { time } : this.#candle(bars[index], at))));
    for (const [which, series] of this.#volumes.entries()) {
      series.setData(items.map(({ time, index }) => (
        index === undefined ? { time } : { time, value: volumesOf(bars[index])[which] })));
    }
    // A line is drawn from each point to the next one that there is: over a hole it is not to be seen.
    this.#delta.setData(items.map(({ time, index }, at) => {
      if (index === undefined) return { time };
      const isBeforeHole = items[at + 1] !== undefined && items[at + 1].index === undefined;
      return { time, value: this.#deltas[index], ...(isBeforeHole ? { color: 'transparent' } : {}) };
    }));
    for (const bands of this.#bands) bands.set(this.#points.bands, this.#look.colours.look);
    if (!this.#wasSettled && bars.length > 0) this.#goToNewest();
    this.#hold();
    this.#tell();
  }

  /** Bars from this index on are others, or new. A few at the end are drawn one by one, whatever number stands before them. */
  showFrom(from: number, bars: readonly Bar[], gaps: readonly Gap[]): void {
    if (!this.#isMoment(from, bars, gaps)) return this.show(bars, gaps);
    this.#bars = bars;
    this.#deltas.length = from;
    addDeltas(this.#deltas, bars);
    for (let index = from; index < bars.length; index++) this.#draw(bars[index], this.#deltas[index]);
    this.#tell();
  }

  /** Whether what has changed are a few bars at the end, on points that are there or come behind them all. */
  #isMoment(from: number, bars: readonly Bar[], gaps: readonly Gap[]): boolean {
    const { times } = this.#points;
    const lastMs = times.at(-1);
    if (lastMs === undefined || bars.length - from > momentBars) return false;
    const isTheLast = from === bars.length - 1 && bars[from].openMs === lastMs;
    if (isTheLast) return true;
    const untilMs = Math.min(bars[from].openMs, lastMs);
    return gaps.every((gap) => gap.untilMs <= untilMs)
      && bars.slice(from).every(({ openMs }) => openMs > lastMs || times[indexOf(times, openMs)] === openMs);
  }

  #draw(bar: Bar, delta: number): void {
    const { times } = this.#points;
    const at = indexOf(times, bar.openMs);
    if (at === times.length) this.#points = { ...this.#points, times: [...times, bar.openMs] };
    const isOlder = at < times.length - 1;
    const time = secondsOf(bar.openMs);
    this.#candles.update(this.#candle(bar, at), isOlder);
    for (const [which, series] of this.#volumes.entries()) series.update({ time, value: volumesOf(bar)[which] }, isOlder);
    this.#delta.update({ time, value: delta }, isOlder);
  }

  /** Moves the crosshair by so many bars; the first time it begins at the newest. */
  step(by: number): void {
    const last = this.#bars.length - 1;
    const held = this.#pointedMs === null ? last + 1 : this.#bars.findIndex(({ openMs }) => openMs === this.#pointedMs);
    const bar = this.#bars[Math.min(last, Math.max(0, held + by))];
    if (bar === undefined) return;
    this.#isHeld = true;
    this.#pointedMs = bar.openMs;
    this.#hold();
    this.#tell();
  }

  #hold(): void {
    const bar = this.#bars[barIndexFrom(this.#bars, this.#pointedMs ?? Infinity)];
    if (this.#isHeld && bar !== undefined) this.#chart.setCrosshairPosition(bar.close, secondsOf(bar.openMs), this.#candles);
  }

  release(): void {
    this.#chart.clearCrosshairPosition();
    this.#isHeld = false;
    this.#pointedMs = null;
    this.#tell();
  }

  goToNewest(): void {
    this.#chart.timeScale().scrollToRealTime();
  }

  /** `at`: its place on the time scale. Where a band lies behind it already it needs no hatching of its own. */
  #candle(bar: Bar, at: number): BarDatum {
    const { colours } = this.#look;
    const isHatched = bar.quality === 'gap' && !this.#points.bands.some(({ first, last }) => at >= first && at <= last);
    return { time: secondsOf(bar.openMs), bar, isHatched, color: bar.close >= bar.open ? colours.up : colours.down };
  }

  #goToNewest(): void {
    this.#chart.timeScale().applyOptions({ barSpacing: 9, rightOffset: 6 });
    this.#chart.timeScale().scrollToPosition(6, false);
    this.#wasSettled = true;
  }

  /** What the chart tells without a pointer is what it was told itself, or that it has drawn anew. */
  #point({ time, sourceEvent }: MouseEventParams): void {
    if (sourceEvent === undefined) return;
    this.#isHeld = false;
    this.#pointedMs = typeof time === 'number' ? Math.round(time * 1_000) : null;
    this.#tell();
  }

  #tell(): void {
    const last = this.#bars.length - 1;
    const pointedMs = this.#pointedMs;
    const at = pointedMs === null ? last : barIndexFrom(this.#bars, pointedMs);
    const bar = pointedMs !== null && this.#bars[at]?.openMs !== pointedMs ? null : this.#bars[at] ?? null;
    const point = pointedMs === null ? -1 : indexOf(this.#points.times, pointedMs);
    this.#events.pointed({
      bar, previousClose: this.#bars[at - 1]?.close ?? null, isNewest: pointedMs === null,
      gaps: this.#points.bands.filter(({ first, last }) => point >= first && point <= last).map(({ gap }) => gap),
    });
  }

  /** How the height is shared: most of it is for the candles. */
  #share(): void {
    for (const [index, pane] of this.#chart.panes().entries()) pane.setStretchFactor([6, 1.2][index] ?? 1);
  }
}
