import type { Lane } from '../model/lane.ts';
import type { AdmissionOptions } from './admission.ts';
import { changesIn, refuseChanges, refuseVersion, type Fingerprints } from './fingerprints.ts';
import type { InstrumentNames } from './instrument-names.ts';
import type { SavedBounds } from './lane-bounds.ts';
import type { VenueSnapshot } from './venue-admission.ts';

/** What admission must know after a restart. Bounds are no fingerprint: narrower ones may be set at any time. */
export interface AdmissionSnapshot {
  readonly version: number;
  readonly fingerprints: Fingerprints;
  readonly bounds: SavedBounds;
  readonly names: InstrumentNames;
  readonly venues: readonly VenueSnapshot[];
}

export const snapshotVersion = 1;

/** The settings that decide which ticks a row is made of. */
export function fingerprintsOf({ settings }: AdmissionOptions): Fingerprints {
  return {
    'ids': settings.ids,
    'zero_size': settings.zero_size,
    'off_market': settings.off_market,
    'nonpositive_price': settings.nonpositive_price,
    'bars.out_of_orderness_ms': String(settings.out_of_orderness_ms),
    'bars.allowed_lateness_ms': String(settings.allowed_lateness_ms),
    'bars.max_future_skew_ms': String(settings.max_future_skew_ms),
    'bars.max_jump_ms': String(settings.max_jump_ms),
  };
}

/** Throws an MdpError: `checkpoint-unreadable` for another version, `settings-changed` for other settings. */
export function refuseOther(lane: Lane, saved: AdmissionSnapshot, own: Fingerprints): void {
  refuseVersion(lane, 'admission', { saved: saved.version, own: snapshotVersion });
  refuseChanges(lane, changesIn(saved.fingerprints, own));
}
