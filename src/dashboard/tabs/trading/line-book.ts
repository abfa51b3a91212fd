import { LineSeries } from 'lightweight-charts';
import type { IChartApi, ISeriesApi, LineData, UTCTimestamp, WhitespaceData } from 'lightweight-charts';
import type { Colours } from '../../colours.ts';
import { colourOfLine } from './indicator-lines.ts';
import type { IndicatorLine } from './indicator-lines.ts';

export interface LinePoint {
  readonly openMs: number;
  /** Null: too few bars have come. */
  readonly value: number | null;
}

interface Held {
  readonly line: IndicatorLine;
  readonly series: ISeriesApi<'Line'>;
}

/** The lines of indicators that a chart shows: over the candles, or in a pane of their own below. */
export class LineBook {
  readonly #chart: IChartApi;
  readonly #lines = new Map<string, Held>();
  #colours: Colours;

  constructor(chart: IChartApi, colours: Colours) {
    this.#chart = chart;
    this.#colours = colours;
  }

  /** The chart is gone, and with it all its series. */
  forget(): void {
    this.#lines.clear();
  }

  setColours(colours: Colours): void {
    this.#colours = colours;
    for (const { line, series } of this.#lines.values()) series.applyOptions({ color: colourOfLine(line, colours) });
  }

  /** All its points by time; a line without a value takes no pane. */
  set(line: IndicatorLine, points: readonly LinePoint[]): void {
    if (!points.some(({ value }) => value !== null)) {
      this.remove(line.name);
      return;
    }
    this.#open(line).setData(points.map(dataOf));
  }

  update(line: IndicatorLine, point: LinePoint): void {
    const held = this.#lines.get(line.name);
    if (held === undefined) {
      if (point.value !== null) this.set(line, [point]);
      return;
    }
    const lastTime = Number(held.series.data().at(-1)?.time ?? 0);
    held.series.update(dataOf(point), point.openMs / 1_000 < lastTime);
  }

  remove(name: string): void {
    const held = this.#lines.get(name);
    if (held === undefined) return;
    this.#lines.delete(name);
    this.#chart.removeSeries(held.series);
  }

  #open(line: IndicatorLine): ISeriesApi<'Line'> {
    const held = this.#lines.get(line.name);
    if (held !== undefined) return held.series;
    const { pane } = line;
    const beside = [...this.#lines.values()].find((other) => pane !== 'price' && other.line.pane === pane);
    const index = pane === 'price' ? 0 : beside?.series.getPane().paneIndex() ?? this.#chart.panes().length;
    const series = this.#chart.addSeries(LineSeries, {
      color: colourOfLine(line, this.#colours), lineWidth: 1, title: pane === 'price' ? '' : line.title,
      priceLineVisible: false, lastValueVisible: pane !== 'price', crosshairMarkerVisible: false,
    }, index);
    for (const level of line.levels) {
      series.createPriceLine({ price: level, color: this.#colours.line, lineWidth: 1, axisLabelVisible: false, title: '' });
    }
    if (pane !== 'price') series.getPane().setStretchFactor(1.1);
    this.#lines.set(line.name, { line, series });
    return series;
  }
}

function dataOf({ openMs, value }: LinePoint): LineData | WhitespaceData {
  const time = openMs / 1_000 as UTCTimestamp;
  return value === null ? { time } : { time, value };
}
