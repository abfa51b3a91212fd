import { decodeState, encodeState } from '../../src/checkpoints/encode.ts';
import type { AlertRow } from '../../src/model/alert.ts';
import { parseBarSpecs } from '../../src/model/bar-spec.ts';
import { BarColumns } from '../../src/model/bar.ts';
import type { Gap } from '../../src/model/gap.ts';
import type { IndicatorColumns, IndicatorLine } from '../../src/model/indicator.ts';
import { InstrumentTable } from '../../src/model/instruments.ts';
import type { Lane } from '../../src/model/lane.ts';
import type { DeadLetter, LateTick } from '../../src/model/rows.ts';
import type { Reject, TickBatch } from '../../src/model/tick-batch.ts';
import { Admission, type AdmissionOptions, type AdmissionSnapshot } from '../../src/operators/admission.ts';
import { LaneIndicators } from '../../src/operators/indicators/lane-indicators.ts';
import { linesOf, parseIndicators } from '../../src/operators/indicators/parse.ts';
import type { Emit, Snapshot } from '../../src/operators/operator.ts';
import { createTimeBars } from '../../src/operators/time-bars.ts';
import { laneOf } from '../support/batches.ts';

/** Monday, 1 January 2024, 00:00 UTC. Event times of ticks in tests are given from here, in ms. */
export const dawn = Date.UTC(2024, 0, 1);

export interface TestTick {
  /** Ms since `dawn`. */
  readonly at: number;
  readonly price?: number;
  readonly size?: number;
  readonly side?: number;
  readonly symbol?: string;
  readonly venue?: string;
  readonly id?: string | number;
  /** Its log record; the place among all ticks of the log when absent. */
  readonly position?: number;
  readonly logTimeMs?: number;
  readonly offMarket?: boolean;
}

export interface TestBar {
  readonly symbol: string;
  readonly venue: string;
  readonly spec: string;
  /** Ms since `dawn`. */
  readonly openAt: number;
  readonly closeAt: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly trades: number;
  readonly quality: number;
  readonly state: number;
  readonly revision: number;
  readonly whole: boolean;
  readonly position: number;
  readonly again: boolean;
}

/** Of an indicator; `value` is null where there is none yet. */
export interface TestValue {
  readonly symbol: string;
  readonly venue: string;
  readonly spec: string;
  readonly indicator: string;
  /** Ms since `dawn`. */
  readonly openAt: number;
  readonly value: number | null;
  readonly quality: number;
  readonly state: number;
  readonly revision: number;
  readonly whole: boolean;
  readonly position: number;
  readonly again: boolean;
}

export interface RigOptions {
  readonly specs?: readonly string[];
  readonly indicators?: readonly string[];
  readonly lane?: Partial<Lane>;
  readonly settings?: Partial<AdmissionOptions['settings'] & { idle_ms: number }>;
}

export const defaultSettings = {
  out_of_orderness_ms: 2_000, allowed_lateness_ms: 10_000, max_future_skew_ms: 300_000, max_jump_ms: 604_800_000,
  idle_ms: 5_000, ids: 'absent', zero_size: 'reject', off_market: 'exclude', nonpositive_price: 'reject',
} as const;

/** Admission, time bars and indicators of one lane, as a lane's runner strings them together; everything they emit is kept. */
export class FoldRig implements Emit {
  readonly instruments = new InstrumentTable();
  readonly lane: Lane;
  readonly admission: Admission;
  readonly timeBars: ReturnType<typeof createTimeBars>;
  readonly laneIndicators: LaneIndicators;
  readonly #lines: readonly IndicatorLine[];
  readonly specs: readonly string[];
  /** In the order of their coming; `takeRows` starts over. */
  rows: TestBar[] = [];
  values: TestValue[] = [];
  readonly lateTicks: LateTick[] = [];
  readonly gaps: Gap[] = [];
  readonly letters: DeadLetter[] = [];
  /** Keys that one call emitted twice: there must be none. */
  readonly repeated: string[] = [];
  #keysOfCall = new Set<string>();
  #position = 0;

  constructor({ specs = ['1s'], indicators = [], lane = {}, settings = {} }: RigOptions = {}) {
    this.lane = laneOf({ complete: true, ...lane });
    const values = { ...defaultSettings, ...settings };
    const parsed = parseBarSpecs(specs);
    this.specs = parsed.map(({ name }) => name);
    this.admission = new Admission({ lane: this.lane, instruments: this.instruments, settings: values });
    const { bounds } = this.admission;
    this.timeBars = createTimeBars({ lane: this.lane, instruments: this.instruments, specs: parsed, settings: values, bounds });
    const computed = parseIndicators(indicators, parsed);
    this.#lines = linesOf(computed);
    this.laneIndicators = new LaneIndicators({
      lane: this.lane, instruments: this.instruments, indicators: computed, bounds,
      horizonMs: (venue) => this.admission.horizonMs(venue),
    });
  }

