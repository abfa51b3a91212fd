import type { LogGap, LogRecord, LogTick, OracleLateTick, OracleLedger, OracleSettings } from './log.ts';

/**
 * A tick that takes part in bars, with what its venue's watermark was before it and became by it (-Infinity:
 * none yet).
 */
export interface AdmittedTick {
  readonly tick: LogTick;
  /** Its place in the log, over all records: what came later in the log is greater. */
  readonly place: number;
  /** The position that its bars are stamped with. Later than its own when it was held. */
  readonly position: number;
  readonly watermarkBeforeMs: number;
  readonly watermarkAfterMs: number;
}

/** A gap, with the lateness horizon of every venue at that moment. A venue that is missing has none yet. */
export interface JudgedGap {
  readonly gap: LogGap;
  readonly horizonMs: ReadonlyMap<string, number>;
}

/** A tick that belongs to another lane by its time: it is in no bar, and yet time has come to it. */
export interface ForeignTick extends Omit<AdmittedTick, 'place' | 'watermarkBeforeMs'> {}

export interface Judgement {
  readonly admitted: readonly AdmittedTick[];
  /** Those and the foreign ones, in the order in which they were judged: what the watermarks come from. */
  readonly timeline: readonly ForeignTick[];
  readonly lateTicks: readonly OracleLateTick[];
  readonly gaps: readonly JudgedGap[];
  readonly ledger: OracleLedger;
  /** Position of the end of the log, or null while it may go on. */
  readonly endPosition: number | null;
}

/** SEMANTICS.md 5 to 7, record by record. */
export function judge(log: readonly LogRecord[], settings: OracleSettings): Judgement {
  const judging = new Judging(settings);
  for (const [place, record] of log.entries()) judging.take(record, place);
  return judging.result();
}

/** At most this many ticks of a venue are held (SEMANTICS.md 6). */
const heldMax = 1_000;
const witnessesNeeded = 3;

interface HeldTick {
  readonly tick: LogTick;
  readonly place: number;
  readonly confirmedAtMs: Set<number>;
  contradictions: number;
}

interface Venue {
  newestMs: number | null;
  held: HeldTick[];
  /** Event time of the newest admitted tick that carried an id, by symbol and id. */
  readonly seen: Map<string, number>;
}

class Judging {
  readonly #settings: OracleSettings;
  readonly #venues = new Map<string, Venue>();
  readonly #admitted: AdmittedTick[] = [];
  readonly #timeline: ForeignTick[] = [];
  readonly #lateTicks: OracleLateTick[] = [];
  readonly #gaps: JudgedGap[] = [];
  readonly #rejected = new Map<string, number>();
  #received = 0;
  #duplicate = 0;
  #excluded = 0;
  #endPosition: number | null = null;

  constructor(settings: OracleSettings) {
    this.#settings = settings;
  }

  take(record: LogRecord, place: number): void {
    if (record.kind === 'gap') return this.#takeGap(record);
    if (record.kind === 'end') return this.#takeEnd(record.position);
    this.#received += 1;
    if (record.kind === 'reject') return this.#reject(record.reason);
    return this.#takeTick(record, place);
  }

