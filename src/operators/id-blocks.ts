import type { IdColumns } from './id-columns.ts';

/** Ids of a block. Small: every instrument has one that is being filled, and one that is half forgotten. */
export const blockIds = 64;
/** Memory comes in pages of so many blocks, 540 KiB: it never has to be copied to grow. */
const pageBlocks = 1_024;
const blockBits = 6;
const pageBits = 10;
const blockMask = pageBlocks - 1;
/** The place of an id, block * blockIds + index, in its page and in the list of pages. */
export const idPlaceBits = blockBits + pageBits;
export const idPlaceMask = blockIds * pageBlocks - 1;

/** Event times are counted in steps of 2^-12 ms: the distance of two doubles from 2004 to 2039. */
export const stepsPerMs = 4_096;
/** Half of what an unsigned integer of 4 bytes can hold, below and above what a block begins with. */
const stepsReach = 2_147_483_648;

/** Columns by block, but the entries: two numbers an id, its distance from the base id and from the base time. */
export interface IdPage {
  readonly entries: Uint32Array;
  readonly lengths: Uint8Array;
  /** NaN where the ids of the block stand aside. */
  readonly baseIds: Float64Array;
  readonly basesMs: Float64Array;
}

/** Belongs to nobody, and is full: where something asks for a block before there is one. */
export const noBlock = 0;

/**
 * Memory for trade ids with their event times, in numbered blocks of `blockIds`, ids of a block in ascending order. An id
 * takes 8 bytes, and its part of the block less than one. A block of which anything would not fit into 4 bytes to the last
 * bit stands aside, in doubles.
 */
export class IdBlocks {
  /** Blocks that were taken and not given back. */
  used = 0;
  readonly pages: IdPage[] = [];
  readonly #free: number[] = [];
  /** By block: id and event time by turns. */
  readonly #aside = new Map<number, Float64Array>();

  constructor() {
    this.#addPage();
    this.#free.pop();
    this.pages[0].lengths[noBlock] = blockIds;
    this.pages[0].baseIds[noBlock] = NaN;
  }

