import type { InstrumentTable } from '../model/instruments.ts';
import type { Lane } from '../model/lane.ts';
import type { RejectReason, TickBatch } from '../model/tick-batch.ts';
import type { AdmissionSettings } from './admission-settings.ts';
import { fingerprintsOf, refuseOther, snapshotVersion, type AdmissionSnapshot } from './admission-snapshot.ts';
import { AdmittedTicks, emptyBatch } from './admitted-ticks.ts';
import type { BarSettings } from './bar-settings.ts';
import type { HeldTick } from './held-ticks.ts';
import { NameCollector, placesIn } from './instrument-names.ts';
import { boundsOf, refuseWider, savedBounds, type LaneBounds } from './lane-bounds.ts';
import type { AdmittedBatch, Emit } from './operator.ts';
import { flawOf, jumpFlaw, skewFlaw, type Flaw } from './tick-flaws.ts';
import { heldTickOf, lateTickOf, letterOfTick, lettersOfRejects } from './tick-letters.ts';
import { VenueAdmission } from './venue-admission.ts';

export { admissionSettings, type AdmissionSettings } from './admission-settings.ts';
export type { AdmissionSnapshot } from './admission-snapshot.ts';

export interface AdmissionOptions {
  readonly lane: Lane;
  readonly instruments: InstrumentTable;
  readonly settings: Omit<BarSettings, 'specs' | 'idle_ms'> & AdmissionSettings;
}

interface Context {
  readonly batch: TickBatch;
  readonly out: Emit;
}

/** Where every tick went; together with what waits elsewhere the tick ledger (src/model/status.ts). */
export interface AdmissionCounts {
  aggregated: number;
  duplicate: number;
  late: number;
  excluded: number;
  /** Waiting now. */
  held: number;
  /** Held ticks that came back with a snapshot. */
  restored: number;
  readonly rejected: Partial<Record<RejectReason, number>>;
}

/**
 * Decides, once per tick and for all operators, whether it is rejected, excluded, held, late, duplicate or admitted, in
 * this order, and moves the clocks of the venues. One per lane. What it decides depends on the log alone (on a live lane,
 * and for a venue's very first tick, on the time of receipt too) and not on how the log was cut into batches.
 *
 * Order matters: a bad value says nothing about time; a tick from beyond belief must not move the clock; one that is
 * believed moves it even when it lies outside of the lane's bounds and is excluded; a late tick is late even when it is a
 * repetition, so ids behind the horizon can be forgotten.
 */
