import type { InstrumentTable } from '../../model/instruments.ts';
import { TickColumns } from '../tick-columns.ts';
import { Market } from './market.ts';
import { Random } from './random.ts';
import type { SyntheticValues } from './settings.ts';

/**
 * A venue was silent over [fromMs, untilMs). It is a log record of its own, written when the venue is back.
 */
export interface Outage {
  readonly position: number;
  readonly venueIndex: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface LogStart {
  /** Event time of the beginning, ms since 1970 UTC. */
  readonly startMs: number;
  /** Ids are counted from here on. */
  readonly idBase: number;
  /** Of the first record. */
  readonly position: number;
}

const dayMs = 86_400_000;
const skipTicks = 1_000;
/** A duplicate repeats one of this many ticks. A power of two. */
const recentMax = 256;

/** Lots of a trade: small ones are common, large ones rare, as on an exchange. */
const lotSizes = Float64Array.of(
  1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3,
  4, 4, 5, 5, 5, 8, 10, 10, 15, 20, 25, 40, 50, 100, 250, 1_000,
);

/**
 * The log of the generator. Record n (a tick or an outage) depends on settings, seed and start time alone:
 * all random numbers come from one stream in the order of the records, and nothing depends on how the log is
 * cut into batches. Going to position n costs the making of the n records before it (some 30 ns each, 100
 * million in 3 s): a walk has no shortcut, and a position is looked for only once, at the start.
 */
export class SyntheticLog {
  /** Of the next record. */
  position: number;
  readonly #values: SyntheticValues;
  readonly #instruments: InstrumentTable;
  readonly #market: Market;
  readonly #random: Random;
  readonly #startMs: number;
  readonly #meanGapMs: number;
  readonly #burstBegins: number; // Of 2^22.
  readonly #faults: FaultShares | null;
  #ticksLeft: number;
  #burstLeft = 0;
  #elapsedMs: number; // Arrival of the next tick, from the start: small numbers keep their fractions.
  #outageFromMs = Infinity;
  #outageUntilMs = Infinity;
  #outageVenueIndex = -1;
  readonly #recent: TickColumns;
  #recentCount = 0;

  constructor(values: SyntheticValues, instruments: InstrumentTable, start: LogStart) {
    this.position = start.position;
    this.#values = values;
    this.#instruments = instruments;
    this.#market = new Market(values, instruments, start.idBase);
    this.#random = new Random(values.seed);
    this.#startMs = Math.floor(start.startMs);
    const share = values.burst_share;
    // In a burst gaps are shorter by the factor: the others are longer, so that the mean rate is as asked for.
    this.#meanGapMs = 1_000 / values.ticks_per_second / (1 - share + share / values.burst_factor);
    this.#burstBegins = Math.round((0x40_0000 * share) / (values.burst_ticks * (1 - share)));
    this.#faults = faultShares(values);
    this.#recent = new TickColumns(recentMax, values.ids);
    this.#ticksLeft = values.count ?? Infinity;
    this.#elapsedMs = this.#gapMs();
    this.#planOutage();
  }

  get ended(): boolean {
    return this.#ticksLeft === 0;
  }

