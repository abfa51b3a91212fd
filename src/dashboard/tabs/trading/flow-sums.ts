import type { Bar } from '../../bars.ts';

const dayMs = 86_400_000;

/** Of a bar: all of it, what has a side, and what was bought. */
export function volumesOf({ volume, buyVolume, sellVolume }: Bar): readonly [number, number, number] {
  return [volume, buyVolume + sellVolume, buyVolume];
}

/**
 * Bought less sold, added up from the begin of each UTC day: what it comes to does not depend on how much was loaded. `sums`
 * are those of the first bars; the others' are added.
 */
export function addDeltas(sums: number[], bars: readonly Bar[]): void {
  for (const bar of bars.slice(sums.length)) {
    const before = bars[sums.length - 1];
    const isSameDay = before !== undefined
      && (bar.closeMs - bar.openMs >= dayMs || Math.floor(before.openMs / dayMs) === Math.floor(bar.openMs / dayMs));
    sums.push((isSameDay ? sums[sums.length - 1] : 0) + bar.buyVolume - bar.sellVolume);
  }
}
