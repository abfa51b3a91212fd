import type { Lane } from '../model/lane.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { HeldTick } from './held-ticks.ts';
import type { AdmittedBatch, TimeMark } from './operator.ts';

/**
 * Collects what is admitted of one batch, in order. As long as that is a prefix of the batch nothing is copied: a batch
 * without exceptions comes out as the same object. The columns of a copy are used again for the next batch.
 */
export class AdmittedTicks {
  #batch: TickBatch | null = null;
  #prefix = 0;
  #copying = false;
  #length = 0;
  #instrument = new Int32Array(0);
  #price = new Float64Array(0);
  #size = new Float64Array(0);
  #side = new Uint8Array(0);
  #eventTimeMs = new Float64Array(0);
  #position = new Float64Array(0);
  #order = new Float64Array(0);
  #logTimeMs = new Float64Array(0);
  #offMarket = new Uint8Array(0);
  #tradeId: (string | number)[] = [];
  #timeMarks: TimeMark[] = [];

  start(batch: TickBatch): void {
    this.#batch = batch;
    this.#prefix = 0;
    this.#copying = false;
    this.#length = 0;
    this.#timeMarks = [];
  }

  /** Ticks [from, until) of the batch are admitted. */
  keep(from: number, until: number): void {
    if (from === until) return;
    if (!this.#copying && from === this.#prefix) this.#prefix = until;
    else this.#copy(from, until);
  }

  /** A tick that was held comes in here, under the position of the record that released it. */
  insert(held: HeldTick, position: number): void {
    this.#copy(0, 0);
    const row = this.#length++;
    if (row === this.#price.length) this.#grow(row + 1);
    this.#instrument[row] = held.instrument;
    this.#price[row] = held.price;
    this.#size[row] = held.size;
    this.#side[row] = held.side;
    this.#eventTimeMs[row] = held.eventTimeMs;
    this.#position[row] = position;
    this.#order[row] = held.order;
    this.#logTimeMs[row] = held.logTimeMs ?? Number.NaN;
    this.#offMarket[row] = held.offMarket;
    this.#tradeId.push(held.tradeId ?? Number.NaN);
  }

  /** A tick that is not admitted shows the time. */
  mark(mark: Omit<TimeMark, 'before'>): void {
    this.#timeMarks.push({ ...mark, before: this.#copying ? this.#length : this.#prefix });
  }

  finish(): AdmittedBatch {
    const batch = this.#batch!;
    this.#batch = null;
    const marks = this.#timeMarks.length === 0 ? {} : { timeMarks: this.#timeMarks };
    const isAll = this.#prefix === batch.length && this.#timeMarks.length === 0;
    if (!this.#copying) return isAll ? batch : { ...batch, ...marks, length: this.#prefix };
    return {
      ...batch, ...marks, length: this.#length,
      instrument: this.#instrument, price: this.#price, size: this.#size, side: this.#side,
      eventTimeMs: this.#eventTimeMs, position: this.#position, order: this.#order,
      ...(batch.tradeId === undefined ? {} : { tradeId: this.#tradeId }),
      ...(batch.logTimeMs === undefined ? {} : { logTimeMs: this.#logTimeMs }),
      ...(batch.offMarket === undefined ? {} : { offMarket: this.#offMarket }),
    };
  }

  #copy(from: number, until: number): void {
    if (!this.#copying) {
      this.#copying = true;
      this.#tradeId = [];
      this.#append(0, this.#prefix);
    }
    this.#append(from, until);
  }

  #append(from: number, until: number): void {
    const batch = this.#batch!;
    const at = this.#length;
    this.#length += until - from;
    if (this.#length > this.#price.length) this.#grow(this.#length);
    this.#instrument.set(batch.instrument.subarray(from, until), at);
    this.#price.set(batch.price.subarray(from, until), at);
    this.#size.set(batch.size.subarray(from, until), at);
    this.#side.set(batch.side.subarray(from, until), at);
    this.#eventTimeMs.set(batch.eventTimeMs.subarray(from, until), at);
    this.#position.set(batch.position.subarray(from, until), at);
    this.#order.set(batch.order.subarray(from, until), at);
    const { tradeId, logTimeMs, offMarket } = batch;
    if (logTimeMs !== undefined) this.#logTimeMs.set(logTimeMs.subarray(from, until), at);
    if (offMarket !== undefined) this.#offMarket.set(offMarket.subarray(from, until), at);
    if (tradeId !== undefined) for (let row = from; row < until; row++) this.#tradeId.push(tradeId[row]);
  }

  #grow(needed: number): void {
    const capacity = Math.max(1_024, needed, 2 * this.#price.length);
    const doubles = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(capacity);
      grown.set(old);
      return grown;
    };
    const bytes = (old: Uint8Array): Uint8Array<ArrayBuffer> => {
      const grown = new Uint8Array(capacity);
      grown.set(old);
      return grown;
    };
    const instrument = new Int32Array(capacity);
    instrument.set(this.#instrument);
    this.#instrument = instrument;
    this.#price = doubles(this.#price);
    this.#size = doubles(this.#size);
    this.#side = bytes(this.#side);
    this.#eventTimeMs = doubles(this.#eventTimeMs);
    this.#position = doubles(this.#position);
    this.#order = doubles(this.#order);
    this.#logTimeMs = doubles(this.#logTimeMs);
    this.#offMarket = bytes(this.#offMarket);
  }
}

/** What released ticks are put into when there is no batch any more. */
export function emptyBatch(
  { lane, ids, position }: { readonly lane: Lane; readonly ids: string; readonly position: number },
): TickBatch {
  const none = new Float64Array(0);
  return {
    kind: 'ticks', lane, length: 0, instrument: new Int32Array(0), price: none, size: none, side: new Uint8Array(0),
    eventTimeMs: none, position: none, order: none, ...(ids === 'absent' ? {} : { tradeId: none }),
    receivedTimeMs: 0, nextPosition: position, atLogEnd: true, rejects: [], inexactCount: 0,
  };
}
