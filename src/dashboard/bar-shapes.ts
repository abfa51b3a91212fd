import { customSeriesDefaultOptions } from 'lightweight-charts';
import type {
  CustomData, CustomSeriesOptions, CustomSeriesPricePlotValues, CustomSeriesWhitespaceData, ICustomSeriesPaneRenderer,
  ICustomSeriesPaneView, PaneRendererCustomData, PriceToCoordinateConverter, Time,
} from 'lightweight-charts';
import type { Bar } from './bars.ts';

/** What is drawn in the place of a bar. */
export interface BarDatum extends CustomData {
  readonly bar: Bar;
  /** A gap touches it. */
  readonly isHatched: boolean;
}

/** What is drawn on, in pixels of the screen. */
export interface Ground {
  readonly context: CanvasRenderingContext2D;
  /** One pixel of the page in pixels of the screen. */
  readonly ratio: number;
  readonly height: number;
  /** From the middle of one bar to that of the next. */
  readonly spacing: number;
  readonly y: (value: number) => number;
}

type Target = Parameters<ICustomSeriesPaneRenderer['draw']>[0];

/** A series of the chart library with shapes of our own: asks for one at a time, those that can be seen. */
export abstract class BarShapes<D extends BarDatum> implements ICustomSeriesPaneView<Time, D> {
  #data: PaneRendererCustomData<Time, D> | null = null;

  abstract priceValueBuilder(datum: D): CustomSeriesPricePlotValues;

  /** `middle`: where the bar stands, in pixels of the screen. */
  protected abstract drawBar(datum: D, middle: number, ground: Ground): void;

  isWhitespace(data: D | CustomSeriesWhitespaceData<Time>): data is CustomSeriesWhitespaceData<Time> {
    return !('bar' in data);
  }

  update(data: PaneRendererCustomData<Time, D>): void {
    this.#data = data;
  }

  defaultOptions(): CustomSeriesOptions {
    return customSeriesDefaultOptions;
  }

  renderer(): ICustomSeriesPaneRenderer {
    return { draw: (target, priceToCoordinate) => this.#draw(target, priceToCoordinate) };
  }

  #draw(target: Target, priceToCoordinate: PriceToCoordinateConverter): void {
    const data = this.#data;
    const visible = data?.visibleRange;
    if (data === null || visible === null || visible === undefined) return;
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: ratio, verticalPixelRatio, bitmapSize: { height } }) => {
      const y = (value: number): number => Math.round((priceToCoordinate(value) ?? 0) * verticalPixelRatio);
      const ground = { context, ratio, height, spacing: data.barSpacing * ratio, y };
      for (let index = visible.from; index < visible.to; index++) {
        const { x, originalData } = data.bars[index];
        this.drawBar(originalData, x * ratio, ground);
      }
    });
  }
}
