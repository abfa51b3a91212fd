import { IdGeneration } from './id-generation.ts';

/** What must outlive a restart: ids that can still be met again, and the greatest of each instrument. */
export interface SeenIdsSnapshot {
  /** Parallel lists, an entry an id. */
  readonly symbols: readonly string[];
  readonly ids: readonly (string | number)[];
  readonly eventTimesMs: readonly number[];
  readonly floorSymbols: readonly string[];
  readonly floors: readonly number[];
}

/**
 * The trade ids of one venue that were admitted and can be met again. An id counts as seen if and only if it was admitted
 * with an event time at or after the horizon: an older repetition is late anyway, so nothing is lost by forgetting.
 *
 * Forgetting is lazy and not observable: every id is kept with its event time, which is compared at each meeting. Ids
 * stand in two generations; the older one is thrown away whole when all of it lies behind the horizon, and the younger
 * one takes its place. So there is memory for about two stretches of (out-of-orderness + lateness) of event time.
 */
export class SeenIds {
  /** The caller keeps it current. Never falls. */
  horizonMs = -Infinity;
  #younger = new IdGeneration();
  #older = new IdGeneration();
  /**
   * The greatest number that was admitted, by instrument. A greater one cannot be a repetition, and need not be looked
   * for: that is all there is to do for ids that count upwards.
   */
  #greatest = new Float64Array(0);

  /** False when the id was seen; else it is from now on. NaN, '' and null are no ids and pass. */
  admit(instrument: number, tradeId: number | string | null | undefined, eventTimeMs: number): boolean {
    if (typeof tradeId !== 'number') return this.#admitText(instrument, tradeId, eventTimeMs);
    if (instrument >= this.#greatest.length) this.#reserve(instrument);
    if (tradeId > this.#greatest[instrument]) {
      this.#greatest[instrument] = tradeId;
      this.#younger.append(instrument, tradeId, eventTimeMs);
      return true;
    }
    return Number.isNaN(tradeId) || this.#admitKnown(instrument, tradeId, eventTimeMs);
  }

  /** Throws away what lies behind the horizon, a generation at a time. Cheap: call it once a batch. */
  forget(): void {
    if (this.#older.newestMs >= this.horizonMs || this.#younger.isEmpty) return;
    const forgotten = this.#older;
    this.#older = this.#younger;
    this.#younger = forgotten;
    forgotten.clear();
  }

  /** Ids in memory, forgotten ones that still take room included. */
  get size(): number {
    return this.#older.size + this.#younger.size;
  }

  snapshot(symbolOf: (instrument: number) => string): SeenIdsSnapshot {
    const symbols: string[] = [];
    const ids: (string | number)[] = [];
    const eventTimesMs: number[] = [];
    for (const generation of [this.#older, this.#younger]) {
      for (const [instrument, id, eventTimeMs] of generation.entries()) {
        if (eventTimeMs < this.horizonMs) continue;
        symbols.push(symbolOf(instrument));
        ids.push(id);
        eventTimesMs.push(eventTimeMs);
      }
    }
    const known = [...this.#greatest.keys()].filter((instrument) => this.#greatest[instrument] !== -Infinity);
    const floors = known.map((instrument) => this.#greatest[instrument]);
    return { symbols, ids, eventTimesMs, floorSymbols: known.map(symbolOf), floors };
  }

  restore(from: SeenIdsSnapshot, instrumentOf: (symbol: string) => number): void {
    for (const [index, symbol] of from.symbols.entries()) {
      const id = from.ids[index];
      const instrument = instrumentOf(symbol);
      if (typeof id === 'number') this.#younger.append(instrument, id, from.eventTimesMs[index]);
      else this.#younger.putText(instrument, id, from.eventTimesMs[index]);
    }
    for (const [index, symbol] of from.floorSymbols.entries()) {
      const instrument = instrumentOf(symbol);
      if (instrument >= this.#greatest.length) this.#reserve(instrument);
      this.#greatest[instrument] = from.floors[index]!;
    }
  }

  /** An id that is not beyond all others: it may have been seen. */
  #admitKnown(instrument: number, id: number, eventTimeMs: number): boolean {
    const entry = this.#younger.find(instrument, id);
    if (entry !== -1) {
      if (this.#younger.eventTimeOf(entry) >= this.horizonMs) return false;
      this.#younger.setEventTime(entry, eventTimeMs);
      return true;
    }
    const old = this.#older.find(instrument, id);
    if (old !== -1 && this.#older.eventTimeOf(old) >= this.horizonMs) return false;
    this.#younger.append(instrument, id, eventTimeMs);
    return true;
  }

  #admitText(instrument: number, tradeId: string | null | undefined, eventTimeMs: number): boolean {
    if (tradeId === null || tradeId === undefined || tradeId === '') return true;
    const number = wholeNumberOf(tradeId);
    if (number !== null) return this.admit(instrument, number, eventTimeMs);
    const seenAtMs = this.#younger.textTime(instrument, tradeId) ?? this.#older.textTime(instrument, tradeId);
    if (seenAtMs !== undefined && seenAtMs >= this.horizonMs) return false;
    this.#younger.putText(instrument, tradeId, eventTimeMs);
    return true;
  }

  #reserve(instrument: number): void {
    const grown = new Float64Array(Math.max(64, instrument * 2)).fill(-Infinity);
    grown.set(this.#greatest);
    this.#greatest = grown;
  }
}

/** '12' is the id 12: a batch carries text where one of its ids is no number, and cuts of the log must not matter. */
function wholeNumberOf(text: string): number | null {
  const first = text.charCodeAt(0);
  if (text.length > 16 || first < 48 || first > 57) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : null;
}
