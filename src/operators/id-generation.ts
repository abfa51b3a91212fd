const capacityMin = 256;

/**
 * Trade ids with their event times, found by (instrument, id). Numbers stand in columns in the order of their coming;
 * an open-addressing table of row numbers finds them. The table is brought up to date only when somebody asks: ids of a
 * feed that counts upwards are never looked for, and cost three sequential writes.
 */
export class IdGeneration {
  /** The newest event time of any of them; -Infinity when there is none. */
  newestMs = -Infinity;
  #length = 0;
  #indexed = 0;
  #ids = new Float64Array(capacityMin);
  #instruments = new Int32Array(capacityMin);
  #eventTimesMs = new Float64Array(capacityMin);
  /**
   * Pairs: row + 1, or 0 where free, and the hash, so that rows of others are not even looked at. Their number is a
   * power of two; at most half of them are taken.
   */
  #slots = new Int32Array(4 * capacityMin);

  get isEmpty(): boolean {
    return this.newestMs === -Infinity;
  }

  get size(): number {
    return this.#length;
  }

  append(instrument: number, id: number, eventTimeMs: number): void {
    if (this.#length === this.#ids.length) this.#resize(2 * this.#length);
    const row = this.#length++;
    this.#ids[row] = id;
    this.#instruments[row] = instrument;
    this.#eventTimesMs[row] = eventTimeMs;
    if (eventTimeMs > this.newestMs) this.newestMs = eventTimeMs;
  }

  /** The row of an id, or -1. */
  find(instrument: number, id: number): number {
    if (this.#indexed < this.#length) this.#index();
    if (this.#length === 0) return -1;
    const slots = this.#slots;
    const mask = slots.length - 2;
    const hash = hashOf(instrument, id);
    for (let slot = (2 * hash) & mask; ; slot = (slot + 2) & mask) {
      const row = slots[slot] - 1;
      if (row === -1) return -1;
      if (slots[slot + 1] === hash && this.#ids[row] === id && this.#instruments[row] === instrument) return row;
    }
  }

  eventTimeOf(row: number): number {
    return this.#eventTimesMs[row];
  }

  setEventTime(row: number, eventTimeMs: number): void {
    this.#eventTimesMs[row] = eventTimeMs;
    if (eventTimeMs > this.newestMs) this.newestMs = eventTimeMs;
  }

  instrumentOf(row: number): number {
    return this.#instruments[row];
  }

  idOf(row: number): number {
    return this.#ids[row];
  }

  /** Forgets all. Keeps the memory unless most of it was not needed: a burst must not be paid for for ever. */
  clear(): void {
    if (this.#length * 4 < this.#ids.length && this.#ids.length > capacityMin) this.#resize(this.#ids.length / 2);
    else if (this.#indexed > 0) this.#slots.fill(0);
    this.#length = 0;
    this.#indexed = 0;
    this.newestMs = -Infinity;
  }

  #index(): void {
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let row = this.#indexed; row < this.#length; row++) {
      const hash = hashOf(this.#instruments[row], this.#ids[row]);
      let slot = (2 * hash) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = row + 1;
      slots[slot + 1] = hash;
    }
    this.#indexed = this.#length;
  }

  #resize(capacity: number): void {
    const kept = Math.min(this.#length, capacity);
    const ids = new Float64Array(capacity);
    const instruments = new Int32Array(capacity);
    const eventTimesMs = new Float64Array(capacity);
    ids.set(this.#ids.subarray(0, kept));
    instruments.set(this.#instruments.subarray(0, kept));
    eventTimesMs.set(this.#eventTimesMs.subarray(0, kept));
    this.#ids = ids;
    this.#instruments = instruments;
    this.#eventTimesMs = eventTimesMs;
    this.#slots = new Int32Array(4 * capacity);
    this.#indexed = 0;
  }
}

/**
 * Where to look first. Eight ids that follow each other share a line of the cache (8 slots of 8 bytes), because most
 * venues count by instrument; everything above them is mixed, all 53 bits, with the instrument (multipliers of the
 * golden ratio and of murmur3).
 */
function hashOf(instrument: number, id: number): number {
  const high = (id / 4_294_967_296) | 0;
  const low = id | 0;
  const mixed = Math.imul(low >>> 3, 0x9e3779b1) ^ Math.imul(high ^ Math.imul(instrument + 1, 0x85ebca6b), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 15)) << 3) | (low & 7);
}
