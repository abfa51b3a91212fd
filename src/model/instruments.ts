/**
 * The process's table of instruments. An instrument is a (venue, symbol) pair, interned once: everything downstream
 * carries its index, an Int32. Indices are never reused and mean nothing outside this process: what is saved or
 * written carries names.
 */
export class InstrumentTable {
  readonly #venueNames: string[] = [];
  readonly #venueIndexes = new Map<string, number>();
  readonly #symbols: string[] = [];
  readonly #indexes: Map<string, number>[] = []; // By venue: a Map, so that `__proto__` is a symbol like any other.
  #venueOf = new Int32Array(1024);

  get size(): number {
    return this.#symbols.length;
  }

  get venueCount(): number {
    return this.#venueNames.length;
  }

  /** Venue index by instrument index. Replaced when the table grows: fetch it once per batch, never keep it. */
  get venueOf(): Int32Array {
    return this.#venueOf;
  }

  venueIndex(venue: string): number {
    const known = this.#venueIndexes.get(venue);
    if (known !== undefined) return known;
    const index = this.#venueNames.length;
    this.#venueNames.push(venue);
    this.#venueIndexes.set(venue, index);
    this.#indexes.push(new Map());
    return index;
  }

  intern(venue: string, symbol: string): number {
    const venueIndex = this.venueIndex(venue);
    const bySymbol = this.#indexes[venueIndex];
    const known = bySymbol.get(symbol);
    if (known !== undefined) return known;
    const index = this.#symbols.length;
    this.#symbols.push(symbol);
    bySymbol.set(symbol, index);
    if (index === this.#venueOf.length) {
      const grown = new Int32Array(index * 2);
      grown.set(this.#venueOf);
      this.#venueOf = grown;
    }
    this.#venueOf[index] = venueIndex;
    return index;
  }

  /** Of an instrument that is there; -1 where it is not: asking for a name does not make an instrument of it. */
  find(venue: string, symbol: string): number {
    const venueIndex = this.#venueIndexes.get(venue);
    return venueIndex === undefined ? -1 : this.#indexes[venueIndex].get(symbol) ?? -1;
  }

  symbol(instrument: number): string {
    return this.#symbols[instrument];
  }

  venue(instrument: number): string {
    return this.#venueNames[this.#venueOf[instrument]];
  }

  venueName(venueIndex: number): string {
    return this.#venueNames[venueIndex];
  }
}
