import type { CustomSeriesPricePlotValues } from 'lightweight-charts';
import { BarShapes } from '../../bar-shapes.ts';
import type { BarDatum, Ground } from '../../bar-shapes.ts';
import type { Bar } from '../../bars.ts';
import { faded } from '../../colours.ts';
import type { Colours } from '../../colours.ts';

/*
 * Candles that say what they are made of. Forming: hollow. Provisional: a dashed border around a light body. Closed: full.
 * Partial: half-tone. Touched by a gap: hatched behind. Revised: a dot above, with the count where there is room.
 */

/** Where and how large, in pixels of the screen. */
interface Place {
  readonly context: CanvasRenderingContext2D;
  readonly x: number;
  readonly width: number;
  /** One pixel of the page in pixels of the screen. */
  readonly ratio: number;
  readonly y: (price: number) => number;
  readonly height: number;
}

export class CandleSeries extends BarShapes<BarDatum> {
  colours: Colours;

  constructor(colours: Colours) {
    super();
    this.colours = colours;
  }

  priceValueBuilder({ bar }: BarDatum): CustomSeriesPricePlotValues {
    return [bar.low, bar.high, bar.close];
  }

  protected drawBar({ bar, isHatched }: BarDatum, middle: number, { context, ratio, height, spacing, y }: Ground): void {
    const body = Math.max(1, Math.floor(spacing * (spacing > 5 * ratio ? 0.72 : 0.85)));
    const width = body > 2 && body % 2 === 0 ? body - 1 : body;
    const place = { context, x: Math.round(middle), width, ratio, y, height };
    if (isHatched) hatch(context, { ...place, left: place.x - spacing / 2, width: spacing, colour: this.colours.look });
    drawCandle(bar, place, this.colours);
    if (bar.revision > 0) drawRevision(bar, place, this.colours);
  }
}

function drawCandle(bar: Bar, place: Place, colours: Colours): void {
  const { context, x, width, ratio, y } = place;
  const colour = bar.close >= bar.open ? colours.up : colours.down;
  const [top, bottom] = [y(Math.max(bar.open, bar.close)), y(Math.min(bar.open, bar.close))];
  const [high, low] = [y(bar.high), y(bar.low)];
  const line = Math.max(1, Math.floor(ratio));
  const left = x - Math.floor(width / 2);
  const height = Math.max(line, bottom - top);
  context.globalAlpha = bar.quality === 'partial' ? 0.5 : 1;
  context.fillStyle = colour;
  const wickLeft = x - Math.floor(line / 2);
  context.fillRect(wickLeft, high, line, Math.max(0, top - high));
  context.fillRect(wickLeft, top + height, line, Math.max(0, low - top - height));
  if (bar.state === 'closed' || width < 5 * ratio || height < 3 * line) context.fillRect(left, top, width, height);
  else outline(bar, { context, left, top, width, height, line, colour }, colours);
  context.globalAlpha = 1;
}

/** A body on the screen, in its pixels. */
export interface Box {
  readonly context: CanvasRenderingContext2D;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly line: number;
  readonly colour: string;
}

/** Hollow where the bar is forming; a dashed border around a light body where it is provisional. */
export function outline(bar: Bar, { context, left, top, width, height, line, colour }: Box, colours: Colours): void {
  context.fillStyle = bar.state === 'forming' ? colours.panel : faded(colour, 0.25);
  context.fillRect(left, top, width, height);
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.setLineDash(bar.state === 'provisional' ? [2 * line, 2 * line] : []);
  context.strokeRect(left + line / 2, top + line / 2, width - line, height - line);
  context.setLineDash([]);
}

function drawRevision(bar: Bar, { context, x, width, ratio, y }: Place, colours: Colours): void {
  const centre = y(bar.high) - 6 * ratio;
  context.fillStyle = colours.accent;
  context.beginPath();
  context.arc(x, centre, Math.min(2.5, Math.max(1.2, width / ratio / 3)) * ratio, 0, 2 * Math.PI);
  context.fill();
  if (width < 8 * ratio) return;
  context.font = `${10 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.fillStyle = colours.text;
  context.fillText(String(bar.revision), x, centre - 4 * ratio);
}

/** Slanted lines over the whole height: data is missing here. */
export function hatch(context: CanvasRenderingContext2D, { left, width, height, ratio, colour }: {
  readonly left: number; readonly width: number; readonly height: number; readonly ratio: number; readonly colour: string;
}): void {
  context.save();
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  context.fillStyle = faded(colour, 0.07);
  context.fillRect(left, 0, width, height);
  context.strokeStyle = faded(colour, 0.32);
  context.lineWidth = ratio;
  const step = 8 * ratio;
  context.beginPath();
  // The lines of neighbours meet: where they stand depends on the screen and not on the band.
  for (let x = Math.floor((left - height) / step) * step; x < left + width; x += step) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}
