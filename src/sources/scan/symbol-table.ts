/**
 * Byte strings to numbers: a symbol is looked up where it stands in the record, and no string is made. Open
 * addressing; hash, length and bytes are compared, so `__proto__` is a key like any other. Never more than
 * half full.
 */
export class SymbolTable {
  #slots = new Int32Array(64).fill(-1);
  #count = 0;
  #hashes = new Int32Array(32);
  #starts = new Int32Array(32);
  #lengths = new Int32Array(32);
  #values = new Int32Array(32);
  #keys = new Uint8Array(512);
  #keysEnd = 0;

  /** The number of the key `bytes[start .. end)`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    for (let slot = spread(hash) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot];
      if (entry < 0) return -1;
      if (this.#hashes[entry] !== hash || this.#lengths[entry] !== end - start) continue;
      if (this.#isAt(entry, bytes, start)) return this.#values[entry];
    }
  }

  /** Adds a key that is not there yet. `value` is not negative. */
  add(key: Uint8Array, value: number): void {
    const entry = this.#count;
    if (entry === this.#hashes.length) this.#growEntries();
    if (this.#keysEnd + key.length > this.#keys.length) this.#growKeys(key.length);
    this.#hashes[entry] = hashOf(key, 0, key.length);
    this.#starts[entry] = this.#keysEnd;
    this.#lengths[entry] = key.length;
    this.#values[entry] = value;
    this.#keys.set(key, this.#keysEnd);
    this.#keysEnd += key.length;
    this.#count = entry + 1;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
    else this.#place(entry);
  }

  #isAt(entry: number, bytes: Uint8Array, start: number): boolean {
    const keyStart = this.#starts[entry];
    const length = this.#lengths[entry];
    for (let index = 0; index < length; index++) {
      if (this.#keys[keyStart + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = spread(this.#hashes[entry]) & mask;
    while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry);
  }

  #growEntries(): void {
    const doubled = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(column.length * 2);
      larger.set(column);
      return larger;
    };
    this.#hashes = doubled(this.#hashes);
    this.#starts = doubled(this.#starts);
    this.#lengths = doubled(this.#lengths);
    this.#values = doubled(this.#values);
  }

  #growKeys(keyLength: number): void {
    const larger = new Uint8Array((this.#keys.length + keyLength) * 2);
    larger.set(this.#keys);
    this.#keys = larger;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + bytes[index]) | 0;
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