  /** A block with one id. */
  take(id: number, eventTimeMs: number): number {
    if (this.#free.length === 0) this.#addPage();
    const block = this.#free.pop()!;
    const { lengths, baseIds, basesMs } = this.pages[block >> pageBits];
    baseIds[block & blockMask] = baseFor(id, stepsReach);
    basesMs[block & blockMask] = baseFor(eventTimeMs, stepsReach / stepsPerMs);
    lengths[block & blockMask] = 1;
    this.set(block, 0, id, eventTimeMs);
    this.used++;
    return block;
  }

  giveBack(block: number): void {
    if (Number.isNaN(this.baseIdOf(block))) this.#aside.delete(block);
    this.#free.push(block);
    this.used--;
  }

  lengthOf(block: number): number {
    return this.pages[block >> pageBits].lengths[block & blockMask];
  }

  setLength(block: number, length: number): void {
    this.pages[block >> pageBits].lengths[block & blockMask] = length;
  }

  baseIdOf(block: number): number {
    return this.pages[block >> pageBits].baseIds[block & blockMask];
  }

  baseMsOf(block: number): number {
    return this.pages[block >> pageBits].basesMs[block & blockMask];
  }

  idAt(block: number, index: number): number {
    const { baseIds, entries } = this.pages[block >> pageBits];
    const baseId = baseIds[block & blockMask];
    return Number.isNaN(baseId) ? this.#aside.get(block)![2 * index] : baseId + entries[entryOf(block, index)];
  }

  timeAt(block: number, index: number): number {
    const { baseIds, basesMs, entries } = this.pages[block >> pageBits];
    if (Number.isNaN(baseIds[block & blockMask])) return this.#aside.get(block)![2 * index + 1];
    return basesMs[block & blockMask] + entries[entryOf(block, index) + 1] / stepsPerMs;
  }

  set(block: number, index: number, id: number, eventTimeMs: number): void {
    const { baseIds, basesMs, entries } = this.pages[block >> pageBits];
    const idSteps = id - baseIds[block & blockMask];
    const timeSteps = (eventTimeMs - basesMs[block & blockMask]) * stepsPerMs;
    if (idSteps >>> 0 === idSteps && timeSteps >>> 0 === timeSteps) {
      entries[entryOf(block, index)] = idSteps;
      entries[entryOf(block, index) + 1] = timeSteps;
      return;
    }
    const doubles = this.#aside.get(block) ?? this.#putAside(block);
    doubles[2 * index] = id;
    doubles[2 * index + 1] = eventTimeMs;
  }

  /** Puts an id where it belongs; the block must not be full. */
  insert(block: number, index: number, id: number, eventTimeMs: number): void {
    const { entries, lengths } = this.pages[block >> pageBits];
    const length = lengths[block & blockMask];
    lengths[block & blockMask] = length + 1;
    const doubles = this.#aside.get(block);
    if (doubles !== undefined) doubles.copyWithin(2 * index + 2, 2 * index, 2 * length);
    else {
      const first = entryOf(block, index);
      for (let at = entryOf(block, length) - 1; at >= first; at--) entries[at + 2] = entries[at];
    }
    this.set(block, index, id, eventTimeMs);
  }

  /** The index of the first id that is not less than this one; the block's length when all are. */
  indexOf(block: number, id: number): number {
    const { entries, lengths, baseIds } = this.pages[block >> pageBits];
    const step = id - baseIds[block & blockMask];
    const isAside = Number.isNaN(step);
    let from = 0;
    let until = lengths[block & blockMask];
    while (from < until) {
      const middle = (from + until) >> 1;
      const isLess = isAside ? this.idAt(block, middle) < id : entries[entryOf(block, middle)] < step;
      if (isLess) from = middle + 1;
      else until = middle;
    }
    return from;
  }

  /** Adds the block as it is. */
  copyTo(block: number, columns: IdColumns): void {
    const { entries, baseIds, basesMs } = this.pages[block >> pageBits];
    const length = this.lengthOf(block);
    const aside = Number.isNaN(baseIds[block & blockMask]) ? this.#aside.get(block) : undefined;
    if (aside !== undefined) columns.addDoubles(aside.subarray(0, 2 * length));
    else {
      const first = entryOf(block, 0);
      columns.addSteps(entries.subarray(first, first + 2 * length), baseIds[block & blockMask], basesMs[block & blockMask]);
    }
  }

  /** Removes the ids that lie behind the horizon. */
  forget(block: number, horizonMs: number): void {
    const length = this.lengthOf(block);
    let kept = 0;
    for (let index = 0; index < length; index++) {
      const eventTimeMs = this.timeAt(block, index);
      if (eventTimeMs >= horizonMs) this.set(block, kept++, this.idAt(block, index), eventTimeMs);
    }
    this.setLength(block, kept);
  }

  /** A new block with the ids from `index` on, which leave this one. There must be one. */
  split(block: number, index: number): number {
    const length = this.lengthOf(block);
    const upper = this.take(this.idAt(block, index), this.timeAt(block, index));
    for (let at = index + 1; at < length; at++) this.insert(upper, at - index, this.idAt(block, at), this.timeAt(block, at));
    this.setLength(block, index);
    return upper;
  }

  #putAside(block: number): Float64Array {
    const doubles = new Float64Array(2 * blockIds);
    const length = Number.isNaN(this.baseIdOf(block)) ? 0 : this.lengthOf(block);
    for (let index = 0; index < length; index++) {
      doubles[2 * index] = this.idAt(block, index);
      doubles[2 * index + 1] = this.timeAt(block, index);
    }
    this.pages[block >> pageBits].baseIds[block & blockMask] = NaN;
    this.#aside.set(block, doubles);
    return doubles;
  }

  #addPage(): void {
    const first = this.pages.length * pageBlocks;
    this.pages.push({
      entries: new Uint32Array(2 * blockIds * pageBlocks), lengths: new Uint8Array(pageBlocks),
      baseIds: new Float64Array(pageBlocks), basesMs: new Float64Array(pageBlocks),
    });
    for (let block = first + pageBlocks - 1; block >= first; block--) this.#free.push(block);
  }
}

/**
 * A whole number not greater than `value`, and not negative: so the difference is exact, whatever `value` is. NaN, from
 * which nothing has a distance, where there is none.
 */
function baseFor(value: number, reach: number): number {
  return value >= 0 ? Math.max(0, Math.floor(value) - reach) : NaN;
}

/** Where the two numbers of an id are in the entries of its page. */
function entryOf(block: number, index: number): number {
  return ((block & blockMask) << (blockBits + 1)) + 2 * index;
}
