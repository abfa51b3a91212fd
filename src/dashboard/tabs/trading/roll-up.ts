import { BarBook } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';

interface Window {
  readonly openMs: number;
  readonly parts: BarBook;
}

/** Late trades still change the window before the newest; what lies further back is as the server has it. */
const windowsMax = 2;

/**
 * The newest bars of a plain spec, made of bars of one that divides it, as the server does it once a window is over: first,
 * max, min, last, sums, the worst quality. Here a window is never closed: that it is, only the server knows.
 */
export class RollUp {
  readonly #lengthMs: number;
  #windows: Window[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Open time of the window that holds a time. */
  openOf(timeMs: number): number {
    return Math.floor(timeMs / this.#lengthMs) * this.#lengthMs;
  }

  /** Takes parts in. Returns the bars that are others by it, oldest first; a part of an older window changes none. */
  put(parts: readonly Bar[], gaps: readonly Gap[]): readonly Bar[] {
    const changed = new Set<Window>();
    for (const part of parts) {
      const before = this.#windows.at(-1);
      const window = this.#windowOf(part.openMs);
      if (window === null || window.parts.put([part]) === null) continue;
      // It is over now, and no longer forming.
      if (before !== undefined && before !== this.#windows.at(-1)) changed.add(before);
      changed.add(window);
    }
    return this.#windows.filter((window) => changed.has(window)).map((window) => this.#barOf(window, gaps));
  }

  #windowOf(timeMs: number): Window | null {
    const openMs = this.openOf(timeMs);
    const known = this.#windows.find((window) => window.openMs === openMs);
    if (known !== undefined) return known;
    if (openMs < (this.#windows.at(-1)?.openMs ?? -Infinity)) return null;
    const window = { openMs, parts: new BarBook() };
    this.#windows = [...this.#windows, window].slice(-windowsMax);
    return window;
  }

  #barOf(window: Window, gaps: readonly Gap[]): Bar {
    const { openMs, parts: { bars } } = window;
    const closeMs = openMs + this.#lengthMs;
    const [first, last] = [bars[0], bars[bars.length - 1]];
    const sum = (of: (bar: Bar) => number): number => bars.reduce((total, bar) => total + of(bar), 0);
    const isOver = window !== this.#windows.at(-1) || (last.state !== 'forming' && last.closeMs >= closeMs);
    const isHoled = gaps.some((gap) => gap.fromMs < closeMs && gap.untilMs > openMs) || bars.some(({ quality }) => quality === 'gap');
    return {
      openMs, closeMs, open: first.open, close: last.close,
      high: bars.reduce((most, bar) => Math.max(most, bar.high), -Infinity),
      low: bars.reduce((least, bar) => Math.min(least, bar.low), Infinity),
      volume: sum(({ volume }) => volume), notional: sum(({ notional }) => notional), trades: sum(({ trades }) => trades),
      buyVolume: sum(({ buyVolume }) => buyVolume), sellVolume: sum(({ sellVolume }) => sellVolume),
      state: isOver ? 'provisional' : 'forming',
      quality: isHoled ? 'gap' : bars.some(({ quality }) => quality === 'partial') ? 'partial' : 'complete',
      revision: sum(({ revision }) => revision), whole: bars.every(({ whole }) => whole),
    };
  }
}
