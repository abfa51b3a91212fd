import { isOwnLoss, type Gap } from '../model/gap.ts';

/** What a bar misses. Ordered: more is worse. */
export const flaw = { none: 0, gap: 1, ownLoss: 2 } as const;

/** A stretch of event time with missing data, [fromMs, untilMs). */
export interface Stretch {
  /** Index into the lane's specs, or -1 for all of them. */
  readonly spec: number;
  readonly ownLoss: boolean;
  fromMs: number;
  untilMs: number;
}

/** The bars that one question is about. */
export interface BarWindow {
  readonly venue: number;
  readonly spec: number;
  readonly openMs: number;
  readonly endMs: number;
}

/** Stretches by what they concern: venue index (-1: every venue) or instrument index. */
export interface GapListState {
  readonly byVenue: readonly (readonly [venue: number, stretches: readonly Stretch[]])[];
  readonly byInstrument: readonly (readonly [instrument: number, stretches: readonly Stretch[]])[];
}

/**
 * Of one venue or instrument (256 * 40 bytes); beyond it the two oldest are joined, and what lies between them counts as
 * missing too. Gaps of all venues are kept until then, because a venue may yet come whose time lies behind the others'.
 */
const stretchesMax = 256;
const allVenues = -1;

/** The gaps of one lane that bars in memory, or bars yet to come, may touch. */
export class GapList {
  readonly #byVenue = new Map<number, Stretch[]>();
  readonly #byInstrument = new Map<number, Stretch[]>();

  get isEmpty(): boolean {
    return this.#byVenue.size === 0 && this.#byInstrument.size === 0;
  }

  /** `spec` is the index of the spec that the gap is limited to, or -1. */
  add(gap: Gap, spec: number): void {
    if (!(gap.fromMs < gap.untilMs)) return;
    const stretch = { spec, ownLoss: isOwnLoss(gap.reason), fromMs: gap.fromMs, untilMs: gap.untilMs };
    if (gap.instruments === 'all') {
      addStretch(this.#byVenue, gap.venue === 'all' ? allVenues : gap.venue, stretch);
      return;
    }
    for (const instrument of gap.instruments) addStretch(this.#byInstrument, instrument, { ...stretch });
  }

  /** The worst that all bars of a window miss, whatever their instrument. */
  flawOf(window: BarWindow): number {
    return Math.max(flawIn(this.#byVenue.get(allVenues), window), flawIn(this.#byVenue.get(window.venue), window));
  }

  /** The worst that the bar of one instrument misses, beside what all bars of the window do. */
  flawOfInstrument(window: BarWindow, instrument: number): number {
    return this.#byInstrument.size === 0 ? flaw.none : flawIn(this.#byInstrument.get(instrument), window);
  }

  /** Forgets gaps of a venue, or of its instruments, that end at or before `openMs`: no bar of it opens before that. */
  prune(venue: number, openMs: number, venueOf: Int32Array): void {
    pruneIn(this.#byVenue, (key) => key === venue, openMs);
    pruneIn(this.#byInstrument, (instrument) => venueOf[instrument] === venue, openMs);
  }

  snapshot(): GapListState {
    return { byVenue: entriesOf(this.#byVenue), byInstrument: entriesOf(this.#byInstrument) };
  }

  restore(from: GapListState): void {
    for (const [venue, stretches] of from.byVenue) this.#byVenue.set(venue, stretches.map((one) => ({ ...one })));
    for (const [instrument, stretches] of from.byInstrument) {
      this.#byInstrument.set(instrument, stretches.map((one) => ({ ...one })));
    }
  }
}

function flawIn(stretches: readonly Stretch[] | undefined, window: BarWindow): number {
  let worst: number = flaw.none;
  for (const { spec, ownLoss, fromMs, untilMs } of stretches ?? []) {
    if (spec !== -1 && spec !== window.spec) continue;
    if (fromMs >= window.endMs || untilMs <= window.openMs) continue;
    if (ownLoss) return flaw.ownLoss;
    worst = flaw.gap;
  }
  return worst;
}

/** Joins it with every stretch of its kind that it touches; they stay disjoint and in order of time. */
function addStretch(lists: Map<number, Stretch[]>, key: number, added: Stretch): void {
  const apart: Stretch[] = [];
  for (const other of lists.get(key) ?? []) {
    const isApart = other.untilMs < added.fromMs || other.fromMs > added.untilMs;
    if (isApart || !isSameKind(other, added)) {
      apart.push(other);
      continue;
    }
    added.fromMs = Math.min(added.fromMs, other.fromMs);
    added.untilMs = Math.max(added.untilMs, other.untilMs);
  }
  apart.push(added);
  apart.sort((a, b) => a.fromMs - b.fromMs);
  if (apart.length > stretchesMax) joinOldest(apart);
  lists.set(key, apart);
}

function isSameKind(a: Stretch, b: Stretch): boolean {
  return a.spec === b.spec && a.ownLoss === b.ownLoss;
}

function joinOldest(stretches: Stretch[]): void {
  for (const [index, oldest] of stretches.entries()) {
    const next = stretches.findIndex((other, at) => at > index && isSameKind(other, oldest));
    if (next === -1) continue;
    oldest.untilMs = Math.max(oldest.untilMs, stretches[next].untilMs);
    stretches.splice(next, 1);
    return;
  }
}

function pruneIn(lists: Map<number, Stretch[]>, isOf: (key: number) => boolean, openMs: number): void {
  for (const [key, stretches] of lists) {
    if (!isOf(key) || stretches.every((stretch) => stretch.untilMs > openMs)) continue;
    const live = stretches.filter((stretch) => stretch.untilMs > openMs);
    if (live.length === 0) lists.delete(key);
    else lists.set(key, live);
  }
}

function entriesOf(lists: ReadonlyMap<number, readonly Stretch[]>): [number, Stretch[]][] {
  return [...lists].map(([key, stretches]) => [key, stretches.map((one) => ({ ...one }))]);
}
