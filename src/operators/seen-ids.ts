import { CountedIds } from './counted-ids.ts';
import { readIdColumns, type IdColumnsSnapshot, type IdEntry } from './id-columns.ts';
import { ScatteredIds } from './scattered-ids.ts';
import { TextIds, type TextIdsSnapshot } from './text-ids.ts';

/** What must outlive a restart: the ids that can still be met again. */
export interface SeenIdsSnapshot {
  readonly numbers: IdColumnsSnapshot;
  readonly texts: TextIdsSnapshot;
}

/** Numeric ids with their event times, found by (instrument, id). */
export interface NumberIds {
  /** True: the id is greater than all others of its instrument, so it is new, and kept. False says nothing. */
  append(instrument: number, id: number, eventTimeMs: number): boolean;
  /** False when the id is there with an event time at or after the horizon; else it is from now on. */
  admit(instrument: number, entry: IdEntry, horizonMs: number): boolean;
  forget(horizonMs: number): void;
  readonly size: number;
  /** All that lies at or after the horizon, and perhaps some before it. */
  save(horizonMs: number, symbolOf: (instrument: number) => string): IdColumnsSnapshot;
}

/**
 * The trade ids of one venue that were admitted and can be met again. An id counts as seen if and only if it was admitted
 * with an event time at or after the horizon: an older repetition is late anyway, so nothing is lost by forgetting.
 * Forgetting is lazy and not observable: every id is kept with its event time, which is compared at each meeting.
 */
export class SeenIds {
  /** The caller keeps it current. Never falls. */
  horizonMs = -Infinity;
  readonly #numbers: NumberIds;
  readonly #texts = new TextIds();

  /** `ids`, as the source declares them, decides how they are kept, never what counts as seen. */
  constructor(ids: 'monotone' | 'unique') {
    this.#numbers = ids === 'monotone' ? new CountedIds() : new ScatteredIds();
  }

  /** A shortcut through `admit`, for loops: true when the id is new and kept. False says nothing. */
  append(instrument: number, id: number, eventTimeMs: number): boolean {
    return this.#numbers.append(instrument, id, eventTimeMs);
  }

  /** False when the id was seen; else it is from now on. NaN, '' and null are no ids and pass. */
  admit(instrument: number, tradeId: number | string | null | undefined, eventTimeMs: number): boolean {
    if (tradeId === null || tradeId === undefined || tradeId === '') return true;
    const id = typeof tradeId === 'number' ? tradeId : wholeNumberOf(tradeId);
    if (id === null) return this.#texts.admit(instrument, tradeId as string, eventTimeMs, this.horizonMs);
    return Number.isNaN(id) || this.#numbers.admit(instrument, { id, eventTimeMs }, this.horizonMs);
  }

  /** Gives memory back of what lies behind the horizon. Cheap: call it once a batch. */
  forget(): void {
    this.#numbers.forget(this.horizonMs);
    this.#texts.forget(this.horizonMs);
  }

  /** Ids in memory, forgotten ones that still take room included. */
  get size(): number {
    return this.#numbers.size + this.#texts.size;
  }

  snapshot(symbolOf: (instrument: number) => string): SeenIdsSnapshot {
    const { horizonMs } = this;
    return { numbers: this.#numbers.save(horizonMs, symbolOf), texts: this.#texts.snapshot(symbolOf, horizonMs) };
  }

  /** Only before the first id. */
  restore(from: SeenIdsSnapshot, instrumentOf: (symbol: string) => number): void {
    const instruments = from.numbers.symbols.map(instrumentOf);
    readIdColumns(from.numbers, (symbol, entry) => this.#numbers.admit(instruments[symbol], entry, -Infinity));
    this.#texts.restore(from.texts, instrumentOf);
  }
}

/** '12' is the id 12: a batch carries text where one of its ids is no number, and cuts of the log must not matter. */
function wholeNumberOf(text: string): number | null {
  const first = text.charCodeAt(0);
  if (text.length > 16 || first < 48 || first > 57) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : null;
}
