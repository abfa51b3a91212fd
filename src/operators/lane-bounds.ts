import { MdpError } from '../errors.ts';
import type { Gap } from '../model/gap.ts';
import { parseInstant } from '../model/instant.ts';
import type { Settings } from '../model/setting.ts';

export const laneBoundSettings = {
  from: {
    type: 'text', default: null,
    doc: 'Event time from which on bars belong to this source: ISO 8601 (UTC where no zone is given) or ms since 1970; a ' +
      'boundary of every bar spec. Earlier ticks are excluded and counted. Empty: from the first tick on.',
  },
  until: {
    type: 'text', default: null,
    doc: 'Event time at which bars cease to belong to this source, as in from. Ticks at or after it are excluded and ' +
      'counted; they still show how far time has come, and so close the bars before it. Empty: without an end.',
  },
} as const satisfies Settings;

/** The event times that a lane owns, [fromMs, untilMs); infinite where it has no bound. */
export interface LaneBounds {
  readonly fromMs: number;
  readonly untilMs: number;
}

export const everything: LaneBounds = { fromMs: -Infinity, untilMs: Infinity };

/** What a source's settings say; text that is no time was refused by the configuration. */
export function boundsOf({ from, until }: { readonly from?: string | null; readonly until?: string | null }): LaneBounds {
  return {
    fromMs: from === undefined || from === null ? -Infinity : parseInstant(from),
    untilMs: until === undefined || until === null ? Infinity : parseInstant(until),
  };
}

/** The same in a snapshot: null where a lane has no bound. */
export interface SavedBounds {
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

export function savedBounds({ fromMs, untilMs }: LaneBounds): SavedBounds {
  return { fromMs: Number.isFinite(fromMs) ? fromMs : null, untilMs: Number.isFinite(untilMs) ? untilMs : null };
}

/**
 * Narrower bounds may be set at any time: what lies outside is left to others. Wider ones only while nothing has been
 * excluded that would be needed now. `newestMs` is the newest event time that any venue has shown. Throws an MdpError
 * `settings-changed`.
 */
export function refuseWider(own: LaneBounds, saved: SavedBounds, newestMs: number): void {
  const { fromMs, untilMs } = { fromMs: saved.fromMs ?? -Infinity, untilMs: saved.untilMs ?? Infinity };
  if (own.fromMs < fromMs && newestMs > -Infinity) refuse('from', own.fromMs, fromMs);
  if (own.untilMs > untilMs && newestMs >= untilMs) refuse('until', own.untilMs, untilMs);
}

function refuse(key: 'from' | 'until', ownMs: number, savedMs: number): never {
  const saved = new Date(savedMs).toISOString();
  const own = Number.isFinite(ownMs) ? new Date(ownMs).toISOString() : 'empty';
  const change = `The source's \`${key}\` was ${saved} when the checkpoint was taken and is ${own} now, which is wider`;
  throw new MdpError('settings-changed', `${change}: ticks between the two may have been excluded already. Put it ` +
    'back, or run once with --rebuild (fold the log again) or --from-now (go on without what was open).');
}

/** The part of a gap that lies within the bounds, or null: what a lane misses elsewhere is not its own to miss. */
export function gapWithin(bounds: LaneBounds, gap: Gap): Gap | null {
  const fromMs = Math.max(gap.fromMs, bounds.fromMs);
  const untilMs = Math.min(gap.untilMs, bounds.untilMs);
  if (fromMs === gap.fromMs && untilMs === gap.untilMs) return gap;
  return fromMs < untilMs ? { ...gap, fromMs, untilMs } : null;
}

/** The greatest double below a time: times may have fractions, and `until` is exclusive. */
export function lastBefore(untilMs: number): number {
  if (untilMs === Infinity) return Infinity;
  if (untilMs === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([untilMs]).buffer);
  bits[0] += untilMs > 0 ? -1n : 1n; // Doubles of one sign are ordered as their bits are.
  return new Float64Array(bits.buffer)[0];
}
