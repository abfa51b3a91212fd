export const quality = { complete: 0, partial: 1, gap: 2 } as const;
/** 1 forming (never in the database), 2 provisional (closed by the clock), 3 closed (by the log). */
export const barState = { forming: 1, provisional: 2, closed: 3 } as const;

/** Twelve doubles, three integers, one short one and four bytes. */
const rowBytes = 12 * 8 + 3 * 4 + 2 + 4;

/**
 * Bars as columns, a row a bar. Grows by a quarter; `length = 0` starts over without giving memory back.
 * `again` marks a row whose key may have been emitted before: it is never written by plain COPY.
 */
export class BarColumns {
  length = 0;
  capacity: number;
  spec: Uint16Array; // Index into the lane's list of bar specs.
  instrument: Int32Array;
  openTimeMs: Float64Array;
  closeTimeMs: Float64Array;
  barIndex: Int32Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  volume: Float64Array;
  notional: Float64Array;
  buyVolume: Float64Array;
  sellVolume: Float64Array;
  trades: Float64Array;
  quality: Uint8Array;
  state: Uint8Array;
  revision: Int32Array;
  whole: Uint8Array;
  position: Float64Array; // Of the last log record that changed any field of the row.
  again: Uint8Array;

  /** All columns share one allocation, the widest first. */
  constructor(capacity: number) {
    this.capacity = capacity;
    const buffer = new ArrayBuffer(capacity * rowBytes);
    let end = 0;
    const next = (bytes: number): number => (end += capacity * bytes) - capacity * bytes;
    this.openTimeMs = new Float64Array(buffer, next(8), capacity);
    this.closeTimeMs = new Float64Array(buffer, next(8), capacity);
    this.open = new Float64Array(buffer, next(8), capacity);
    this.high = new Float64Array(buffer, next(8), capacity);
    this.low = new Float64Array(buffer, next(8), capacity);
    this.close = new Float64Array(buffer, next(8), capacity);
    this.volume = new Float64Array(buffer, next(8), capacity);
    this.notional = new Float64Array(buffer, next(8), capacity);
    this.buyVolume = new Float64Array(buffer, next(8), capacity);
    this.sellVolume = new Float64Array(buffer, next(8), capacity);
    this.trades = new Float64Array(buffer, next(8), capacity);
    this.position = new Float64Array(buffer, next(8), capacity);
    this.instrument = new Int32Array(buffer, next(4), capacity);
    this.barIndex = new Int32Array(buffer, next(4), capacity);
    this.revision = new Int32Array(buffer, next(4), capacity);
    this.spec = new Uint16Array(buffer, next(2), capacity);
    this.quality = new Uint8Array(buffer, next(1), capacity);
    this.state = new Uint8Array(buffer, next(1), capacity);
    this.whole = new Uint8Array(buffer, next(1), capacity);
    this.again = new Uint8Array(buffer, next(1), capacity);
  }

  get series(): Uint16Array {
    return this.spec;
  }

  /** Makes room for one more row and returns its index. Fields of the new row hold anything: set them all. */
  add(): number {
    if (this.length === this.capacity) this.#grow();
    return this.length++;
  }

  /** Copies row `from` of `other` over row `to`, every field. */
  copyRow(to: number, other: BarColumns, from: number): void {
    this.spec[to] = other.spec[from]!;
    this.instrument[to] = other.instrument[from]!;
    this.openTimeMs[to] = other.openTimeMs[from]!;
    this.closeTimeMs[to] = other.closeTimeMs[from]!;
    this.barIndex[to] = other.barIndex[from]!;
    this.open[to] = other.open[from]!;
    this.high[to] = other.high[from]!;
    this.low[to] = other.low[from]!;
    this.close[to] = other.close[from]!;
    this.volume[to] = other.volume[from]!;
    this.notional[to] = other.notional[from]!;
    this.buyVolume[to] = other.buyVolume[from]!;
    this.sellVolume[to] = other.sellVolume[from]!;
    this.trades[to] = other.trades[from]!;
    this.quality[to] = other.quality[from]!;
    this.state[to] = other.state[from]!;
    this.revision[to] = other.revision[from]!;
    this.whole[to] = other.whole[from]!;
    this.position[to] = other.position[from]!;
    this.again[to] = other.again[from]!;
  }

  #grow(): void {
    const grown = new BarColumns(Math.max(64, Math.ceil(this.capacity * 1.25)));
    grown.spec.set(this.spec);
    grown.instrument.set(this.instrument);
    grown.openTimeMs.set(this.openTimeMs);
    grown.closeTimeMs.set(this.closeTimeMs);
    grown.barIndex.set(this.barIndex);
    grown.open.set(this.open);
    grown.high.set(this.high);
    grown.low.set(this.low);
    grown.close.set(this.close);
    grown.volume.set(this.volume);
    grown.notional.set(this.notional);
    grown.buyVolume.set(this.buyVolume);
    grown.sellVolume.set(this.sellVolume);
    grown.trades.set(this.trades);
    grown.quality.set(this.quality);
    grown.state.set(this.state);
    grown.revision.set(this.revision);
    grown.whole.set(this.whole);
    grown.position.set(this.position);
    grown.again.set(this.again);
    const length = this.length;
    Object.assign(this, grown);
    this.length = length;
  }
}