  /**
   * Fills `columns` up to their capacity with ticks that span less than `spanMs` of arrival time, and returns
   * null; or, where the next record is an outage, leaves them alone and returns it. May add nothing when
   * venues are silent.
   */
  readInto(columns: TickColumns, spanMs: number): Outage | null {
    if (this.#elapsedMs >= this.#outageUntilMs) return this.#endOutage();
    const untilMs = Math.min(this.#outageUntilMs, this.#elapsedMs + spanMs);
    const room = Math.min(columns.capacity - columns.length, this.#ticksLeft);
    const full = columns.length + room;
    while (columns.length < full && this.#elapsedMs < untilMs) this.#next(columns);
    this.#ticksLeft -= room - (full - columns.length);
    return null;
  }

  /** Makes and forgets the records before `position`. */
  skipTo(position: number): void {
    while (this.position < position && !this.ended) {
      const columns = new TickColumns(Math.min(skipTicks, position - this.position), this.#values.ids);
      this.readInto(columns, Infinity);
    }
  }

  /** Adds the next tick of the arrival process to the columns, unless its venue is silent. */
  #next(columns: TickColumns): void {
    const elapsedMs = this.#elapsedMs;
    if (elapsedMs >= this.#outageFromMs && this.#market.venueIndexes.length === 1) {
      this.#elapsedMs = this.#outageUntilMs; // Nobody else could trade: arrivals have no memory to keep.
      return;
    }
    this.#elapsedMs = elapsedMs + this.#gapMs();
    const index = this.#random.below(this.#market.count);
    const normal = this.#random.normal();
    const bits = this.#random.bits();
    if (this.#burstLeft === 0 && bits >>> 10 < this.#burstBegins) {
      this.#burstLeft = 1 + this.#random.below(2 * this.#values.burst_ticks - 1);
    }
    const row = columns.length;
    columns.eventTimeMs[row] = this.#startMs + Math.floor(elapsedMs);
    columns.side[row] = 1 + (bits & 1);
    const repeated = this.#faults !== null && this.#applyFault(this.#faults, columns);
    if (!repeated) columns.instrument[row] = this.#market.instrument[index];
    if (elapsedMs >= this.#outageFromMs && this.#isSilent(columns.instrument[row])) return;
    if (!repeated) {
      columns.price[row] = this.#market.step(index, normal);
      columns.size[row] = this.#market.size(index, lotSizes[(bits >>> 1) & 31] * (1 + ((bits >>> 6) & 7)));
      if (columns.ids !== 'absent') columns.tradeId[row] = this.#market.nextId(index);
      if (this.#faults !== null) this.#remember(columns);
    }
    columns.position[row] = this.position++;
    columns.length = row + 1;
  }

  #gapMs(): number {
    const gapMs = this.#random.exponential() * this.#meanGapMs;
    if (this.#burstLeft === 0) return gapMs;
    this.#burstLeft--;
    return gapMs / this.#values.burst_factor;
  }

  /** Moves the event time of the row, or puts an earlier tick in its place and returns true. */
  #applyFault(shares: FaultShares, columns: TickColumns): boolean {
    const row = columns.length;
    const lot = this.#random.uniform();
    if (lot >= shares.disorder) return false;
    const amount = this.#random.uniform();
    if (lot < shares.duplicate) return this.#repeat(columns, amount);
    let shiftMs = -amount * this.#values.disorder_ms;
    if (lot < shares.poison) shiftMs = (30 + amount * 29_970) * dayMs;
    else if (lot < shares.late) shiftMs = -(1 + amount) * this.#values.late_ms;
    columns.eventTimeMs[row] = Math.floor(columns.eventTimeMs[row] + shiftMs);
    return false;
  }

  /** `amount` from 0 to 1 chooses among the recent ticks. */
  #repeat(columns: TickColumns, amount: number): boolean {
    if (this.#recentCount === 0) return false;
    const row = Math.floor(amount * Math.min(this.#recentCount, recentMax));
    copyTick(columns, columns.length, { columns: this.#recent, row });
    return true;
  }

  #remember(columns: TickColumns): void {
    copyTick(this.#recent, this.#recentCount & (recentMax - 1), { columns, row: columns.length });
    this.#recentCount++;
  }

  #isSilent(instrument: number): boolean {
    return this.#instruments.venueOf[instrument] === this.#outageVenueIndex;
  }

  #planOutage(): void {
    const { outage_every_s: everySeconds, outage_s: seconds } = this.#values;
    if (everySeconds === 0) return;
    const begin = Number.isFinite(this.#outageUntilMs) ? this.#outageUntilMs : 0;
    this.#outageFromMs = Math.floor(begin + this.#random.exponential() * everySeconds * 1_000);
    this.#outageUntilMs = this.#outageFromMs + seconds * 1_000;
    const venues = this.#market.venueIndexes;
    this.#outageVenueIndex = venues[this.#random.below(venues.length)];
  }

  #endOutage(): Outage {
    const outage = {
      position: this.position++,
      venueIndex: this.#outageVenueIndex,
      fromMs: this.#startMs + this.#outageFromMs,
      untilMs: this.#startMs + this.#outageUntilMs,
    };
    this.#planOutage();
    return outage;
  }
}

function copyTick(
  to: TickColumns, row: number, from: { readonly columns: TickColumns; readonly row: number },
): void {
  to.instrument[row] = from.columns.instrument[from.row];
  to.price[row] = from.columns.price[from.row];
  to.size[row] = from.columns.size[from.row];
  to.side[row] = from.columns.side[from.row];
  to.eventTimeMs[row] = from.columns.eventTimeMs[from.row];
  if (to.ids !== 'absent') to.tradeId[row] = from.columns.tradeId[from.row];
}

/**
 * Upper bounds of the lots that mean each fault: a uniform number below the first is a duplicate, and so on.
 */
interface FaultShares {
  readonly duplicate: number;
  readonly poison: number;
  readonly late: number;
  readonly disorder: number;
}

function faultShares(values: SyntheticValues): FaultShares | null {
  const duplicate = values.duplicate_share;
  const poison = duplicate + values.poison_share;
  const late = poison + values.late_share;
  const disorder = late + values.disorder_share;
  return disorder === 0 ? null : { duplicate, poison, late, disorder };
}
