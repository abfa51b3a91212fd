import type { TickBatch } from '../model/tick-batch.ts';
import type { AdmissionOptions } from './admission.ts';
import { EventClock } from './event-clock.ts';
import { HeldTicks, type HeldTick } from './held-ticks.ts';
import type { NameCollector, Places } from './instrument-names.ts';
import { lastBefore, type LaneBounds } from './lane-bounds.ts';
import { SeenIds, type SeenIdsSnapshot } from './seen-ids.ts';
import { eventTimeMsMax, eventTimeMsMin, magnitudeMax } from './tick-flaws.ts';

/** Venues and instruments are places in the names of the snapshot. */
export interface VenueSnapshot {
  readonly venue: number;
  /** Null before the first admitted tick. */
  readonly newestMs: number | null;
  readonly held: readonly HeldTick[];
  readonly seen: SeenIdsSnapshot | null;
}

/** What admission knows of one venue of its lane. */
export class VenueAdmission {
  readonly venue: number;
  readonly clock: EventClock;
  readonly held = new HeldTicks();
  /** Null where the source has no ids. */
  readonly seen: SeenIds | null;
  readonly #options: AdmissionOptions;
  readonly #bounds: LaneBounds;
  /** First and last event time that is usable and within the bounds. */
  readonly #firstMs: number;
  readonly #lastMs: number;

  constructor(venue: number, options: AdmissionOptions, bounds: LaneBounds) {
    this.venue = venue;
    this.#options = options;
    this.#bounds = bounds;
    this.#firstMs = Math.max(eventTimeMsMin, bounds.fromMs);
    this.#lastMs = Math.min(eventTimeMsMax, lastBefore(bounds.untilMs));
    this.clock = new EventClock(options.settings);
    const { ids } = options.settings;
    this.seen = ids === 'absent' ? null : new SeenIds(ids);
  }

  /**
   * Admits ticks from `from` on for as long as each is this venue's and plainly good, and returns the index of the first
   * that is not. The hot loop: what it asks is a shortcut through `Admission`'s questions, never another answer.
   */
  admitPlain(batch: TickBatch, from: number, venueOf: Int32Array): number {
    const { instrument, price, size, eventTimeMs, offMarket, logTimeMs, tradeId, length } = batch;
    const { clock, seen, venue } = this;
    const firstMs = this.#firstMs;
    const { max_future_skew_ms: skewMsMax } = this.#options.settings;
    const believedMs = this.#believedMs(batch);
    let newestMs = clock.newestMs;
    let horizonMs = clock.horizonMs;
    // While a tick is held, every other one is a witness; the first one of all has a rule of its own.
    let untilMs = this.held.isEmpty && newestMs > -Infinity ? this.#jumpFromMs(newestMs, believedMs) : -Infinity;
    let index = from;
    for (; index < length; index++) {
      const id = instrument[index];
      const timeMs = eventTimeMs[index];
      if (venueOf[id] !== venue) break;
      // Every comparison is false for NaN. The horizon may lie before 1970 or `from`, so both bounds are asked.
      if (!(timeMs >= horizonMs && timeMs <= untilMs && timeMs >= firstMs)) break;
      if (!(price[index] > 0 && price[index] <= magnitudeMax)) break;
      if (!(size[index] > 0 && size[index] <= magnitudeMax)) break;
      if (offMarket !== undefined && offMarket[index] !== 0) break;
      if (logTimeMs !== undefined && timeMs > logTimeMs[index] + skewMsMax) break;
      if (seen !== null && tradeId !== undefined) {
        const known = tradeId[index];
        if (typeof known !== 'number' || !seen.append(id, known, timeMs)) {
          seen.horizonMs = horizonMs;
          if (!seen.admit(id, known, timeMs)) break;
        }
      }
      if (timeMs > newestMs) {
        newestMs = timeMs;
        horizonMs = timeMs - clock.outOfOrdernessMs - clock.allowedLatenessMs;
        untilMs = this.#jumpFromMs(timeMs, believedMs);
      }
    }
    clock.newestMs = newestMs;
    if (seen !== null) seen.horizonMs = horizonMs;
    return index;
  }

  /** The clock moves to an admitted tick, if that is newer. */
  moveTo(eventTimeMs: number): void {
    if (eventTimeMs > this.clock.newestMs) this.clock.newestMs = eventTimeMs;
    if (this.seen !== null) this.seen.horizonMs = this.clock.horizonMs;
  }

