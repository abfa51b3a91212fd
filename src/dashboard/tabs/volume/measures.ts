import type { Bar } from '../../bars.ts';

/*
 * What the tab Volume computes from the bars that it shows, oldest first. Where a formula is one of docs/indicators.md it is
 * that one; null where it is not defined.
 */

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** For each bar the mean volume of the n bars before it, its own left out; null where there are fewer. */
export function usualVolumes(bars: readonly Bar[], n: number): readonly (number | null)[] {
  return bars.map((_, at) => (at < n ? null : meanOf(bars.slice(at - n, at).map(({ volume }) => volume))));
}

/** volume_ratio(n) of the last bar. */
export function volumeRatio(bars: readonly Bar[], n: number): number | null {
  const usual = usualVolumes(bars.slice(-n - 1), n).at(-1) ?? 0;
  return usual === 0 ? null : bars[bars.length - 1].volume / usual;
}

/** volume_trend(n) of the last n bars: a share of their mean volume a bar. */
export function volumeTrend(bars: readonly Bar[], n: number): number | null {
  const volumes = bars.slice(-n).map(({ volume }) => volume);
  const mean = meanOf(volumes);
  if (volumes.length < n || mean === 0) return null;
  const middle = (n - 1) / 2;
  const products = volumes.reduce((sum, volume, x) => sum + (x - middle) * (volume - mean), 0);
  return products / (n * (n * n - 1) / 12) / mean;
}

/** From one bar to the next: of the close, in the price's unit, and of the volume. */
export interface Change {
  readonly openMs: number;
  readonly price: number;
  readonly volume: number;
}

export function changesOf(bars: readonly Bar[]): readonly Change[] {
  return bars.slice(1).map(({ openMs, close, volume }, at) => (
    { openMs, price: close - bars[at].close, volume: volume - bars[at].volume }));
}

/** Changes of values are known to some four units in the last place of these: what deviates by less is rounding. */
const roundingShare = 4 * Number.EPSILON;

/**
 * pv_correlation of as many changes as there are between these bars: Pearson's r. Null below three changes, or where one of
 * the two did not vary by more than rounding.
 */
export function correlation(bars: readonly Bar[]): number | null {
  const changes = changesOf(bars);
  if (changes.length < 3) return null;
  const [price, volume] = [meanOf(changes.map((change) => change.price)), meanOf(changes.map((change) => change.volume))];
  let [products, prices, volumes] = [0, 0, 0];
  for (const change of changes) {
    products += (change.price - price) * (change.volume - volume);
    prices += (change.price - price) ** 2;
    volumes += (change.volume - volume) ** 2;
  }
  const isRounding = (squares: number, sizes: readonly number[]): boolean =>
    Math.sqrt(squares / changes.length) <= roundingShare * Math.max(...sizes);
  if (isRounding(prices, bars.map(({ close }) => close)) || isRounding(volumes, bars.map((bar) => bar.volume))) return null;
  return Math.max(-1, Math.min(1, products / Math.sqrt(prices * volumes)));
}

/** Of two series without any relation, r of n changes stays below this 19 times in 20 (normal approximation, 1.96 / √n). */
export const chanceBound = (n: number): number => 1.96 / Math.sqrt(n);

export const classNames = ['low', 'medium', 'high'] as const;
export type ClassName = (typeof classNames)[number];

/** Greatest volume of a low and of a medium bar: terciles by nearest rank. */
export interface Bounds {
  readonly low: number;
  readonly medium: number;
}

/** Null below three bars. */
export function boundsOf(bars: readonly Bar[]): Bounds | null {
  if (bars.length < 3) return null;
  const sorted = bars.map(({ volume }) => volume).sort((one, other) => one - other);
  const ranked = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1];
  return { low: ranked(1 / 3), medium: ranked(2 / 3) };
}

export function classOf(volume: number, { low, medium }: Bounds): ClassName {
  if (volume <= low) return 'low';
  return volume <= medium ? 'medium' : 'high';
}

/** The bars of one class, and how the price moved with them: the close against that of the bar before, as a share. */
export interface VolumeClass {
  readonly name: ClassName;
  readonly bars: number;
  readonly up: number;
  readonly down: number;
  /** Of the volume of all classes; 0 where nothing was traded. */
  readonly volumeShare: number;
  /** With its sign, and without it; null for a class without bars. */
  readonly meanMove: number | null;
  readonly meanSize: number | null;
}

export function classesOf(bars: readonly Bar[], bounds: Bounds): readonly VolumeClass[] {
  const total = bars.reduce((sum, { volume }) => sum + volume, 0);
  // The first bar has none before it: what it did since its open.
  const all = bars.map(({ open, close, volume }, at) => ({ volume, move: close / (bars[at - 1]?.close ?? open) - 1 }));
  return classNames.map((name) => {
    const ours = all.filter(({ volume }) => classOf(volume, bounds) === name);
    const moves = ours.map(({ move }) => move);
    const volume = ours.reduce((sum, bar) => sum + bar.volume, 0);
    return {
      name, bars: ours.length, up: moves.filter((move) => move > 0).length, down: moves.filter((move) => move < 0).length,
      volumeShare: total === 0 ? 0 : volume / total,
      meanMove: ours.length === 0 ? null : meanOf(moves), meanSize: ours.length === 0 ? null : meanOf(moves.map(Math.abs)),
    };
  });
}