export class Admission {
  readonly counts: AdmissionCounts = {
    aggregated: 0, duplicate: 0, late: 0, excluded: 0, held: 0, restored: 0, rejected: {},
  };
  readonly #options: AdmissionOptions;
  readonly #venues: (VenueAdmission | undefined)[] = []; // By venue index.
  readonly #admitted = new AdmittedTicks();
  /** What this lane owns. */
  readonly bounds: LaneBounds;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.bounds = boundsOf(options.settings);
  }

  /** The admitted ticks, in order: the batch itself when that is all of it. A copy is valid until the next call. */
  admit(batch: TickBatch, out: Emit): AdmittedBatch {
    const { venueOf } = this.#options.instruments;
    const context = { batch, out };
    for (const reject of batch.rejects) this.#countRejected(reject.reason);
    for (const letter of lettersOfRejects(batch)) out.deadLetter(letter);
    this.#admitted.start(batch);
    let index = 0;
    while (index < batch.length) {
      const venue = this.#venue(venueOf[batch.instrument[index]]);
      const stop = venue.admitPlain(batch, index, venueOf);
      this.#keep(index, stop);
      index = stop;
      // The run ended at a tick of another venue, or at one that needs a closer look.
      if (index === batch.length || venueOf[batch.instrument[index]] !== venue.venue) continue;
      if (this.#judge(venue, index, context)) this.#keep(index, index + 1);
      index++;
    }
    for (const venue of this.#venues) venue?.seen?.forget();
    return this.#admitted.finish();
  }

  /** The end of a complete log releases what is still held; null when nothing is. `position` is the last + 1. */
  end(position: number, out: Emit): AdmittedBatch | null {
    if (this.counts.held === 0) return null;
    const batch = emptyBatch({ lane: this.#options.lane, ids: this.#options.settings.ids, position });
    this.#admitted.start(batch);
    for (const venue of this.#venues) {
      for (const held of venue?.held.takeAll() ?? []) this.#release(held, position, { batch, out });
    }
    return this.#admitted.finish();
  }

  /** Bars of the venue that end here or before are closed; null before its first tick. */
  watermarkMs(venue: number): number | null {
    const clock = this.#venues[venue]?.clock;
    return clock === undefined || clock.newestMs === -Infinity ? null : clock.watermarkMs;
  }

  /**
   * Bars of the venue that end here or before can change no more; null before its first tick. Never beyond the lane's
   * bounds: what comes after them is another lane's to say.
   */
  horizonMs(venue: number): number | null {
    const clock = this.#venues[venue]?.clock;
    if (clock === undefined || clock.newestMs === -Infinity) return null;
    return Math.min(clock.horizonMs, this.bounds.untilMs);
  }

  /** Between two batches. Plain data, with names in the place of table indices. */
  snapshot(): AdmissionSnapshot {
    const names = new NameCollector(this.#options.instruments);
    const venues = this.#venues.filter((venue) => venue !== undefined).map((venue) => venue.snapshot(names));
    return {
      version: snapshotVersion, fingerprints: fingerprintsOf(this.#options), bounds: savedBounds(this.bounds),
      names: names.names(), venues,
    };
  }

  /**
   * Takes up where a snapshot was taken; only before the first batch. Throws an MdpError: `checkpoint-unreadable` for
   * another version, `settings-changed` for other settings, or for wider bounds when ticks in between have gone by.
   */
  restore(from: AdmissionSnapshot): void {
    refuseOther(this.#options.lane, from, fingerprintsOf(this.#options));
    const places = placesIn(this.#options.instruments, from.names);
    const newestMs = Math.max(-Infinity, ...from.venues.map((venue) => venue.newestMs ?? -Infinity));
    refuseWider(this.bounds, from.bounds, newestMs);
    for (const saved of from.venues) {
      const venue = this.#venue(places.venues[saved.venue]);
      venue.restore(saved, places);
      this.counts.held += venue.held.ticks.length;
      this.counts.restored += venue.held.ticks.length;
    }
  }

  /** The lane goes on elsewhere: held ticks are nobody's here. Returns how many there were. */
  giveUpHeld(): number {
    const count = this.counts.held;
    for (const venue of this.#venues) venue?.held.takeAll();
    this.counts.held = 0;
    return count;
  }

  #venue(index: number): VenueAdmission {
    return this.#venues[index] ??= new VenueAdmission(index, this.#options, this.bounds);
  }

  #keep(from: number, until: number): void {
    this.#admitted.keep(from, until);
    this.counts.aggregated += until - from;
  }

  /** The long way, for one tick: true when it is admitted. */
  #judge(venue: VenueAdmission, index: number, context: Context): boolean {
    const { batch } = context;
    const { settings } = this.#options;
    const flaw = flawOf(batch, index, settings);
    if (flaw !== null) return this.#reject(heldTickOf(batch, index), flaw, context);
    if (batch.offMarket !== undefined && batch.offMarket[index] !== 0 && settings.off_market === 'exclude') {
      this.counts.excluded++;
      return false;
    }
    const isAhead = venue.isAhead(batch, index);
    if (!isAhead && venue.isPlainlyOutside(batch, index)) {
      this.#exclude(venue, batch.eventTimeMs[index], batch.position[index]);
      return false;
    }
    const tick = heldTickOf(batch, index);
    if (isAhead) {
      const ahead = skewFlaw(tick.eventTimeMs, venue.skewOf(batch, index), settings.max_future_skew_ms);
      return this.#reject(tick, ahead, context);
    }
    return this.#passesJump(venue, tick, context) &&
      this.#passesInTime(venue, tick, { out: context.out, position: tick.position });
  }

  /** Hears the tick as a witness for those that are held, and holds it when it is itself ahead of belief. */
  #passesJump(venue: VenueAdmission, tick: HeldTick, context: Context): boolean {
    const { receivedTimeMs } = context.batch;
    const isJump = (timeMs: number): boolean => venue.isJump(timeMs, receivedTimeMs);
    for (const contradicted of venue.held.hear(tick.eventTimeMs, isJump(tick.eventTimeMs))) {
      this.counts.held--;
      this.#rejectJump(contradicted, 'three later ticks of its venue were in the old time', context);
    }
    for (const held of venue.held.releasable(isJump)) this.#release(held, tick.position, context);
    if (!isJump(tick.eventTimeMs)) return true;
    if (venue.held.hold(tick)) this.counts.held++;
    else this.#rejectJump(tick, 'as many ticks as may be held are held already', context);
    return false;
  }

  /** Not this lane's to fold, but believed: it shows how far the time of its venue has come. */
  #exclude(venue: VenueAdmission, eventTimeMs: number, position: number): void {
    this.counts.excluded++;
    if (venue.showTime(eventTimeMs)) this.#admitted.mark({ venue: venue.venue, eventTimeMs, position });
  }

  /**
   * Outside, late and duplicate, the questions that come last. True: the clock has moved, and the caller keeps the tick.
   * `position` is of the record that lets it through: its own, or the one that released it.
   */
  #passesInTime(venue: VenueAdmission, tick: HeldTick, { out, position }: { out: Emit; position: number }): boolean {
    if (venue.isOutside(tick.eventTimeMs)) {
      this.#exclude(venue, tick.eventTimeMs, position);
      return false;
    }
    if (tick.eventTimeMs < venue.clock.horizonMs) {
      this.counts.late++;
      out.lateTick(lateTickOf(tick, venue.clock.watermarkMs));
      return false;
    }
    if (venue.seen?.admit(tick.instrument, tick.tradeId, tick.eventTimeMs) === false) {
      this.counts.duplicate++;
      return false;
    }
    venue.moveTo(tick.eventTimeMs);
    return true;
  }

  #release(held: HeldTick, position: number, context: Context): void {
    const venue = this.#venue(this.#options.instruments.venueOf[held.instrument]);
    this.counts.held--;
    if (!this.#passesInTime(venue, held, { out: context.out, position })) return;
    this.#admitted.insert(held, position);
    this.counts.aggregated++;
  }

  #rejectJump(tick: HeldTick, why: string, context: Context): void {
    this.#reject(tick, jumpFlaw(tick.eventTimeMs, this.#options.settings.max_jump_ms, why), context);
  }

  #reject(tick: HeldTick, flaw: Flaw, { batch, out }: Context): false {
    this.#countRejected(flaw.reason);
    const { instruments } = this.#options;
    out.deadLetter(letterOfTick(tick, flaw, { instruments, receivedTimeMs: batch.receivedTimeMs }));
    return false;
  }

  #countRejected(reason: RejectReason): void {
    this.counts.rejected[reason] = (this.counts.rejected[reason] ?? 0) + 1;
  }
}
