import type { CustomSeriesPricePlotValues } from 'lightweight-charts';
import { BarShapes } from '../../bar-shapes.ts';
import type { BarDatum, Ground } from '../../bar-shapes.ts';
import type { Colours } from '../../colours.ts';
import { hatch, outline } from '../trading/candles.ts';

/*
 * Volumes that say what they are made of, as candles do. Forming: hollow. Provisional: a dashed border around a light body.
 * Closed: full. Partial: half-tone. Touched by a gap: hatched behind.
 */

export interface VolumeData extends BarDatum {
  /** Of its class. */
  readonly fill: string;
}

export class VolumeBars extends BarShapes<VolumeData> {
  readonly #colours: Colours;

  constructor(colours: Colours) {
    super();
    this.#colours = colours;
  }

  priceValueBuilder({ bar }: VolumeData): CustomSeriesPricePlotValues {
    return [0, bar.volume];
  }

  protected drawBar({ bar, fill: colour, isHatched }: VolumeData, middle: number, ground: Ground): void {
    const { context, ratio, spacing, y } = ground;
    const width = Math.max(1, Math.floor(spacing * 0.72));
    const line = Math.max(1, Math.floor(ratio));
    if (isHatched) {
      const band = { left: middle - spacing / 2, width: spacing, height: ground.height };
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
}