  /** Not this lane's to fold. */
  isOutside(eventTimeMs: number): boolean {
    return eventTimeMs < this.#bounds.fromMs || eventTimeMs >= this.#bounds.untilMs;
  }

  /** A shortcut: outside and believed at once, with nobody waiting for a witness. */
  isPlainlyOutside(batch: TickBatch, index: number): boolean {
    const timeMs = batch.eventTimeMs[index];
    return this.isOutside(timeMs) && this.held.isEmpty && !this.isJump(timeMs, batch.receivedTimeMs);
  }

  /**
   * The clock moves to a believed tick that is not admitted, if that is newer. True when operators must be told: of the
   * venue's very first tick, because bars are whole from there on, and beyond `until`, as long as bars are not settled.
   * Before `from` no bar is open that could close.
   */
  showTime(eventTimeMs: number): boolean {
    const { newestMs, horizonMs } = this.clock;
    if (eventTimeMs <= newestMs) return false;
    this.moveTo(eventTimeMs);
    const { untilMs } = this.#bounds;
    return newestMs === -Infinity || (eventTimeMs >= untilMs && horizonMs < untilMs);
  }

  /**
   * Whether a tick is further ahead of its record's own time (of our clock on a live lane) than is believed; never where a
   * log has no times. A sum, as in `admitPlain`: of a fraction of a ms a difference is rounded otherwise.
   */
  isAhead(batch: TickBatch, index: number): boolean {
    return batch.eventTimeMs[index] > this.#ownTimeMs(batch, index) + this.#options.settings.max_future_skew_ms;
  }

  /** How far, ms. */
  skewOf(batch: TickBatch, index: number): number {
    return batch.eventTimeMs[index] - this.#ownTimeMs(batch, index);
  }

  /**
   * Whether a tick lies further ahead than one tick can be believed: of all that the venue has shown or, when it has
   * shown nothing, of our clock. Records with a time of their own are asked too: that time may go along with the poison.
   * On a live lane our clock has judged already.
   */
  isJump(eventTimeMs: number, receivedTimeMs: number): boolean {
    if (!this.#options.lane.pausable) return false;
    const { max_jump_ms, max_future_skew_ms } = this.#options.settings;
    const { newestMs } = this.clock;
    return eventTimeMs > (newestMs > -Infinity ? newestMs + max_jump_ms : receivedTimeMs + max_future_skew_ms);
  }

  snapshot(names: NameCollector): VenueSnapshot {
    const { newestMs } = this.clock;
    return {
      venue: names.placeOfVenue(this.venue),
      newestMs: newestMs === -Infinity ? null : newestMs,
      held: this.held.ticks.map((held) => (
        { ...held, instrument: names.placeOf(held.instrument), confirmedAtMs: [...held.confirmedAtMs] })),
      seen: this.seen?.snapshot((instrument) => this.#options.instruments.symbol(instrument)) ?? null,
    };
  }

  restore(from: VenueSnapshot, places: Places): void {
    this.held.ticks = from.held.map((held) => (
      { ...held, instrument: places.instruments[held.instrument], confirmedAtMs: [...held.confirmedAtMs] }));
    const { instruments } = this.#options;
    const venueName = instruments.venueName(this.venue);
    if (from.seen !== null) this.seen?.restore(from.seen, (symbol) => instruments.intern(venueName, symbol));
    if (from.newestMs !== null) this.moveTo(from.newestMs);
  }

  #ownTimeMs({ receivedTimeMs, logTimeMs }: TickBatch, index: number): number {
    return this.#options.lane.pausable ? logTimeMs?.[index] ?? Infinity : receivedTimeMs;
  }

  /** The latest event time that our clock believes of this batch; on other lanes it is not asked. Within the bounds. */
  #believedMs(batch: TickBatch): number {
    const { lane, settings } = this.#options;
    return lane.pausable ? this.#lastMs : Math.min(this.#lastMs, batch.receivedTimeMs + settings.max_future_skew_ms);
  }

  /** The latest event time that is plainly good behind `newestMs`. */
  #jumpFromMs(newestMs: number, believedMs: number): number {
    return this.#options.lane.pausable ? Math.min(newestMs + this.#options.settings.max_jump_ms, believedMs) : believedMs;
  }
}