  /** Folds one batch. */
  take(ticks: readonly TestTick[], overrides: Partial<TickBatch> = {}): this {
    return this.takeBatch(this.batchOf(ticks, overrides));
  }

  takeBatch(batch: TickBatch): this {
    this.#keysOfCall = new Set();
    const admitted = this.admission.admit(batch, this);
    this.timeBars.onBatch(admitted, this);
    this.laneIndicators.onBatch(admitted, this);
    return this;
  }

  takeGap(gap: Partial<Gap> & { fromMs: number; untilMs: number }): this {
    this.#keysOfCall = new Set();
    const position = this.#position++;
    const missing: Gap = {
      kind: 'gap', lane: this.lane, position, instruments: 'all', venue: 'all', reason: 'venue-outage', ticksLost: 0, ...gap,
    };
    this.timeBars.onGap(missing, this);
    this.laneIndicators.onGap(missing, this);
    return this;
  }

  get timeDueAtMs(): number {
    return this.timeBars.timeDueAtMs;
  }

  tellTime(nowMs: number): this {
    this.#keysOfCall = new Set();
    this.timeBars.onTime(nowMs, this);
    this.laneIndicators.onTime(nowMs, this);
    return this;
  }

  end(): this {
    this.#keysOfCall = new Set();
    const position = this.#position;
    const released = this.admission.end(position, this);
    if (released !== null) this.timeBars.onBatch(released, this);
    this.#keysOfCall = new Set();
    this.timeBars.onEnd(position, this);
    this.laneIndicators.onEnd(position, this);
    return this;
  }

  save(): { admission: AdmissionSnapshot; timeBars: Snapshot; indicators: Snapshot; position: number } {
    return {
      admission: this.admission.snapshot(), timeBars: this.timeBars.snapshot(), indicators: this.laneIndicators.snapshot(),
      position: this.#position,
    };
  }

  resume(saved: ReturnType<FoldRig['save']>): void {
    this.admission.restore(saved.admission);
    this.timeBars.restore(saved.timeBars);
    this.laneIndicators.restore(saved.indicators);
    this.#position = saved.position;
  }

  /** Whether a row is not the first of its key here. */
  isRepeated(row: TestBar): boolean {
    return this.rows.findIndex((other) => keyOf(other) === keyOf(row)) < this.rows.indexOf(row);
  }

  takeRows(): TestBar[] {
    const rows = this.rows;
    this.rows = [];
    return rows;
  }

  /** The last row of each key. */
  get final(): Map<string, TestBar> {
    return new Map(this.rows.map((row) => [keyOf(row), row]));
  }

