import type { BarSpec } from './bar-spec.ts';

/** The instants at which a window of every spec begins, nearest to a time; null where a search of years finds none. */
export interface CommonBoundaries {
  /** Names of the specs that have no boundary at the time itself; empty: it is a common one. */
  readonly missing: readonly string[];
  readonly beforeMs: number | null;
  readonly afterMs: number | null;
}

/** Each step passes a window of the longest spec, or nearly: with days that is some ten years. */
const stepsMax = 4_000;

export function commonBoundaries(timeMs: number, specs: readonly BarSpec[]): CommonBoundaries {
  const missing = specs.filter((spec) => spec.openAt(timeMs) !== timeMs).map(({ name }) => name);
  const down = (at: number): number => Math.min(...specs.map((spec) => spec.openAt(at)));
  const up = (at: number): number => Math.max(...specs.map((spec) => nextOf(spec, at)));
  return { missing, beforeMs: settle(timeMs, down), afterMs: settle(timeMs, up) };
}

/** What to write instead, as the end of a sentence. */
export function nearestBoundaries({ beforeMs, afterMs }: CommonBoundaries): string {
  const found = [beforeMs, afterMs].filter((timeMs) => timeMs !== null).map((timeMs) => new Date(timeMs).toISOString());
  if (found.length === 0) return 'the specs have no common boundary within years';
  return `the nearest common ones are ${found.join(' and ')}`;
}

/** The first boundary of a spec at or after a time. */
function nextOf(spec: BarSpec, atMs: number): number {
  const openMs = spec.openAt(atMs);
  return openMs === atMs ? atMs : spec.closeOf(openMs);
}

/** No common boundary is ever stepped over: each step goes to the furthest of the specs' own nearest ones. */
function settle(fromMs: number, step: (atMs: number) => number): number | null {
  let at = fromMs;
  for (let steps = 0; steps < stepsMax; steps++) {
    const next = step(at);
    if (next === at) return at;
    at = next;
  }
  return null;
}
