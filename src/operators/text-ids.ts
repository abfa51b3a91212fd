/** What was seen of textual ids. Parallel lists, an entry an id. */
export interface TextIdsSnapshot {
  readonly symbols: readonly string[];
  readonly ids: readonly string[];
  readonly eventTimesMs: readonly number[];
}

class Generation {
  /** The newest event time of any of them. */
  newestMs = -Infinity;
  size = 0;
  /** By instrument: event time by id. */
  readonly byInstrument = new Map<number, Map<string, number>>();

  timeOf(instrument: number, id: string): number | undefined {
    return this.byInstrument.get(instrument)?.get(id);
  }

  put(instrument: number, id: string, eventTimeMs: number): void {
    let times = this.byInstrument.get(instrument);
    if (times === undefined) this.byInstrument.set(instrument, times = new Map());
    const before = times.size;
    times.set(id, eventTimeMs);
    this.size += times.size - before;
    this.newestMs = Math.max(this.newestMs, eventTimeMs);
  }
}

/**
 * Textual ids with their event times. They stand in two generations: the older one is thrown away whole when all of it
 * lies behind the horizon, and the younger takes its place.
 */
export class TextIds {
  #younger = new Generation();
  #older = new Generation();

  get size(): number {
    return this.#younger.size + this.#older.size;
  }

  /** False when the id is there with an event time at or after the horizon; else it is from now on. */
  admit(instrument: number, id: string, eventTimeMs: number, horizonMs: number): boolean {
    const seenAtMs = this.#younger.timeOf(instrument, id) ?? this.#older.timeOf(instrument, id);
    if (seenAtMs !== undefined && seenAtMs >= horizonMs) return false;
    this.#younger.put(instrument, id, eventTimeMs);
    return true;
  }

  forget(horizonMs: number): void {
    if (this.#older.newestMs >= horizonMs || this.#younger.size === 0) return;
    this.#older = this.#younger;
    this.#younger = new Generation();
  }

  snapshot(symbolOf: (instrument: number) => string, horizonMs: number): TextIdsSnapshot {
    const [symbols, ids, eventTimesMs]: [string[], string[], number[]] = [[], [], []];
    for (const generation of [this.#older, this.#younger]) {
      for (const [instrument, times] of generation.byInstrument) {
        for (const [id, eventTimeMs] of times) {
          if (eventTimeMs < horizonMs) continue;
          symbols.push(symbolOf(instrument));
          ids.push(id);
          eventTimesMs.push(eventTimeMs);
        }
      }
    }
    return { symbols, ids, eventTimesMs };
  }

  restore({ symbols, ids, eventTimesMs }: TextIdsSnapshot, instrumentOf: (symbol: string) => number): void {
    for (const [at, id] of ids.entries()) this.#younger.put(instrumentOf(symbols[at]), id, eventTimesMs[at]);
  }
}
