import { stepsPerMs } from './id-blocks.ts';

/** Ids with their event times as columns, in blocks of one symbol each. */
export interface IdColumnsSnapshot {
  readonly symbols: readonly string[];
  /** By block: the place of its symbol, and the number of its ids. */
  readonly symbolPlaces: Int32Array;
  readonly counts: Int32Array;
  /** By block: what its entries are counted from; NaN where they stand among the doubles. */
  readonly baseIds: Float64Array;
  readonly basesMs: Float64Array;
  /** Block after block, two numbers an id: how far beyond the base id, and steps of 1/4096 ms since the base time. */
  readonly entries: Uint32Array;
  /** Block after block, two numbers an id: the id, and its event time in ms since 1970. */
  readonly doubles: Float64Array;
}

/** An id with its event time, as it is read one by one. */
export interface IdEntry {
  id: number;
  eventTimeMs: number;
}

/** Calls `visit` for every id, with the place of its symbol. The entry is valid within the call only. */
export function readIdColumns(from: IdColumnsSnapshot, visit: (symbolPlace: number, entry: IdEntry) => void): void {
  const entry = { id: 0, eventTimeMs: 0 };
  let [at, doublesAt] = [0, 0];
  for (const [block, count] of from.counts.entries()) {
    const baseId = from.baseIds[block];
    const baseMs = from.basesMs[block];
    for (let index = 0; index < count; index++) {
      const isAside = Number.isNaN(baseId);
      entry.id = isAside ? from.doubles[doublesAt++] : baseId + from.entries[at++];
      entry.eventTimeMs = isAside ? from.doubles[doublesAt++] : baseMs + from.entries[at++] / stepsPerMs;
      visit(from.symbolPlaces[block], entry);
    }
  }
}

/** Collects blocks by copying them: a million ids take some milliseconds. */
export class IdColumns {
  readonly #symbols: string[] = [];
  readonly #symbolPlaces: number[] = [];
  readonly #counts: number[] = [];
  readonly #baseIds: number[] = [];
  readonly #basesMs: number[] = [];
  readonly #entries: Uint32Array;
  #length = 0;
  readonly #doubles: Float64Array[] = [];

  /** At most so many numbers come as steps. */
  constructor(stepsMax: number) {
    this.#entries = new Uint32Array(stepsMax);
  }

  /** Blocks that follow are of this symbol. */
  startSymbol(symbol: string): void {
    this.#symbols.push(symbol);
  }

  addSteps(steps: Uint32Array, baseId: number, baseMs: number): void {
    this.#addBlock(steps.length / 2, baseId, baseMs);
    this.#entries.set(steps, this.#length);
    this.#length += steps.length;
  }

  addDoubles(doubles: Float64Array): void {
    this.#addBlock(doubles.length / 2, NaN, NaN);
    this.#doubles.push(doubles.slice());
  }

  snapshot(): IdColumnsSnapshot {
    return {
      symbols: this.#symbols, symbolPlaces: Int32Array.from(this.#symbolPlaces), counts: Int32Array.from(this.#counts),
      baseIds: Float64Array.from(this.#baseIds), basesMs: Float64Array.from(this.#basesMs),
      entries: this.#entries.subarray(0, this.#length), doubles: joined(this.#doubles),
    };
  }

  #addBlock(count: number, baseId: number, baseMs: number): void {
    this.#symbolPlaces.push(this.#symbols.length - 1);
    this.#counts.push(count);
    this.#baseIds.push(baseId);
    this.#basesMs.push(baseMs);
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
