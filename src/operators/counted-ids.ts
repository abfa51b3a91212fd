import { blockIds, IdBlocks } from './id-blocks.ts';
import { IdColumns, type IdColumnsSnapshot, type IdEntry } from './id-columns.ts';
import { IdRun } from './id-run.ts';
import { IdTails } from './id-tails.ts';
import type { NumberIds } from './seen-ids.ts';

/** Room that is left in a block where ids come out of order now and then: it takes them without being divided. */
const roomForStragglers = 8;

/**
 * Ids of a feed that counts upwards, or nearly so. Those of an instrument stand in order, in blocks: an id that is greater
 * than all others, as nearly every one is, goes to the end and is not looked for. A block of which nothing can be met any
 * more is used again. About 9 bytes an id; any order is right, but ids in no order take three times as long as in a table.
 */
export class CountedIds implements NumberIds {
  readonly #blocks = new IdBlocks();
  /** By instrument. */
  readonly #runs: (IdRun | undefined)[] = [];
  readonly #tails = new IdTails(this.#blocks);
  /** How far blocks are filled by ids that come in order. */
  #fill = blockIds;
  #sweepAtBlocks = 64;
  #horizonMs = -Infinity;

  append(instrument: number, id: number, eventTimeMs: number): boolean {
    return this.#tails.append(instrument, id, eventTimeMs);
  }

  admit(instrument: number, { id, eventTimeMs }: IdEntry, horizonMs: number): boolean {
    this.#horizonMs = horizonMs;
    if (this.#tails.append(instrument, id, eventTimeMs)) return true;
    if (!this.#tails.isGreatest(instrument, id)) return this.#admitKnown(instrument, id, eventTimeMs);
    this.#appendSlowly(instrument, id, eventTimeMs);
    return true;
  }

  /** Only when that may be much: when a quarter more blocks are in use than were needed the last time. */
  forget(horizonMs: number): void {
    this.#horizonMs = horizonMs;
    if (this.#blocks.used > this.#sweepAtBlocks) this.#sweep();
  }

  get size(): number {
    let size = 0;
    for (const [instrument, run] of this.#runs.entries()) {
      if (run === undefined) continue;
      this.#tails.settle(instrument, run);
      for (const block of run.all()) size += this.#blocks.lengthOf(block);
    }
    return size;
  }

  save(horizonMs: number, symbolOf: (instrument: number) => string): IdColumnsSnapshot {
    this.#horizonMs = horizonMs;
    this.#sweep();
    const columns = new IdColumns(2 * blockIds * this.#blocks.used);
    for (const [instrument, run] of this.#runs.entries()) {
      if (run === undefined || run.length === 0) continue;
      columns.startSymbol(symbolOf(instrument));
      for (const block of run.all()) this.#blocks.copyTo(block, columns);
    }
    return columns.snapshot();
  }

  /** An id that is not beyond all others: it may have been seen. */
  #admitKnown(instrument: number, id: number, eventTimeMs: number): boolean {
    const blocks = this.#blocks;
    const run = this.#runs[instrument] ??= new IdRun();
    this.#tails.settle(instrument, run);
    if (run.length === 0) {
      this.#appendBlock(instrument, run, { id, eventTimeMs });
      return true;
    }
    const at = run.placeOf(id);
    const block = run.blocks[at];
    const index = blocks.indexOf(block, id);
    if (index < blocks.lengthOf(block) && blocks.idAt(block, index) === id) {
      if (blocks.timeAt(block, index) >= this.#horizonMs) return false;
      blocks.set(block, index, id, eventTimeMs);
    } else if (blocks.lengthOf(block) < blockIds) {
      blocks.insert(block, index, id, eventTimeMs);
      if (id < run.lowest[at]) run.lowest[at] = id;
    } else {
      this.#makeRoom(run, at);
      this.#tails.open(instrument, run, this.#fill);
      return this.#admitKnown(instrument, id, eventTimeMs);
    }
    run.noteNewest(at, eventTimeMs);
    if (at === run.lastPlace) this.#tails.open(instrument, run, this.#fill);
    return true;
  }

  /** An id that is greater than all others, where there is no room for it as it is. */
  #appendSlowly(instrument: number, id: number, eventTimeMs: number): void {
    const run = this.#runs[instrument] ??= new IdRun();
    this.#tails.settle(instrument, run);
    const last = run.blocks[run.lastPlace];
    if (run.length === 0 || this.#blocks.lengthOf(last) >= this.#fill) {
      this.#appendBlock(instrument, run, { id, eventTimeMs });
      return;
    }
    this.#blocks.insert(last, this.#blocks.lengthOf(last), id, eventTimeMs);
    run.noteNewest(run.lastPlace, eventTimeMs);
    this.#tails.open(instrument, run, this.#fill);
  }

  /** A new block at the end, with this id. The instrument's first blocks go, if they lie behind the horizon. */
  #appendBlock(instrument: number, run: IdRun, { id, eventTimeMs }: IdEntry): void {
    for (let gone = run.shift(this.#horizonMs); gone !== null; gone = run.shift(this.#horizonMs)) {
      this.#blocks.giveBack(gone);
    }
    run.push(this.#blocks.take(id, eventTimeMs), id, eventTimeMs);
    this.#tails.open(instrument, run, this.#fill);
  }

  /** Forgets what it can of a full block, and divides it where that is little. */
  #makeRoom(run: IdRun, at: number): void {
    const block = run.blocks[at];
    this.#blocks.forget(block, this.#horizonMs);
    const length = this.#blocks.lengthOf(block);
    if (length <= blockIds - roomForStragglers) return;
    const upper = this.#blocks.split(block, length >> 1);
    run.insert(at + 1, upper, this.#blocks.idAt(upper, 0));
    this.#fill = blockIds - roomForStragglers;
  }

  #sweep(): void {
    for (const [instrument, run] of this.#runs.entries()) {
      if (run === undefined) continue;
      this.#tails.settle(instrument, run);
      for (const block of run.removeBehind(this.#horizonMs)) this.#blocks.giveBack(block);
      this.#tails.open(instrument, run, this.#fill);
    }
    this.#sweepAtBlocks = Math.max(64, Math.ceil(this.#blocks.used * 1.25));
  }
}
