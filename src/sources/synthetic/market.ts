import type { InstrumentTable } from '../../model/instruments.ts';
import { Random } from './random.ts';
import type { SyntheticValues } from './settings.ts';

/**
 * What is traded: every symbol on every venue, each instrument with a geometric random walk of its own.
 * Prices and sizes are whole numbers of the instrument's least step divided by a power of ten, so that each
 * equals its decimal text.
 */
export class Market {
  readonly count: number;
  readonly symbolCount: number;
  /** Index in the process's instrument table. */
  readonly instrument: Int32Array;
  readonly venueIndexes: readonly number[];
  readonly #price: Float64Array; // In least steps, not rounded: small moves add up.
  readonly #priceScale: Float64Array;
  readonly #sizeScale: Float64Array;
  readonly #deviation: number;
  readonly #lastId: Float64Array;
  readonly #shuffled: boolean;

  constructor(values: SyntheticValues, instruments: InstrumentTable, idBase: number) {
    this.symbolCount = values.symbols;
    this.count = values.symbols * values.venues;
    this.instrument = new Int32Array(this.count);
    this.#lastId = new Float64Array(this.count).fill(idBase);
    this.#price = new Float64Array(this.count);
    this.#priceScale = new Float64Array(this.count);
    this.#sizeScale = new Float64Array(this.count);
    this.#shuffled = values.ids === 'unique';
    this.#deviation = values.price_step_bps / 10_000;
    const venues = venueNames(values);
    this.venueIndexes = venues.map((venue) => instruments.venueIndex(venue));
    for (const [index, venue] of venues.entries()) this.#list(venue, index, { values, instruments });
  }

  /** Moves the price by one step of the walk and returns it. */
  step(index: number, normal: number): number {
    let price = this.#price[index] * (1 + this.#deviation * normal);
    if (price < stepsMin) price = 2 * stepsMin - price;
    else if (price > stepsMax) price = 2 * stepsMax - price;
    this.#price[index] = price;
    return Math.round(price) / this.#priceScale[index];
  }

  /** Of a number of lots. */
  size(index: number, lots: number): number {
    return lots / this.#sizeScale[index];
  }

  /** Counts upwards; ids that are only unique are shuffled within blocks of 256. */
  nextId(index: number): number {
    const id = this.#lastId[index] + 1;
    this.#lastId[index] = id;
    return this.#shuffled ? id - (id & 255) + ((id * 167) & 255) : id;
  }

  /** A symbol begins at the same price on every venue: only the seed and its number decide. */
  #list(
    venue: string, venueNumber: number, of: { values: SyntheticValues; instruments: InstrumentTable },
  ): void {
    const random = new Random(of.values.seed ^ 0x5eed);
    for (let symbol = 0; symbol < this.symbolCount; symbol++) {
      const index = venueNumber * this.symbolCount + symbol;
      const priceDecimals = 1 + random.below(6);
      this.instrument[index] = of.instruments.intern(venue, symbolName(symbol));
      this.#price[index] = 20_000 + random.below(80_000);
      this.#priceScale[index] = powersOfTen[priceDecimals];
      this.#sizeScale[index] = powersOfTen[Math.max(0, 4 - priceDecimals)]; // What is cheap is not divided.
    }
  }
}

const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/**
 * The walk is reflected here, so that an endless run neither reaches 0 nor more digits than an exchange would
 * show: from 20,000 .. 100,000 steps, 0.01 % a tick, each bound is some 10^8 ticks of one symbol away.
 */
const stepsMin = 1_000;
const stepsMax = 10_000_000;

/** SYN001, SYN002, … A name does not depend on how many symbols there are. */
function symbolName(symbol: number): string {
  return `SYN${String(symbol + 1).padStart(3, '0')}`;
}

function venueNames(values: SyntheticValues): string[] {
  if (values.venues === 1) return [values.venue];
  return Array.from({ length: values.venues }, (_, index) => `${values.venue}-${index + 1}`);
}
