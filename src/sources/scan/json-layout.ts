/** More values, or longer pieces between them, and each record is read as if it were the first of its kind. */
const valuesMax = 32;
const pieceWordsMax = 11;
/** Records of several layouts come by turns: to learn each anew would cost more than it brings. */
const missesBetween = 16;

/** Where the numbers of one piece stand, counted from `piece * pieceStride`. */
export const pieceField = {
  bit: 0, // What the value behind it is: the bit of a field, or 0 where nobody asks.
  length: 1, // In bytes.
  lastAt: 2, // Where its last four bytes begin, which may overlap with the words; 0 where it is shorter.
  mask: 3, // Those of the four bytes that count.
  last: 4,
  words: 5, // All full words but the last four bytes.
} as const;
export const pieceStride = pieceField.words + pieceWordsMax;

/**
 * What stood between the values of a record: keys, quotes, commas, braces and blanks. A feed writes its records alike, so
 * the next one is read by comparing these pieces, four bytes at a time, and reading the values in between. That is safe:
 * where values of accepted JSON text are exchanged for others of their kind, it is JSON text with the same keys.
 *
 *   {"symbol":"  S17  ","price":  101.25  ,"ts":  1767571200123  }
 *   └─ piece 0 ┘      └ piece 1 ─┘      └ piece 2┘              └ the last piece
 */
export class JsonLayout {
  /** Of the layout that is known; 0 where none is. One piece more is known than values. */
  values = 0;
  /** Another one with each layout that was learnt. */
  version = 0;
  /** See `pieceField`. */
  readonly pieces = new Int32Array((valuesMax + 1) * pieceStride);
  // The record that is being read without it.
  #noted = 0;
  readonly #bits = new Int32Array(valuesMax + 1);
  readonly #starts = new Int32Array(valuesMax);
  readonly #ends = new Int32Array(valuesMax);
  #misses = 0;

  /** A record begins that is laid out otherwise. */
  begin(): void {
    this.#noted = 0;
  }

  /** Its next value stands at `[start, end)`, without quotes. */
  note(bit: number, start: number, end: number): void {
    const value = this.#noted++;
    if (value >= valuesMax) return;
    this.#bits[value] = bit;
    this.#starts[value] = start;
    this.#ends[value] = end;
  }

  /** It was read, from `start` to `end`: the next record is expected to be like it. False: that is asked too much. */
  learn(view: DataView, start: number, end: number): boolean {
    if (this.values > 0 && ++this.#misses < missesBetween) return false;
    this.#misses = 0;
    this.values = 0;
    if (this.#noted === 0 || this.#noted > valuesMax || end + 4 > view.byteLength) return false;
    this.#bits[this.#noted] = 0;
    for (let piece = 0; piece <= this.#noted; piece++) {
      const from = piece === 0 ? start : this.#ends[piece - 1];
      const until = piece === this.#noted ? end : this.#starts[piece];
      if (until - from > pieceWordsMax * 4) return false;
      this.#keep(view, piece, { from, until });
    }
    this.values = this.#noted;
    this.version++;
    return true;
  }

  /** One of the pieces 0 to `values`: its text, and the bit of the value behind it. */
  piece(piece: number): { readonly bit: number; readonly text: Uint8Array } {
    const place = piece * pieceStride;
    const text = Buffer.alloc(pieceWordsMax * 4 + 4);
    const lastAt = this.pieces[place + pieceField.lastAt];
    for (let at = 0; at < lastAt; at += 4) text.writeInt32LE(this.pieces[place + pieceField.words + at / 4], at);
    text.writeInt32LE(this.pieces[place + pieceField.last], lastAt);
    return { bit: this.pieces[place + pieceField.bit], text: text.subarray(0, this.pieces[place + pieceField.length]) };
  }

  #keep(view: DataView, piece: number, { from, until }: { from: number; until: number }): void {
    const { pieces } = this;
    const place = piece * pieceStride;
    const length = until - from;
    const lastAt = Math.max(0, length - 4);
    const mask = length >= 4 ? -1 : (1 << (8 * length)) - 1;
    pieces[place + pieceField.bit] = this.#bits[piece];
    pieces[place + pieceField.length] = length;
    pieces[place + pieceField.lastAt] = lastAt;
    pieces[place + pieceField.mask] = mask;
    pieces[place + pieceField.last] = view.getInt32(from + lastAt, true) & mask;
    let word = place + pieceField.words;
    for (let at = from; at < from + lastAt; at += 4) pieces[word++] = view.getInt32(at, true);
  }
}
