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

/** In the place of a spec that there is no more: its gaps concern nobody. */
export const goneSpec = -2;

/** Stretches as columns, a row a stretch; those of one key follow each other. */
export interface StretchColumns {
  /** What it concerns: a venue index (-1: every venue), or an instrument index. */
  readonly keys: Int32Array;
  /** As in `Stretch`, or `goneSpec`. */
  readonly specs: Int32Array;
  readonly ownLoss: Uint8Array;
  readonly fromMs: Float64Array;
  readonly untilMs: Float64Array;
}

export interface GapListState {
  readonly byVenue: StretchColumns;
  readonly byInstrument: StretchColumns;
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
    return { byVenue: columnsOf(this.#byVenue), byInstrument: columnsOf(this.#byInstrument) };
  }

  restore(from: GapListState): void {
    putColumns(this.#byVenue, from.byVenue);
    putColumns(this.#byInstrument, from.byInstrument);
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

function columnsOf(lists: ReadonlyMap<number, readonly Stretch[]>): StretchColumns {
  let length = 0;
  for (const stretches of lists.values()) length += stretches.length;
  const columns = {
    keys: new Int32Array(length), specs: new Int32Array(length), ownLoss: new Uint8Array(length),
    fromMs: new Float64Array(length), untilMs: new Float64Array(length),
  };
  let row = 0;
  for (const [key, stretches] of lists) {
    for (const stretch of stretches) {
      columns.keys[row] = key;
      columns.specs[row] = stretch.spec;
      columns.ownLoss[row] = stretch.ownLoss ? 1 : 0;
      columns.fromMs[row] = stretch.fromMs;
      columns.untilMs[row] = stretch.untilMs;
      row++;
    }
  }
  return columns;
}

function putColumns(lists: Map<number, Stretch[]>, { keys, specs, ownLoss, fromMs, untilMs }: StretchColumns): void {
  for (const [row, key] of keys.entries()) {
    if (specs[row] === goneSpec) continue;
    const stretches = lists.get(key) ?? [];
    stretches.push({ spec: specs[row], ownLoss: ownLoss[row] === 1, fromMs: fromMs[row], untilMs: untilMs[row] });
    lists.set(key, stretches);
  }
}
