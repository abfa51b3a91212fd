import { stepsPerMs } from './id-blocks.ts';

/** Ids with their event times as columns, by symbol, ascending within one. */
export interface IdColumnsSnapshot {
  readonly symbols: readonly string[];
  /** By symbol: how many of the entries are its own; they stand in the order of the symbols. */
  readonly counts: Int32Array;
  readonly firstIds: Float64Array;
  /** By entry: how far it lies beyond the symbol's id before it. Doubles: the ids themselves, where steps do not fit. */
  readonly ids: Uint32Array | Float64Array;
  /** By entry: steps of 1/4096 ms since `baseMs`. Doubles: ms since 1970, where steps do not fit. */
  readonly eventTimes: Uint32Array | Float64Array;
  readonly baseMs: number;
}

/** An id with its event time, as it is written and read one by one. */
export interface IdEntry {
  id: number;
  eventTimeMs: number;
}

/** Calls its visitor for every id of a symbol, ascending; by symbol. */
export type IdWalk = (startSymbol: (symbol: string) => void, visit: (entry: IdEntry) => void) => void;

/** Half the memory of doubles where every step fits to the last bit, and else doubles. At most `countMax` entries. */
export function idColumnsOf(walk: IdWalk, countMax: number, baseMs: number): IdColumnsSnapshot {
  const columns = new Columns(countMax, baseMs);
  columns.fill(walk);
  if (!columns.idsFit) columns.ids = new Float64Array(countMax);
  if (!columns.timesFit) columns.eventTimes = new Float64Array(countMax);
  if (!columns.idsFit || !columns.timesFit) columns.fill(walk);
  return columns.snapshot();
}

export function readIdColumns(from: IdColumnsSnapshot, visit: (symbol: number, entry: IdEntry) => void): void {
  const areSteps = from.ids instanceof Uint32Array;
  const areTimeSteps = from.eventTimes instanceof Uint32Array;
  const entry = { id: 0, eventTimeMs: 0 };
  let at = 0;
  for (const [symbol, count] of from.counts.entries()) {
    entry.id = from.firstIds[symbol];
    for (const end = at + count; at < end; at++) {
      entry.id = areSteps ? entry.id + from.ids[at] : from.ids[at];
      entry.eventTimeMs = areTimeSteps ? from.baseMs + from.eventTimes[at] / stepsPerMs : from.eventTimes[at];
      visit(symbol, entry);
    }
  }
}

class Columns {
  ids: Uint32Array | Float64Array;
  eventTimes: Uint32Array | Float64Array;
  idsFit = true;
  timesFit = true;
  readonly #baseMs: number;
  #symbols: string[] = [];
  #counts: number[] = [];
  #firstIds: number[] = [];
  #length = 0;
  #idBefore = NaN;

  constructor(countMax: number, baseMs: number) {
    this.#baseMs = baseMs;
    this.ids = new Uint32Array(countMax);
    this.eventTimes = new Uint32Array(countMax);
  }

  fill(walk: IdWalk): void {
    [this.#symbols, this.#counts, this.#firstIds, this.#length] = [[], [], [], 0];
    walk((symbol) => {
      if (this.#counts.at(-1) === 0) {
        this.#symbols.pop();
        this.#counts.pop();
      }
      this.#symbols.push(symbol);
      this.#counts.push(0);
      this.#idBefore = NaN;
    }, this.#add);
  }

  snapshot(): IdColumnsSnapshot {
    return {
      symbols: this.#symbols, counts: Int32Array.from(this.#counts), firstIds: Float64Array.from(this.#firstIds),
      ids: this.ids.subarray(0, this.#length), eventTimes: this.eventTimes.subarray(0, this.#length), baseMs: this.#baseMs,
    };
  }

  readonly #add = ({ id, eventTimeMs }: IdEntry): void => {
    if (Number.isNaN(this.#idBefore)) {
      this.#firstIds.push(id);
      this.#idBefore = id;
    }
    const step = id - this.#idBefore;
    const timeStep = (eventTimeMs - this.#baseMs) * stepsPerMs;
    if (this.idsFit) this.idsFit = step >>> 0 === step && this.#idBefore + step === id;
    if (this.timesFit) this.timesFit = timeStep >>> 0 === timeStep && this.#baseMs + timeStep / stepsPerMs === eventTimeMs;
    this.ids[this.#length] = this.idsFit ? step : id;
    this.eventTimes[this.#length] = this.timesFit ? timeStep : eventTimeMs;
    this.#idBefore = id;
    this.#counts[this.#counts.length - 1]++;
    this.#length++;
  };
}
