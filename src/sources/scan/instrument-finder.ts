import type { InstrumentTable } from '../../model/instruments.ts';
import { quoted } from './quoted.ts';
import { SymbolTable } from './symbol-table.ts';

/**
 * Garbage in a symbol column must not fill the memory: 100,000 symbols take some 20 MB here and downstream.
 */
const instrumentsMax = 100_000;
const tooMany = `the source has more than ${instrumentsMax} instruments: is this the column of the symbol?`;
const nameBytesMax = 64;

export interface InstrumentDefaults {
  readonly venue: string;
  /** Null where every record must name its symbol. */
  readonly symbol: string | null;
}

/** Where the names of a record stand in its bytes; start -1 where the record has none. */
export class NameSpan {
  start = -1;
  end = -1;

  set(start: number, end: number): void {
    this.start = start;
    this.end = end;
  }
}

/**
 * Finds the instrument of a record from the bytes of its symbol and venue; new names are judged as text,
 * once.
 */
export class InstrumentFinder {
  readonly symbol = new NameSpan();
  readonly venue = new NameSpan();
  readonly #instruments: InstrumentTable;
  readonly #defaults: InstrumentDefaults;
  readonly #defaultSymbol: Uint8Array;
  readonly #venues = new SymbolTable(); // To an index of #symbolsOf.
  readonly #symbolsOf: SymbolTable[] = [];
  #known = 0;

  constructor(instruments: InstrumentTable, defaults: InstrumentDefaults) {
    this.#instruments = instruments;
    this.#defaults = defaults;
    this.#defaultSymbol = Buffer.from(defaults.symbol ?? '');
    this.#tableOf(defaults.venue);
  }

  /**
   * The instrument of the names at `symbol` and `venue`; -1 where one is new, or none is given and none
   * assumed.
   */
  find(bytes: Uint8Array): number {
    const table = this.venue.start < 0 ? 0 : this.#venues.find(bytes, this.venue.start, this.venue.end);
    if (table < 0) return -1;
    const symbols = this.#symbolsOf[table];
    if (this.symbol.start < 0) return symbols.find(this.#defaultSymbol, 0, this.#defaultSymbol.length);
    return symbols.find(bytes, this.symbol.start, this.symbol.end);
  }

  /** The instrument of two names; a text says what is wrong with them. From here on `find` knows them. */
  intern(venueName: string | undefined, symbolName: string | undefined): number | string {
    const venue = venueName ?? this.#defaults.venue;
    const symbol = symbolName ?? this.#defaults.symbol ?? '';
    const problem = problemOf('venue', venue) ?? problemOf('symbol', symbol);
    if (problem !== null) return problem;
    const key = Buffer.from(symbol);
    const table = this.#symbolsOf[this.#tableOf(venue)];
    const known = table.find(key, 0, key.length);
    if (known >= 0) return known;
    if (this.#known === instrumentsMax) return tooMany;
    this.#known++;
    const instrument = this.#instruments.intern(venue, symbol);
    table.add(key, instrument);
    return instrument;
  }

  #tableOf(venue: string): number {
    const key = Buffer.from(venue);
    const known = this.#venues.find(key, 0, key.length);
    if (known >= 0) return known;
    this.#venues.add(key, this.#symbolsOf.length);
    return this.#symbolsOf.push(new SymbolTable()) - 1;
  }
}

/** What is wrong with a name, with its value; null when nothing is. */
function problemOf(what: 'venue' | 'symbol', name: string): string | null {
  if (name === '') return `${what} is empty`;
  const isLong = Buffer.byteLength(name) > nameBytesMax;
  if (isLong) return `${what} ${quoted(name)} is longer than ${nameBytesMax} bytes`;
  const isText = name.isWellFormed() && !/\p{Cc}/u.test(name);
  return isText ? null : `${what} ${quoted(name)} has control characters or half a character`;
}
