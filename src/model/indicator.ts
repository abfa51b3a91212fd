/** One line of an indicator on the bars of one spec: what a value is a value of. */
export interface IndicatorLine {
  /** Canonical: `rsi(14)`, and `macd(12,26,9).signal` where an indicator has several lines. */
  readonly indicator: string;
  /** Canonical name of the bar spec. */
  readonly barSpec: string;
}

/** Four doubles, three integers, one short one and four bytes. */
const rowBytes = 4 * 8 + 3 * 4 + 2 + 4;

/**
 * Values of indicators as columns, a row a value: each bar of a configured spec has one of each line, stamped with the
 * greatest position of all bars that went into it. Grows by a quarter; `length = 0` starts over without giving memory back.
 */
export class IndicatorColumns {
  length = 0;
  capacity: number;
  line: Uint16Array; // Index into the pipeline's list of indicator lines.
  instrument: Int32Array;
  openTimeMs: Float64Array; // Of its bar.
  closeTimeMs: Float64Array;
  barIndex: Int32Array;
  value: Float64Array; // NaN: none yet, too few bars have come.
  quality: Uint8Array;
  state: Uint8Array;
  revision: Int32Array; // Of its bar.
  whole: Uint8Array; // No bar of the series was missed: a fold of the whole log gives this value too.
  position: Float64Array; // Of the last log record that changed any bar up to this one.
  again: Uint8Array;

  /** All columns share one allocation, the widest first. */
  constructor(capacity: number) {
    this.capacity = capacity;
    const buffer = new ArrayBuffer(capacity * rowBytes);
    let end = 0;
    const next = (bytes: number): number => (end += capacity * bytes) - capacity * bytes;
    this.openTimeMs = new Float64Array(buffer, next(8), capacity);
    this.closeTimeMs = new Float64Array(buffer, next(8), capacity);
    this.value = new Float64Array(buffer, next(8), capacity);
    this.position = new Float64Array(buffer, next(8), capacity);
    this.instrument = new Int32Array(buffer, next(4), capacity);
    this.barIndex = new Int32Array(buffer, next(4), capacity);
    this.revision = new Int32Array(buffer, next(4), capacity);
    this.line = new Uint16Array(buffer, next(2), capacity);
    this.quality = new Uint8Array(buffer, next(1), capacity);
    this.state = new Uint8Array(buffer, next(1), capacity);
    this.whole = new Uint8Array(buffer, next(1), capacity);
    this.again = new Uint8Array(buffer, next(1), capacity);
  }

  get series(): Uint16Array {
    return this.line;
  }

  /** Makes room for one more row and returns its index. Fields of the new row hold anything: set them all. */
  add(): number {
    if (this.length === this.capacity) this.#grow();
    return this.length++;
  }

  /** Copies row `from` of `other` over row `to`, every field. */
  copyRow(to: number, other: IndicatorColumns, from: number): void {
    this.line[to] = other.line[from]!;
    this.instrument[to] = other.instrument[from]!;
    this.openTimeMs[to] = other.openTimeMs[from]!;
    this.closeTimeMs[to] = other.closeTimeMs[from]!;
    this.barIndex[to] = other.barIndex[from]!;
    this.value[to] = other.value[from]!;
    this.quality[to] = other.quality[from]!;
    this.state[to] = other.state[from]!;
    this.revision[to] = other.revision[from]!;
    this.whole[to] = other.whole[from]!;
    this.position[to] = other.position[from]!;
    this.again[to] = other.again[from]!;
  }

  #grow(): void {
    const grown = new IndicatorColumns(Math.max(64, Math.ceil(this.capacity * 1.25)));
    grown.line.set(this.line);
    grown.instrument.set(this.instrument);
    grown.openTimeMs.set(this.openTimeMs);
    grown.closeTimeMs.set(this.closeTimeMs);
    grown.barIndex.set(this.barIndex);
    grown.value.set(this.value);
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
