import { createChart, HistogramSeries, LineSeries } from 'lightweight-charts';
import type { IChartApi, ISeriesApi, MouseEventParams, WhitespaceData } from 'lightweight-charts';
import { barIndexFrom } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';
import { chartOptions, secondsOf } from '../../chart-options.ts';
import { faded, mixed } from '../../colours.ts';
import type { Colours } from '../../colours.ts';
import { quantity } from '../../format.ts';
import { GapBands } from '../trading/gap-bands.ts';
import { colourOfLine } from '../trading/indicator-lines.ts';
import { timePoints } from '../trading/time-points.ts';
import { classOf } from './measures.ts';
import type { Bounds } from './measures.ts';
import { VolumeBars } from './volume-bars.ts';
import type { VolumeData } from './volume-bars.ts';

export interface VolumeChartLook {
  readonly colours: Colours;
  /** For Intl. */
  readonly zone: string | undefined;
  /** Nominal length of the bars, ms; null where trades cut them. */
  readonly lengthMs: number | null;
}

/** Bars oldest first, each with the mean volume of those before it. */
export interface VolumeSeries {
  readonly bars: readonly Bar[];
  readonly usual: readonly (number | null)[];
  readonly gaps: readonly Gap[];
  /** Null: too few bars to tell classes apart. */
  readonly bounds: Bounds | null;
}

/** The more volume, the more there is to see of it: classes are greys, for they are neither up nor down. */
function colourOfVolume(volume: number, bounds: Bounds | null, { quiet, text, panel }: Colours): string {
  return bounds === null ? quiet : { low: mixed(quiet, panel, 0.45), medium: quiet, high: text }[classOf(volume, bounds)];
}

export const colourOfUsual = (colours: Colours): string =>
  colourOfLine({ name: 'usual', title: 'Average', pane: 'volume', hue: 1, levels: [] }, colours);

/** Volume coloured by its class with the usual volume over it; below it what was bought, and downwards what was sold. */
export class VolumeChart {
  readonly #chart: IChartApi;
  readonly #look: VolumeChartLook;
  readonly #volume: ISeriesApi<'Custom'>;
  readonly #usual: ISeriesApi<'Line'>;
  readonly #sides: readonly ISeriesApi<'Histogram'>[];
  readonly #bands: readonly GapBands[];
  readonly #pointed: (openMs: number | null) => void;
  #bars: readonly Bar[] = [];
  #heldMs: number | null = null;

  /** `pointed` gets the open time under the crosshair, ms, or null. */
  constructor(container: HTMLElement, look: VolumeChartLook, pointed: (openMs: number | null) => void) {
    const { colours, zone, lengthMs } = look;
    this.#look = look;
    this.#pointed = pointed;
    this.#chart = createChart(container, { autoSize: true, ...chartOptions(colours, zone) });
    const secondsVisible = lengthMs !== null && lengthMs < 60_000;
    this.#chart.timeScale().applyOptions({ rightOffset: 2, minBarSpacing: 0.2, secondsVisible });
    const base = {
      priceFormat: { type: 'custom', formatter: (value: number) => quantity(Math.abs(value)), minMove: 0.000_1 },
      priceLineVisible: false, lastValueVisible: false,
    } as const;
    this.#volume = this.#chart.addCustomSeries(new VolumeBars(colours), base, 0);
    this.#usual = this.#chart.addSeries(LineSeries, {
      ...base, lineWidth: 2, color: colourOfUsual(colours), crosshairMarkerVisible: false,
    }, 0);
    this.#sides = [colours.up, colours.down].map((colour) =>
      this.#chart.addSeries(HistogramSeries, { ...base, color: faded(colour, 0.8) }, 1));
    this.#bands = [this.#volume, this.#sides[0]].map((series) => {
      const bands = new GapBands(colours.look);
      series.attachPrimitive(bands);
      return bands;
    });
    for (const [index, pane] of this.#chart.panes().entries()) pane.setStretchFactor(index === 0 ? 3 : 2);
    this.#chart.subscribeCrosshairMove((param) => this.#point(param));
    container.addEventListener('pointerleave', () => this.release());
  }

  destroy(): void {
    this.#chart.remove();
  }

  /** The first bars fill the width; afterwards the view stays where somebody has put it. */
  show({ bars, usual, gaps, bounds }: VolumeSeries): void {
    const { colours, lengthMs } = this.#look;
    const isFirst = this.#bars.length === 0;
    this.#bars = bars;
    const points = timePoints(bars, gaps, lengthMs);
    const byTime = new Map(bars.map((bar, at) => [bar.openMs, at]));
    const items = points.times.map((timeMs) => ({ time: secondsOf(timeMs), at: byTime.get(timeMs) }));
    this.#volume.setData(items.map(({ time, at }, point): VolumeData | WhitespaceData => (at === undefined ? { time } : {
      time, bar: bars[at], fill: colourOfVolume(bars[at].volume, bounds, colours),
      // Where a band lies behind it already it needs no hatching of its own.
      isHatched: bars[at].quality === 'gap' && !points.bands.some(({ first, last }) => point >= first && point <= last),
    })));
    this.#usual.setData(items.map(({ time, at }, point) => {
      const value = at === undefined ? null : usual[at];
      if (value === null) return { time };
      // A line is drawn from each point to the next one that there is: over a hole it is not to be seen.
      const isBeforeHole = items[point + 1] !== undefined && items[point + 1].at === undefined;
      return { time, value, ...(isBeforeHole ? { color: 'transparent' } : {}) };
    }));
    for (const [which, series] of this.#sides.entries()) {
      const valueOf = ({ buyVolume, sellVolume }: Bar): number => (which === 0 ? buyVolume : -sellVolume);
      series.setData(items.map(({ time, at }) => {
        const value = at === undefined ? 0 : valueOf(bars[at]);
        return value === 0 ? { time } : { time, value };
      }));
    }
    for (const bands of this.#bands) bands.set(points.bands, colours.look);
    if (isFirst && bars.length > 0) this.#chart.timeScale().fitContent();
    this.#hold();
  }

  /** Moves the crosshair by so many bars; the first time it begins at the newest. */
  step(by: number): void {
    const held = this.#heldMs === null ? this.#bars.length : barIndexFrom(this.#bars, this.#heldMs);
    const bar = this.#bars[Math.min(this.#bars.length - 1, Math.max(0, held + by))];
    if (bar === undefined) return;
    this.#heldMs = bar.openMs;
    this.#hold();
    this.#pointed(bar.openMs);
  }

  release(): void {
    this.#chart.clearCrosshairPosition();
    this.#heldMs = null;
    this.#pointed(null);
  }

  #hold(): void {
    const bar = this.#heldMs === null ? undefined : this.#bars[barIndexFrom(this.#bars, this.#heldMs)];
    if (bar !== undefined) this.#chart.setCrosshairPosition(bar.volume, secondsOf(bar.openMs), this.#volume);
  }

  /** What the chart tells without a pointer is what it was told itself, or that it has drawn anew. */
  #point({ time, sourceEvent }: MouseEventParams): void {
    if (sourceEvent === undefined) return;
    this.#heldMs = null;
    this.#pointed(typeof time === 'number' ? Math.round(time * 1_000) : null);
  }
}
