import type { Bar, Gap } from '../../bars.ts';

/*
 * The time scale of the chart has a point for each bar and none for the time between, so that nights take no room. A gap in
 * the data takes room: it gets points of its own, else nobody would see it.
 */

/** Of one gap: a week that is missing must not push everything else off the screen. */
const pointsOfGapMax = 60;

/** A gap by the points of the time scale that lie in it, both ends included. */
export interface Band {
  readonly first: number;
  readonly last: number;
}

export interface TimePoints {
  /** Open times in order, ms: of bars, and of windows in gaps that have none. */
  readonly times: readonly number[];
  /** Where the gaps are on that scale. */
  readonly bands: readonly (Band & { readonly gap: Gap })[];
}

export function timePoints(bars: readonly Bar[], gaps: readonly Gap[], lengthMs: number | null): TimePoints {
  const times = new Set(bars.map(({ openMs }) => openMs));
  const [firstBar, lastBar] = [bars[0], bars.at(-1)];
  if (firstBar === undefined || lastBar === undefined) return { times: [], bands: [] };
  const step = lengthMs ?? Infinity;
  for (const gap of gaps) {
    if (step === Infinity) break;
    const from = Math.max(firstBar.openMs, Math.ceil((gap.fromMs - firstBar.openMs) / step) * step + firstBar.openMs);
    const until = Math.min(gap.untilMs, lastBar.openMs);
    const stride = Math.max(1, Math.ceil((until - from) / step / pointsOfGapMax));
    for (let time = from; time < until; time += step * stride) times.add(time);
  }
  const sorted = [...times].sort((one, other) => one - other);
  const bands = gaps.flatMap((gap) => {
    const first = indexOf(sorted, gap.fromMs - (lengthMs ?? 0) + 1);
    const last = indexOf(sorted, gap.untilMs) - 1;
    return last < first ? [] : [{ first, last, gap }];
  });
  return { times: sorted, bands };
}

/** Index of the first that is then or later. */
export function indexOf(times: readonly number[], timeMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
