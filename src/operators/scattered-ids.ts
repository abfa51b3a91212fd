import { IdColumns, type IdColumnsSnapshot, type IdEntry } from './id-columns.ts';
import { IdGeneration } from './id-generation.ts';
import type { NumberIds } from './seen-ids.ts';

/**
 * Ids in no order. They stand in two generations; the older one is thrown away whole when all of it lies behind the
 * horizon, and the younger one takes its place. So there is memory for about two stretches of (out-of-orderness +
 * lateness) of event time, some 60 bytes an id.
 */
export class ScatteredIds implements NumberIds {
  #younger = new IdGeneration();
  #older = new IdGeneration();
  /**
   * The greatest id that was admitted, by instrument: a greater one cannot be a repetition and need not be looked for.
   */
  #greatest = new Float64Array(0);

  append(instrument: number, id: number, eventTimeMs: number): boolean {
    if (instrument >= this.#greatest.length || !(id > this.#greatest[instrument])) return false;
    this.#greatest[instrument] = id;
    this.#younger.append(instrument, id, eventTimeMs);
    return true;
  }

  admit(instrument: number, { id, eventTimeMs }: IdEntry, horizonMs: number): boolean {
    if (instrument >= this.#greatest.length) this.#reserve(instrument);
    if (this.append(instrument, id, eventTimeMs)) return true;
    const entry = this.#younger.find(instrument, id);
    if (entry !== -1) {
      if (this.#younger.eventTimeOf(entry) >= horizonMs) return false;
      this.#younger.setEventTime(entry, eventTimeMs);
      return true;
    }
    const old = this.#older.find(instrument, id);
    if (old !== -1 && this.#older.eventTimeOf(old) >= horizonMs) return false;
    this.#younger.append(instrument, id, eventTimeMs);
    return true;
  }

  forget(horizonMs: number): void {
    if (this.#older.newestMs >= horizonMs || this.#younger.isEmpty) return;
    const forgotten = this.#older;
    this.#older = this.#younger;
    this.#younger = forgotten;
    forgotten.clear();
  }

  get size(): number {
    return this.#older.size + this.#younger.size;
  }

  save(horizonMs: number, symbolOf: (instrument: number) => string): IdColumnsSnapshot {
    const generations = [this.#older, this.#younger];
    const rows = generations.map((generation) => rowsByInstrument(generation, this.#greatest.length));
    const columns = new IdColumns(0);
    for (let instrument = 0; instrument < this.#greatest.length; instrument++) {
      const doubles: number[] = [];
      for (const [which, { order, starts }] of rows.entries()) {
        for (const row of order.subarray(starts[instrument], starts[instrument + 1])) {
          const eventTimeMs = generations[which].eventTimeOf(row);
          if (eventTimeMs >= horizonMs) doubles.push(generations[which].idOf(row), eventTimeMs);
        }
      }
      if (doubles.length === 0) continue;
      columns.startSymbol(symbolOf(instrument));
      columns.addDoubles(Float64Array.from(doubles));
    }
    return columns.snapshot();
  }

  #reserve(instrument: number): void {
    const grown = new Float64Array(Math.max(64, instrument * 2)).fill(-Infinity);
    grown.set(this.#greatest);
    this.#greatest = grown;
  }
}

/** Rows in the order of their instruments, by counting; those of instrument n begin at `starts[n]`. */
function rowsByInstrument(generation: IdGeneration, instruments: number): { order: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(instruments + 1);
  for (let row = 0; row < generation.size; row++) starts[generation.instrumentOf(row) + 1]++;
  for (let at = 1; at < starts.length; at++) starts[at] += starts[at - 1];
  const next = starts.slice();
  const order = new Int32Array(generation.size);
  for (let row = 0; row < generation.size; row++) order[next[generation.instrumentOf(row)]++] = row;
  return { order, starts };
}