  batchOf(ticks: readonly TestTick[], overrides: Partial<TickBatch> = {}): TickBatch {
    const column = (value: (tick: TestTick, index: number) => number): Float64Array => Float64Array.from(ticks, value);
    const position = column((tick) => tick.position ?? this.#position++);
    this.#position = Math.max(this.#position, (position.at(-1) ?? -1) + 1);
    const isAllNumbers = ticks.every(({ id }) => typeof id === 'number');
    const tradeId = isAllNumbers ? column((tick) => Number(tick.id)) : ticks.map(({ id }) => id ?? '');
    return {
      kind: 'ticks', lane: this.lane, length: ticks.length,
      instrument: Int32Array.from(ticks, ({ venue, symbol }) => this.instruments.intern(venue ?? 'venue', symbol ?? 'A')),
      price: column(({ price }) => price ?? 100),
      size: column(({ size }) => size ?? 1),
      side: Uint8Array.from(ticks, ({ side }) => side ?? 0),
      eventTimeMs: column(({ at }) => dawn + at),
      position,
      order: position,
      ...(ticks.some(({ id }) => id !== undefined) ? { tradeId } : {}),
      ...(ticks.some(({ logTimeMs }) => logTimeMs !== undefined)
        ? { logTimeMs: column(({ logTimeMs, at }) => logTimeMs ?? dawn + at) } : {}),
      ...(ticks.some(({ offMarket }) => offMarket !== undefined)
        ? { offMarket: Uint8Array.from(ticks, ({ offMarket }) => offMarket === true ? 1 : 0) } : {}),
      receivedTimeMs: dawn + Math.max(0, ...ticks.map(({ at }) => Number.isFinite(at) ? at : 0)),
      nextPosition: this.#position,
      atLogEnd: false, rejects: [], inexactCount: 0,
      ...overrides,
    };
  }

  /** From newer to older. */
  newestBars(venue: string, symbol: string, spec: string): TestBar[] {
    const into = new BarColumns(1);
    const isFound = this.timeBars.newestBars(this.instruments.intern(venue, symbol), this.specs.indexOf(spec), into);
    if (isFound !== into.length > 0) throw new Error(`newestBars said ${isFound} and gave ${into.length} bars`);
    return Array.from({ length: into.length }, (_, row) => this.#barAt(into, row));
  }

  newestBar(venue: string, symbol: string, spec: string): TestBar | null {
    return this.newestBars(venue, symbol, spec)[0] ?? null;
  }

  bars(block: BarColumns): void {
    for (let row = 0; row < block.length; row++) {
      const bar = this.#barAt(block, row);
      const key = keyOf(bar);
      if (this.#keysOfCall.has(key)) this.repeated.push(key);
      this.#keysOfCall.add(key);
      this.rows.push(bar);
    }
    this.laneIndicators.takeBars(block);
  }

  indicators(block: IndicatorColumns): void {
    for (let row = 0; row < block.length; row++) {
      const value = this.#valueAt(block, row);
      const key = valueKey(value);
      if (this.#keysOfCall.has(key)) this.repeated.push(key);
      this.#keysOfCall.add(key);
      this.values.push(value);
    }
  }

  /** The last value of each key. */
  get finalValues(): Map<string, TestValue> {
    return new Map(this.values.map((value) => [valueKey(value), value]));
  }

  lateTick(tick: LateTick): void {
    this.lateTicks.push(tick);
  }

  alert(_row: AlertRow): void {}

  gap(gap: Gap): void {
    this.gaps.push(gap);
  }

  deadLetter(letter: DeadLetter): void {
    this.letters.push(letter);
  }

  #valueAt(block: IndicatorColumns, row: number): TestValue {
    const instrument = block.instrument[row];
    const { indicator, barSpec } = this.#lines[block.line[row]];
    return {
      symbol: this.instruments.symbol(instrument), venue: this.instruments.venue(instrument), spec: barSpec, indicator,
      openAt: block.openTimeMs[row] - dawn, value: Number.isNaN(block.value[row]) ? null : block.value[row],
      quality: block.quality[row], state: block.state[row], revision: block.revision[row], whole: block.whole[row] === 1,
      position: block.position[row], again: block.again[row] === 1,
    };
  }

  #barAt(block: BarColumns, row: number): TestBar {
    const instrument = block.instrument[row];
    return {
      symbol: this.instruments.symbol(instrument), venue: this.instruments.venue(instrument),
      spec: this.specs[block.spec[row]],
      openAt: block.openTimeMs[row] - dawn, closeAt: block.closeTimeMs[row] - dawn,
      open: block.open[row], high: block.high[row], low: block.low[row], close: block.close[row],
      volume: block.volume[row], notional: block.notional[row],
      buyVolume: block.buyVolume[row], sellVolume: block.sellVolume[row], trades: block.trades[row],
      quality: block.quality[row], state: block.state[row], revision: block.revision[row],
      whole: block.whole[row] === 1, position: block.position[row], again: block.again[row] === 1,
    };
  }
}

type SavedRig = ReturnType<FoldRig['save']>;

/** What is left of a rig in a checkpoint: another process has nothing else of it. */
export async function throughBytes({ admission, timeBars, indicators, position }: SavedRig): Promise<SavedRig> {
  const limits = { lane: 'test/lane', bytesMax: 100_000_000 };
  const { admission: judged, operators } = await decodeState(
    await encodeState({ admission, operators: { timeBars, indicators } }, limits), limits);
  return {
    admission: judged as AdmissionSnapshot, timeBars: operators['timeBars'] as Snapshot,
    indicators: operators['indicators'] as Snapshot, position,
  };
}

export function keyOf({ venue, symbol, spec, openAt }: TestBar): string {
  return JSON.stringify([venue, symbol, spec, openAt]);
}

export function valueKey({ venue, symbol, spec, indicator, openAt }: TestValue): string {
  return JSON.stringify([venue, symbol, spec, indicator, openAt]);
}

export function rejectOf(position: number, reason: Reject['reason'] = 'malformed'): Reject {
  return { position, reason, message: 'not a record', place: `log:${position}`, bytes: Buffer.from('???') };
}
