import type {
  IPrimitivePaneRenderer, IPrimitivePaneView, ISeriesPrimitive, ITimeScaleApi, Logical, PrimitivePaneViewZOrder,
  SeriesAttachedParameter, Time,
} from 'lightweight-charts';
import { hatch } from './candles.ts';
import type { Band } from './time-points.ts';

type Target = Parameters<IPrimitivePaneRenderer['draw']>[0];

/** Hatched bands behind the candles where a log has a hole. */
export class GapBands implements ISeriesPrimitive, IPrimitivePaneView, IPrimitivePaneRenderer {
  #bands: readonly Band[] = [];
  #colour: string;
  #timeScale: ITimeScaleApi<Time> | null = null;
  #requestUpdate = (): void => {};

  constructor(colour: string) {
    this.#colour = colour;
  }

  attached({ chart, requestUpdate }: SeriesAttachedParameter): void {
    this.#timeScale = chart.timeScale();
    this.#requestUpdate = requestUpdate;
  }

  set(bands: readonly Band[], colour: string): void {
    this.#bands = bands;
    this.#colour = colour;
    this.#requestUpdate();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this];
  }

  zOrder(): PrimitivePaneViewZOrder {
    return 'bottom';
  }

  renderer(): IPrimitivePaneRenderer {
    return this;
  }

  draw(target: Target): void {
    const timeScale = this.#timeScale;
    if (timeScale === null) return;
    const half = timeScale.options().barSpacing / 2;
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: ratio, bitmapSize }) => {
      for (const { first, last } of this.#bands) {
        const left = timeScale.logicalToCoordinate(first as Logical);
        const right = timeScale.logicalToCoordinate(last as Logical);
        if (left === null || right === null || right + half < 0 || left - half > bitmapSize.width / ratio) continue;
        const from = Math.max(0, (left - half) * ratio);
        const until = Math.min(bitmapSize.width, (right + half) * ratio);
        hatch(context, { left: from, width: until - from, height: bitmapSize.height, ratio, colour: this.#colour });
      }
    });
  }
}
