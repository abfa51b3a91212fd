import type { PassedWindows } from '../model/checkpoint.ts';
import type { LaneBounds } from './lane-bounds.ts';
import type { VenueWindows } from './venue-windows.ts';

/**
 * By venue and spec: from the first window that is whole (where the log is declared to begin at its beginning, that of its
 * first tick) up to the lateness horizon, within what the lane owns. At the end of a complete log: from its first tick on
 * everything, of all venues, for nothing will ever come there.
 */
export function passedWindows(
  venues: readonly VenueWindows[], { bounds, isEnded }: { readonly bounds: LaneBounds; readonly isEnded: boolean },
): PassedWindows[] {
  if (!isEnded) return venues.flatMap((windows) => passedOf(windows, bounds));
  const [first, ...others] = venues.toSorted((a, b) => a.firstMs - b.firstMs);
  if (first === undefined) return [];
  return first.context.specs.map(({ name }, spec) => {
    const wholeFromMs = others.map((windows) => windows.wholeFromMs[spec]);
    const heldFromMs = Math.max(fromMs(first, spec, bounds), ...wholeFromMs);
    return { venue: null, spec: name, fromMs: heldFromMs, untilMs: bounds.untilMs };
  });
}

function passedOf(windows: VenueWindows, bounds: LaneBounds): PassedWindows[] {
  const { context: { specs, instruments }, clock, venue } = windows;
  const untilMs = Math.min(clock.horizonMs, bounds.untilMs);
  return specs.map(({ name }, spec) => ({
    venue: instruments.venueName(venue), spec: name, fromMs: fromMs(windows, spec, bounds), untilMs,
  }));
}

/** Bounds are boundaries of every spec, so that no window of theirs opens before them. */
function fromMs(windows: VenueWindows, spec: number, bounds: LaneBounds): number {
  const firstOpenMs = windows.context.specs[spec].openAt(Math.max(windows.firstMs, bounds.fromMs));
  return Math.max(firstOpenMs, windows.wholeFromMs[spec]);
}
