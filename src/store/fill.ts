import type { BarSpec } from '../model/bar-spec.ts';
import { barState, quality } from '../model/bar.ts';
import type { BarRecord } from './bar-records.ts';

/** A recorded hole in the log of the series, [fromMs, untilMs). */
export interface Hole {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A stored bar, or one that stands for an interval without trades (`filled`). */
export interface FilledBar extends Omit<BarRecord, 'open' | 'high' | 'low' | 'close'> {
  /** Null in a row that a `null` fill made. */
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly filled: boolean;
}

export interface FillRequest {
  readonly spec: BarSpec;
  readonly kind: 'carry' | 'null';
  readonly order: 'asc' | 'desc';
  /** Open times of the answer, from inclusive, until exclusive. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Nothing is known of the log beyond this time: no row is made that closes later. */
  readonly knownUntilMs: number;
  readonly holes: readonly Hole[];
}

/**
 * Puts rows into the empty intervals of a series. `bars` are all stored bars of the range, in the order of the request;
 * `before` is the last one that opens before the range, or null. `carry` repeats the close: O=H=L=C, volume and
 * trades 0, vwap null, and goes no further than the first hole after the bar; `null` makes rows without prices.
 * Rows are made only as they are read.
 */
export function* fillBars(
  request: FillRequest, bars: Iterable<BarRecord>, before: BarRecord | null,
): Generator<FilledBar> {
  const firstMs = firstOpen(request.spec, request.fromMs);
  if (request.order === 'asc') {
    let previous = before;
    for (const bar of bars) {
      yield* between(request, previous, { firstMs, endMs: bar.openTimeMs });
      yield { ...bar, filled: false };
      previous = bar;
    }
    yield* between(request, previous, { firstMs, endMs: Infinity });
    return;
  }
  let endMs = Infinity;
  for (const bar of bars) {
    yield* between(request, bar, { firstMs, endMs });
    yield { ...bar, filled: false };
    endMs = bar.openTimeMs;
  }
  yield* between(request, before, { firstMs, endMs });
}

interface Stretch {
  /** First open time of the whole answer. */
  readonly firstMs: number;
  /** Open time of the stored bar after the stretch, Infinity when there is none. */
  readonly endMs: number;
}

/** The rows for the empty intervals behind `previous`, in the order of the request. */
function* between(request: FillRequest, previous: BarRecord | null, stretch: Stretch): Generator<FilledBar> {
  const { spec, order, kind } = request;
  if (previous === null && kind === 'carry') return;
  const fromMs = Math.max(stretch.firstMs, previous?.closeTimeMs ?? -Infinity);
  // Rows close at or before this time: a row behind a hole, beyond what is known, or at a stored bar is not made.
  const holeMs = kind === 'carry' && previous !== null ? firstHoleAfter(request.holes, previous) : Infinity;
  const lastOpenMs = lastOpenBefore(spec, Math.min(stretch.endMs, request.knownUntilMs, holeMs, lastClose(request)));
  const [startMs, next] = order === 'asc'
    ? [fromMs, (openMs: number) => spec.closeOf(openMs)]
    : [lastOpenMs, (openMs: number) => spec.openAt(openMs - 1)];
  for (let openMs = startMs; openMs >= fromMs && openMs <= lastOpenMs; openMs = next(openMs)) {
    yield filler(request, previous, openMs);
  }
}

/** The close time of the last interval that opens within the range. */
function lastClose({ spec, untilMs }: FillRequest): number {
  return untilMs === Infinity ? Infinity : spec.closeOf(spec.openAt(untilMs - 1));
}

/** Open time of the last interval that has closed at `closeMsMax`. */
function lastOpenBefore(spec: BarSpec, closeMsMax: number): number {
  if (!Number.isFinite(closeMsMax)) return -Infinity; // An open end, and nothing known: no row.
  const openMs = spec.openAt(closeMsMax - 1);
  return spec.closeOf(openMs) <= closeMsMax ? openMs : spec.openAt(openMs - 1);
}

function firstOpen(spec: BarSpec, fromMs: number): number {
  if (!Number.isFinite(fromMs)) return fromMs;
  const openMs = spec.openAt(fromMs);
  return openMs === fromMs ? openMs : spec.closeOf(openMs);
}

/** A hole that reaches the bar's end counts from where it begins: the bar's close is not the last price then. */
function firstHoleAfter(holes: readonly Hole[], bar: BarRecord): number {
  let firstMs = Infinity;
  for (const { fromMs, untilMs } of holes) {
    if (untilMs >= bar.closeTimeMs && fromMs < firstMs) firstMs = fromMs;
  }
  return firstMs;
}

function filler(request: FillRequest, previous: BarRecord | null, openTimeMs: number): FilledBar {
  const closeTimeMs = request.spec.closeOf(openTimeMs);
  const price = request.kind === 'carry' && previous !== null ? previous.close : null;
  const missing = request.holes.some((hole) => hole.fromMs < closeTimeMs && hole.untilMs > openTimeMs);
  return {
    lane: previous?.lane ?? '', openTimeMs, barIndex: 0, closeTimeMs,
    open: price, high: price, low: price, close: price,
    volume: 0, notional: 0, vwap: null, trades: 0, buyVolume: 0, sellVolume: 0,
    quality: missing ? quality.gap : quality.complete, state: barState.closed, revision: 0, whole: !missing,
    generation: previous?.generation ?? 0, position: previous?.position ?? 0, filled: true,
  };
}
