import type { InstrumentTable } from '../model/instruments.ts';

/**
 * The venues and instruments that a snapshot speaks of, each named once; everywhere else it has their places in these
 * lists. Table indices mean nothing in another process.
 */
export interface InstrumentNames {
  readonly venues: readonly string[];
  /** By instrument: the place of its venue. */
  readonly venueOf: Int32Array;
  readonly symbols: readonly string[];
}

/** Gathers names while a snapshot is taken. */
export class NameCollector {
  readonly #instruments: InstrumentTable;
  readonly #venues: string[] = [];
  readonly #venueOf: number[] = [];
  readonly #symbols: string[] = [];
  /** Place + 1, by index; 0 where it has none yet. */
  readonly #placeOf: Int32Array;
  readonly #venuePlaceOf: Int32Array;

  constructor(instruments: InstrumentTable) {
    this.#instruments = instruments;
    this.#placeOf = new Int32Array(instruments.size);
    this.#venuePlaceOf = new Int32Array(instruments.venueCount);
  }

  placeOf(instrument: number): number {
    return this.#placeOf[instrument] === 0 ? this.#add(instrument) : this.#placeOf[instrument] - 1;
  }

  placesOf(instruments: Int32Array): Int32Array {
    return instruments.map((instrument) => this.placeOf(instrument));
  }

  placeOfVenue(venue: number): number {
    const known = this.#venuePlaceOf[venue];
    if (known !== 0) return known - 1;
    const place = this.#venues.push(this.#instruments.venueName(venue)) - 1;
    this.#venuePlaceOf[venue] = place + 1;
    return place;
  }

  /** All that was asked for. */
  names(): InstrumentNames {
    return { venues: this.#venues, venueOf: Int32Array.from(this.#venueOf), symbols: this.#symbols };
  }

  #add(instrument: number): number {
    const { venueOf } = this.#instruments;
    const place = this.#symbols.push(this.#instruments.symbol(instrument)) - 1;
    this.#venueOf.push(this.placeOfVenue(venueOf[instrument]));
    this.#placeOf[instrument] = place + 1;
    return place;
  }
}

/** What the places of a snapshot are in this process. */
export interface Places {
  /** Venue index by place. */
  readonly venues: readonly number[];
  /** Instrument index by place. */
  readonly instruments: Int32Array;
}

export function placesIn(instruments: InstrumentTable, { venues, venueOf, symbols }: InstrumentNames): Places {
  return {
    venues: venues.map((venue) => instruments.venueIndex(venue)),
    instruments: Int32Array.from(symbols, (symbol, place) => instruments.intern(venues[venueOf[place]], symbol)),
  };
}
