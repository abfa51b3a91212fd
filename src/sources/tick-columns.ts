import type { Lane } from '../model/lane.ts';
import type { Reject, TickBatch } from '../model/tick-batch.ts';

export type IdKind = 'monotone' | 'unique' | 'absent';

/** What a finished batch knows beside its columns. */
export interface BatchEnd {
  readonly lane: Lane;
  readonly receivedTimeMs: number;
  readonly nextPosition: number;
  readonly atLogEnd: boolean;
  readonly placeOf?: (position: number) => string;
  readonly lastRecord?: Uint8Array | undefined;
  readonly traceParent?: string | undefined;
}

/**
 * Batches under way at once: those of an op queue of the default length, one in each hand around it, and some
 * to spare.
 */
const freeMax = 16;

/**
 * Columns that were released and can be filled again. Without it a source at full speed leaves 200 MB of
 * arrays a second to the garbage collector, which lets half of that pile up.
 */
export class ColumnPool {
  readonly #free: TickColumns[] = [];
  readonly #capacity: number;
  readonly #ids: IdKind;
  readonly #hasLogTimes: boolean;

  constructor(capacity: number, ids: IdKind, hasLogTimes = false) {
    this.#capacity = capacity;
    this.#ids = ids;
    this.#hasLogTimes = hasLogTimes;
  }

  /** With room for at least so many rows: more than usual where one record has more ticks than a batch. */
  take(rows = 0): TickColumns {
    const hasLogTimes = this.#hasLogTimes;
    if (rows > this.#capacity) return new TickColumns(rows, this.#ids, { hasLogTimes });
    return this.#free.pop() ?? new TickColumns(this.#capacity, this.#ids, { hasLogTimes, pool: this });
  }

  giveBack(columns: TickColumns): void {
    columns.clear();
    if (columns.capacity === this.#capacity && this.#free.length < freeMax) this.#free.push(columns);
  }
}

interface ColumnOptions {
  /** Where they go when the batch is released. */
  readonly pool?: ColumnPool | null;
  readonly hasLogTimes?: boolean;
}

/**
 * The columns of one batch while a source fills them: write row `length` in every column, then raise
 * `length`. A batch belongs to whoever receives it, until it is released. All columns share one allocation,
 * and `order` is the trade id column itself where ids are monotone, else the position column itself.
 */
export class TickColumns {
  length = 0;
  inexactCount = 0;
  rejects: Reject[] = [];
  readonly capacity: number;
  readonly ids: IdKind;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly eventTimeMs: Float64Array;
  readonly position: Float64Array;
  /** Whole-number ids, NaN in the place of a textual one. Empty where ids are absent. */
  readonly tradeId: Float64Array;
  readonly order: Float64Array;
  readonly instrument: Int32Array;
  readonly side: Uint8Array;
  /** Null where the records of the log have no times of their own. */
  readonly logTimeMs: Float64Array | null;
  /** Textual ids by row; the id column holds NaN in such a row. */
  readonly #textIds = new Map<number, string>();

  readonly #pool: ColumnPool | null;

  constructor(capacity: number, ids: IdKind, { pool = null, hasLogTimes = false }: ColumnOptions = {}) {
    this.capacity = capacity;
    this.ids = ids;
    this.#pool = pool;
    this.logTimeMs = hasLogTimes ? new Float64Array(capacity) : null;
    const doubles = ids === 'absent' ? 4 : 5;
    const buffer = new ArrayBuffer(capacity * (doubles * 8 + 4 + 1));
    this.price = new Float64Array(buffer, 0, capacity);
    this.size = new Float64Array(buffer, capacity * 8, capacity);
    this.eventTimeMs = new Float64Array(buffer, capacity * 16, capacity);
    this.position = new Float64Array(buffer, capacity * 24, capacity);
    this.tradeId = new Float64Array(buffer, capacity * 32, ids === 'absent' ? 0 : capacity);
    this.order = ids === 'monotone' ? this.tradeId : this.position;
    this.instrument = new Int32Array(buffer, capacity * doubles * 8, capacity);
    this.side = new Uint8Array(buffer, capacity * (doubles * 8 + 4), capacity);
  }

  /** Sets the id of row `length` where it is text. */
  setTextId(id: string): void {
    this.tradeId[this.length] = Number.NaN;
    this.#textIds.set(this.length, id);
  }

  /** Starts over, with the same memory. */
  clear(): void {
    this.length = 0;
    this.inexactCount = 0;
    this.rejects = [];
    this.#textIds.clear();
  }

  /**
   * The batch, with columns of its own; null when there is nothing in it. Not to be used again by its maker.
   */
  finish(end: BatchEnd): TickBatch | null {
    if (this.length === 0 && this.rejects.length === 0) return null;
    const columns = this.length * 2 < this.capacity ? this.#compacted() : this;
    const tradeId = this.#textIds.size === 0 ? columns.tradeId : this.#mixedIds();
    const batch: TickBatch = {
      kind: 'ticks',
      lane: end.lane,
      length: this.length,
      instrument: columns.instrument,
      price: columns.price,
      size: columns.size,
      side: columns.side,
      eventTimeMs: columns.eventTimeMs,
      position: columns.position,
      order: columns.order,
      ...(this.ids === 'absent' ? {} : { tradeId }),
      receivedTimeMs: end.receivedTimeMs,
      nextPosition: end.nextPosition,
      atLogEnd: end.atLogEnd,
      rejects: this.rejects,
      inexactCount: this.inexactCount,
      ...(columns.logTimeMs === null ? {} : { logTimeMs: columns.logTimeMs }),
      ...(end.placeOf === undefined ? {} : { placeOf: end.placeOf }),
      ...(end.lastRecord === undefined ? {} : { lastRecord: end.lastRecord }),
      ...(end.traceParent === undefined ? {} : { traceParent: end.traceParent }),
      ...(columns === this && this.#pool !== null ? { release: this.#released } : {}),
    };
    if (columns !== this) this.#pool?.giveBack(this);
    return batch;
  }

  readonly #released = (): void => this.#pool?.giveBack(this);

  /** A batch that was cut early must not hold the memory of a full one while it waits in a queue. */
  #compacted(): TickColumns {
    const compact = new TickColumns(this.length, this.ids, { hasLogTimes: this.logTimeMs !== null });
    if (this.logTimeMs !== null) compact.logTimeMs?.set(this.logTimeMs.subarray(0, this.length));
    compact.price.set(this.price.subarray(0, this.length));
    compact.size.set(this.size.subarray(0, this.length));
    compact.eventTimeMs.set(this.eventTimeMs.subarray(0, this.length));
    compact.position.set(this.position.subarray(0, this.length));
    if (this.ids !== 'absent') compact.tradeId.set(this.tradeId.subarray(0, this.length));
    compact.instrument.set(this.instrument.subarray(0, this.length));
    compact.side.set(this.side.subarray(0, this.length));
    return compact;
  }

  #mixedIds(): (string | number)[] {
    const ids: (string | number)[] = [];
    for (let row = 0; row < this.length; row++) {
      const id = this.tradeId[row];
      ids.push(Number.isNaN(id) ? this.#textIds.get(row)! : id);
    }
    return ids;
  }
}
