import { blockIds, idPlaceBits, idPlaceMask, noBlock, stepsPerMs, type IdBlocks } from './id-blocks.ts';
import type { IdRun } from './id-run.ts';

/** Columns by instrument. */
const tail = { greatest: 0, baseId: 1, baseMs: 2, newestMs: 3 } as const;
const place = { next: 0, end: 1, block: 2 } as const;
const stride = 4;

/**
 * The last block of every instrument, side by side, so that an id that goes to the end touches two lines of memory and the
 * place where it is put. While a block is here it may hold more ids than its length says: `settle` writes that down.
 */
export class IdTails {
  readonly #blocks: IdBlocks;
  #numbers = new Float64Array(0);
  #places = new Int32Array(0);

  constructor(blocks: IdBlocks) {
    this.#blocks = blocks;
  }

  /** Puts an id behind all others, if it is greater than they are and fits as it is. Small, so that it is inlined. */
  append(instrument: number, id: number, eventTimeMs: number): boolean {
    const at = instrument * stride;
    const numbers = this.#numbers;
    if (at >= numbers.length || !(id > numbers[at + tail.greatest])) return false;
    const places = this.#places;
    const next = places[at + place.next];
    const idSteps = id - numbers[at + tail.baseId];
    const timeSteps = (eventTimeMs - numbers[at + tail.baseMs]) * stepsPerMs;
    if (next >= places[at + place.end] || idSteps >>> 0 !== idSteps || timeSteps >>> 0 !== timeSteps) return false;
    const { entries } = this.#blocks.pages[next >> idPlaceBits];
    const entry = 2 * (next & idPlaceMask);
    entries[entry] = idSteps;
    entries[entry + 1] = timeSteps;
    places[at + place.next] = next + 1;
    numbers[at + tail.greatest] = id;
    if (eventTimeMs > numbers[at + tail.newestMs]) numbers[at + tail.newestMs] = eventTimeMs;
    return true;
  }

  /** Whether it is greater than every id in memory. */
  isGreatest(instrument: number, id: number): boolean {
    if (instrument * stride >= this.#numbers.length) this.#reserve(instrument);
    return id > this.#numbers[instrument * stride + tail.greatest];
  }

  /** Writes down what the last block of a run has come to; right until the next `append`. */
  settle(instrument: number, run: IdRun): void {
    const at = instrument * stride;
    const block = this.#places[at + place.block];
    if (block === noBlock) return;
    this.#blocks.setLength(block, this.#places[at + place.next] - block * blockIds);
    run.noteNewest(run.lastPlace, this.#numbers[at + tail.newestMs]);
  }

  /** Ids that come in order are put into the last block of the run from now on, until it has `lengthMax`. */
  open(instrument: number, run: IdRun, lengthMax: number): void {
    const at = instrument * stride;
    const block = run.length === 0 ? noBlock : run.blocks[run.lastPlace];
    const length = this.#blocks.lengthOf(block);
    this.#numbers[at + tail.baseId] = this.#blocks.baseIdOf(block);
    this.#numbers[at + tail.baseMs] = this.#blocks.baseMsOf(block);
    this.#numbers[at + tail.newestMs] = -Infinity;
    this.#places[at + place.next] = block * blockIds + length;
    this.#places[at + place.end] = block === noBlock ? length : block * blockIds + lengthMax;
    this.#places[at + place.block] = block;
    // A feed may have shown one id far beyond all others: once that is forgotten, those that follow are in order again.
    if (block !== noBlock && length > 0) this.#numbers[at + tail.greatest] = this.#blocks.idAt(block, length - 1);
  }

  #reserve(instrument: number): void {
    const length = stride * Math.max(64, 2 * instrument);
    const numbers = new Float64Array(length).fill(-Infinity);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const places = new Int32Array(length);
    places.set(this.#places);
    this.#places = places;
  }
}
