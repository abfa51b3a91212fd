/** A tick that waits for its time to be confirmed. */
export interface HeldTick {
  readonly instrument: number;
  readonly price: number;
  readonly size: number;
  readonly side: number;
  readonly eventTimeMs: number;
  readonly position: number;
  /** Its place in its record, for the key of a dead letter. */
  readonly counter: number;
  readonly order: number;
  readonly tradeId: string | number | null;
  readonly logTimeMs: number | null;
  readonly offMarket: number;
  /** Where its record stands, for people. */
  readonly place: string;
  /** Different event times, at or beyond its own, that later ticks have shown; never more than are needed. */
  readonly confirmedAtMs: number[];
  /** Later ticks that were before it and no jump themselves. */
  contradictions: number;
}

/** So many later ticks settle the matter, either way (SEMANTICS: a poison timestamp). */
const witnessesNeeded = 3;
/** At most this many of a venue wait: some 200 bytes each, so 200 KB. */
const heldMax = 1_000;

/**
 * Ticks of one venue that lie further ahead than can be believed, in the order of the log. Every later tick of the venue
 * is a witness: at or beyond a held one, with an event time that no other witness had, it confirms it; before it and no
 * jump itself (so: in the old time) it contradicts it; a jump before it says nothing about it.
 */
export class HeldTicks {
  ticks: HeldTick[] = [];

  /** False when there is no room. */
  hold(tick: HeldTick): boolean {
    if (this.ticks.length >= heldMax) return false;
    this.ticks.push(tick);
    return true;
  }

  /** Hears a later tick, and gives back those that are contradicted by now: they wait no longer. */
  hear(eventTimeMs: number, isJump: boolean): HeldTick[] {
    for (const held of this.ticks) {
      if (eventTimeMs < held.eventTimeMs) held.contradictions += isJump ? 0 : 1;
      else if (!isConfirmed(held) && !held.confirmedAtMs.includes(eventTimeMs)) held.confirmedAtMs.push(eventTimeMs);
    }
    const contradicted = this.ticks.filter((held) => held.contradictions >= witnessesNeeded);
    if (contradicted.length > 0) this.ticks = this.ticks.filter((held) => held.contradictions < witnessesNeeded);
    return contradicted;
  }

  get isEmpty(): boolean {
    return this.ticks.length === 0;
  }

  /**
   * Takes out those that may be released now, one at a time, in the order of the log: once one is confirmed, then
   * whatever is confirmed or, since the clock has moved, no jump any more. `isJump` is asked anew for each.
   */
  *releasable(isJump: (eventTimeMs: number) => boolean): Generator<HeldTick> {
    if (!this.ticks.some(isConfirmed)) return;
    for (;;) {
      const index = this.ticks.findIndex((held) => isConfirmed(held) || !isJump(held.eventTimeMs));
      if (index === -1) return;
      const [held] = this.ticks.splice(index, 1);
      yield held;
    }
  }

  takeAll(): HeldTick[] {
    return this.ticks.splice(0);
  }
}

function isConfirmed(held: HeldTick): boolean {
  return held.confirmedAtMs.length >= witnessesNeeded;
}