  result(): Judgement {
    return {
      admitted: this.#admitted,
      timeline: this.#timeline,
      lateTicks: this.#lateTicks,
      gaps: this.#gaps,
      endPosition: this.#endPosition,
      ledger: {
        received: this.#received,
        aggregated: this.#admitted.length,
        duplicate: this.#duplicate,
        late: this.#lateTicks.length,
        excluded: this.#excluded,
        rejected: Object.fromEntries(this.#rejected),
        held: [...this.#venues.values()].reduce((sum, venue) => sum + venue.held.length, 0),
      },
    };
  }

  #takeTick(tick: LogTick, place: number): void {
    const flaw = flawOf(tick, this.#settings);
    if (flaw !== null) return this.#reject(flaw);
    if (tick.offMarket && this.#settings.offMarket === 'exclude') {
      this.#excluded += 1;
      return;
    }
    const { maxFutureSkewMs } = this.#settings;
    const believedMs = tick.logTimeMs === null ? Infinity : tick.logTimeMs + maxFutureSkewMs;
    if (tick.eventTimeMs > believedMs) return this.#reject('future-skew');
    const venue = this.#venueOf(tick.venue);
    this.#hearWitness(venue, tick);
    this.#releaseConfirmed(venue, tick.position);
    if (this.#isJump(venue, tick)) return this.#hold(venue, { tick, place });
    this.#admit(venue, { tick, place }, tick.position);
  }

  /** A believed tick of another lane's time shows the time and is not ours to fold, late or not. */
  #takeForeign(venue: Venue, tick: LogTick, position: number): void {
    this.#excluded += 1;
    venue.newestMs = Math.max(venue.newestMs ?? -Infinity, tick.eventTimeMs);
    this.#timeline.push({ tick, position, watermarkAfterMs: this.#watermarkOf(venue) });
  }

  #isForeign({ eventTimeMs }: LogTick): boolean {
    const { fromMs, untilMs } = this.#settings;
    return (fromMs !== null && eventTimeMs < fromMs) || (untilMs !== null && eventTimeMs >= untilMs);
  }

  /** Late is judged before duplicate; only what passes both moves the venue's clock. */
  #admit(venue: Venue, { tick, place }: { tick: LogTick; place: number }, position: number): void {
    if (this.#isForeign(tick)) return this.#takeForeign(venue, tick, position);
    const watermarkBeforeMs = this.#watermarkOf(venue);
    const horizonMs = watermarkBeforeMs - this.#settings.allowedLatenessMs;
    if (tick.eventTimeMs < horizonMs) {
      const { venue: name, symbol, eventTimeMs, price, size, side, tradeId } = tick;
      const watermarkMs = watermarkBeforeMs;
      // It changes no bar, so that it keeps the position of its own record, held or not.
      this.#lateTicks.push({
        position: tick.position, venue: name, symbol, eventTimeMs, price, size, side, tradeId, watermarkMs,
      });
      return;
    }
    if (this.#settings.ids !== 'absent' && tick.tradeId !== null) {
      const key = JSON.stringify([tick.symbol, tick.tradeId]);
      const seenAtMs = venue.seen.get(key) ?? -Infinity;
      if (seenAtMs >= horizonMs && seenAtMs > -Infinity) {
        this.#duplicate += 1;
        return;
      }
      venue.seen.set(key, Math.max(seenAtMs, tick.eventTimeMs));
    }
    venue.newestMs = Math.max(venue.newestMs ?? -Infinity, tick.eventTimeMs);
    const watermarkAfterMs = this.#watermarkOf(venue);
    this.#admitted.push({ tick, place, position, watermarkBeforeMs, watermarkAfterMs });
    this.#timeline.push({ tick, position, watermarkAfterMs });
  }

  /** Ahead of all that the venue has shown; a first tick is measured against our clock. */
  #isJump(venue: Venue, tick: LogTick): boolean {
    const { maxJumpMs, maxFutureSkewMs } = this.#settings;
    if (venue.newestMs !== null) return tick.eventTimeMs > venue.newestMs + maxJumpMs;
    return tick.eventTimeMs > tick.receivedTimeMs + maxFutureSkewMs;
  }

  /** A later record speaks for a held tick, against it, or neither. */
  #hearWitness(venue: Venue, tick: LogTick): void {
    const inOldTime = !this.#isJump(venue, tick);
    for (const held of venue.held) {
      if (tick.eventTimeMs >= held.tick.eventTimeMs) held.confirmedAtMs.add(tick.eventTimeMs);
      else if (inOldTime) held.contradictions += 1;
    }
    const contradicted = venue.held.filter((held) => held.contradictions >= witnessesNeeded);
    for (const _ of contradicted) this.#reject('time-jump');
    venue.held = venue.held.filter((held) => !contradicted.includes(held));
  }

  /** A confirmed tick takes along those that are no jump any more once it has been admitted. */
  #releaseConfirmed(venue: Venue, position: number): void {
    const isConfirmed = (held: HeldTick): boolean => held.confirmedAtMs.size >= witnessesNeeded;
    if (!venue.held.some(isConfirmed)) return;
    const nextIndex = (): number =>
      venue.held.findIndex((held) => isConfirmed(held) || !this.#isJump(venue, held.tick));
    for (let index = nextIndex(); index !== -1; index = nextIndex()) {
      const [next] = venue.held.splice(index, 1);
      this.#admit(venue, next, position);
    }
  }

  #hold(venue: Venue, { tick, place }: { tick: LogTick; place: number }): void {
    if (venue.held.length >= heldMax) return this.#reject('time-jump');
    venue.held.push({ tick, place, confirmedAtMs: new Set(), contradictions: 0 });
  }

  #takeEnd(position: number): void {
    this.#endPosition = position;
    for (const venue of this.#venues.values()) {
      for (const held of venue.held.splice(0)) this.#admit(venue, held, position);
    }
  }

  #takeGap(gap: LogGap): void {
    const horizonMs = new Map<string, number>();
    for (const [name, venue] of this.#venues) {
      horizonMs.set(name, this.#watermarkOf(venue) - this.#settings.allowedLatenessMs);
    }
    this.#gaps.push({ gap, horizonMs });
  }

  #watermarkOf(venue: Venue): number {
    return venue.newestMs === null ? -Infinity : venue.newestMs - this.#settings.outOfOrdernessMs;
  }

  #venueOf(name: string): Venue {
    let venue = this.#venues.get(name);
    if (venue === undefined) {
      venue = { newestMs: null, held: [], seen: new Map() };
      this.#venues.set(name, venue);
    }
    return venue;
  }

  #reject(reason: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
  }
}

/** No market has a greater price or size, and no trade was before 1970 or will be after 2199. */
const magnitudeMax = 1e100;
const firstTimeMs = Date.UTC(1970, 0, 1);
const endOfTimeMs = Date.UTC(2200, 0, 1);

/** Why a tick is unusable whatever came before it, or null. */
function flawOf({ price, size, eventTimeMs }: LogTick, settings: OracleSettings): string | null {
  if (Number.isNaN(price) || Math.abs(price) > magnitudeMax) return 'bad-price';
  if (price <= 0 && settings.nonPositivePrice === 'reject') return 'bad-price';
  if (Number.isNaN(size) || size < 0 || size > magnitudeMax) return 'bad-size';
  if (size === 0 && settings.zeroSize === 'reject') return 'bad-size';
  if (Number.isNaN(eventTimeMs) || eventTimeMs < firstTimeMs || eventTimeMs >= endOfTimeMs) return 'bad-time';
  return null;
}
