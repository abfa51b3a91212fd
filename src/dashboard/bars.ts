import type { StreamBar, StreamGap } from '../model/stream.ts';
import type { ApiBar, ApiGap } from './api.ts';

/* A bar as the page has it, whether it was stored or is of this moment. Times are ms since 1970 UTC. */

export interface Bar {
  readonly openMs: number;
  /** Exclusive. */
  readonly closeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly trades: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly state: 'forming' | 'provisional' | 'closed';
  readonly quality: 'complete' | 'partial' | 'gap';
  readonly revision: number;
  readonly whole: boolean;
}

export interface Gap {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: string;
}

/** Null for a row without prices. */
export function barOfApi(bar: ApiBar): Bar | null {
  const { open, high, low, close, volume, notional, trades, state, quality, revision, whole } = bar;
  if (open === null || high === null || low === null || close === null) return null;
  return {
    openMs: Date.parse(bar.open_time), closeMs: Date.parse(bar.close_time), open, high, low, close, volume, notional, trades,
    buyVolume: bar.buy_volume, sellVolume: bar.sell_volume, state, quality, revision, whole,
  };
}

export function barOfStream(bar: StreamBar): Bar {
  const { open_ms: openMs, close_ms: closeMs, open, high, low, close, volume, notional, trades } = bar;
  const { state, quality, revision, whole, buy_volume: buyVolume, sell_volume: sellVolume } = bar;
  const prices = { open, high, low, close };
  return { openMs, closeMs, ...prices, volume, notional, trades, buyVolume, sellVolume, state, quality, revision, whole };
}

export function gapOfApi(gap: ApiGap): Gap {
  return { fromMs: Date.parse(gap.from_time), untilMs: Date.parse(gap.until_time), reason: gap.reason };
}

export function gapOfStream({ from_ms: fromMs, until_ms: untilMs, reason }: StreamGap): Gap {
  return { fromMs, untilMs, reason };
}

interface Place {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
}

/**
 * Whether a gap is in these bars; an empty part of it is all there are. What is missing in bars of `madeFrom`, which they are
 * made of, is missing in them.
 */
export function isGapOf(gap: Place, { venue, symbol, spec }: Place, madeFrom: string | null): boolean {
  return ['', venue].includes(gap.venue) && ['', symbol].includes(gap.symbol) && ['', spec, madeFrom].includes(gap.spec);
}

/** Null where nothing was traded. */
export function vwapOf({ notional, volume }: Bar): number | null {
  return volume === 0 ? null : notional / volume;
}

/** What buyers and sellers took; `unknown` where the venue does not tell who it was. */
export interface Sides {
  readonly buy: number;
  readonly sell: number;
  readonly unknown: number;
}

export function sidesOf(bars: readonly Bar[]): Sides {
  let [buy, sell, volume] = [0, 0, 0];
  for (const bar of bars) [buy, sell, volume] = [buy + bar.buyVolume, sell + bar.sellVolume, volume + bar.volume];
  return { buy, sell, unknown: Math.max(0, volume - buy - sell) };
}

const ranks = { forming: 0, provisional: 1, closed: 2 } as const;

/** Whether `next` takes the place of `held`: what is further on, and of equals the one that came last. */
function replaces(next: Bar, held: Bar): boolean {
  const further = ranks[next.state] - ranks[held.state];
  return further !== 0 ? further > 0 : next.revision >= held.revision;
}

/** Bars of one instrument and spec by open time. They come in any order, from the stream and from what is stored. */
export class BarBook {
  #bars: Bar[] = [];

  get bars(): readonly Bar[] {
    return this.#bars;
  }

  /**
   * Takes bars in. Returns the index of the first that is another or new; all before it are as they were. Null: all are. A
   * stored bar never goes back to one that was forming.
   */
  put(bars: readonly Bar[]): number | null {
    let first: number | null = null;
    for (const bar of bars) {
      const at = barIndexFrom(this.#bars, bar.openMs);
      if (this.#place(bar, at)) first = Math.min(first ?? at, at);
    }
    return first;
  }

  /** False: what is there stays. */
  #place(bar: Bar, at: number): boolean {
    const held = this.#bars[at];
    if (held?.openMs !== bar.openMs) this.#bars.splice(at, 0, bar);
    else if (replaces(bar, held)) this.#bars[at] = bar;
    else return false;
    return true;
  }
}

/** Index of the first bar that opens then or later. */
export function barIndexFrom(bars: readonly Bar[], openMs: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle].openMs < openMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Nominal length of a bar spec's window, ms: a local day may have 23 hours. Null for one that is cut by what is traded. */
export function specLengthMs(spec: string): number | null {
  const [, number, unit] = /^(\d+)(ms|s|m|h|d|w)(?:@|$)/.exec(spec) ?? [];
  return number === undefined ? null : Number(number) * units[unit];
}

/** Shortest first; those that are cut by what is traded last. */
export function inOrder(specs: readonly string[]): readonly string[] {
  return specs.toSorted((one, other) => (specLengthMs(one) ?? Infinity) - (specLengthMs(other) ?? Infinity));
}
