import { customSeriesDefaultOptions } from 'lightweight-charts';
import type {
  CustomData, CustomSeriesOptions, CustomSeriesPricePlotValues, CustomSeriesWhitespaceData, ICustomSeriesPaneRenderer,
  ICustomSeriesPaneView, PaneRendererCustomData, PriceToCoordinateConverter, Time,
} from 'lightweight-charts';
import type { Bar } from '../../bars.ts';
import type { Colours } from '../../colours.ts';
import { hatch, outline } from '../trading/candles.ts';

/*
 * Volumes that say what they are made of, as candles do. Forming: hollow. Provisional: a dashed border around a light body.
 * Closed: full. Partial: half-tone. Touched by a gap: hatched behind.
 */

export interface VolumeData extends CustomData {
  readonly bar: Bar;
  /** Of its class. */
  readonly fill: string;
  readonly isHatched: boolean;
}

type Target = Parameters<ICustomSeriesPaneRenderer['draw']>[0];

export class VolumeBars implements ICustomSeriesPaneView<Time, VolumeData> {
  #data: PaneRendererCustomData<Time, VolumeData> | null = null;
  readonly #colours: Colours;

  constructor(colours: Colours) {
    this.#colours = colours;
  }

  priceValueBuilder({ bar }: VolumeData): CustomSeriesPricePlotValues {
    return [0, bar.volume];
  }

  isWhitespace(data: VolumeData | CustomSeriesWhitespaceData<Time>): data is CustomSeriesWhitespaceData<Time> {
    return !('bar' in data);
  }

  update(data: PaneRendererCustomData<Time, VolumeData>): void {
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
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: ratio, verticalPixelRatio, bitmapSize }) => {
      const y = (value: number): number => Math.round((priceToCoordinate(value) ?? 0) * verticalPixelRatio);
      const spacing = data.barSpacing * ratio;
      const width = Math.max(1, Math.floor(spacing * 0.72));
      const line = Math.max(1, Math.floor(ratio));
      for (let index = visible.from; index < visible.to; index++) {
        const { x, originalData: { bar, fill: colour, isHatched } } = data.bars[index];
        const middle = x * ratio;
        if (isHatched) {
          const band = { left: middle - spacing / 2, width: spacing, height: bitmapSize.height };
          hatch(context, { ...band, ratio, colour: this.#colours.look });
        }
        const [left, top] = [Math.round(middle - width / 2), y(bar.volume)];
        const height = Math.max(bar.volume > 0 ? line : 0, y(0) - top);
        context.globalAlpha = bar.quality === 'partial' ? 0.5 : 1;
        context.fillStyle = colour;
        if (bar.state === 'closed' || width < 4 * ratio || height < 3 * line) context.fillRect(left, top, width, height);
        else outline(bar, { context, left, top, width, height, line, colour }, this.#colours);
        context.globalAlpha = 1;
      }
    });
  }
}
