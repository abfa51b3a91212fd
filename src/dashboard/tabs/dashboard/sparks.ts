import type { Api } from '../../api.ts';
import { instrumentId } from '../../instrument-id.ts';
import type { Instrument } from '../../instruments.ts';

/*
 * The last hour of an instrument in as many closes. Rows come and go while somebody scrolls, so what was asked is kept, and
 * only a few are asked at a time: a list of a thousand must not be a flood of a thousand requests.
 */

const points = 60;
const askedAtOnceMax = 4;
/** The stored bars are asked again after so long; in between the newest price is the last point. */
const keptMs = 60_000;

interface Kept {
  readonly closes: readonly number[];
  readonly askedMs: number;
}

export class Sparks {
  readonly #api: Api;
  readonly #kept = new Map<string, Kept>();
  readonly #waiting = new Map<string, () => Promise<void>>();
  readonly #listeners = new Map<string, () => void>();
  #asking = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  closesOf(instrument: Instrument): readonly number[] | undefined {
    return this.#kept.get(instrumentId(instrument))?.closes;
  }

  /** Asks for its closes where they are not there or old, and calls when they came. Returns what ends it. */
  want(instrument: Instrument, came: () => void): () => void {
    const id = instrumentId(instrument);
    this.#listeners.set(id, came);
    const kept = this.#kept.get(id);
    if (kept === undefined || Date.now() - kept.askedMs > keptMs) {
      this.#waiting.set(id, () => this.#ask(instrument));
      this.#next();
    }
    return () => {
      this.#listeners.delete(id);
      this.#waiting.delete(id);
    };
  }

  #next(): void {
    const [entry] = this.#waiting;
    if (entry === undefined || this.#asking >= askedAtOnceMax) return;
    this.#waiting.delete(entry[0]);
    this.#asking++;
    void entry[1]().finally(() => {
      this.#asking--;
      this.#next();
    });
  }

  async #ask(instrument: Instrument): Promise<void> {
    const { venue, symbol, specs } = instrument;
    const spec = specs.includes('1m') ? '1m' : specs[0];
    if (spec === undefined) return;
    const id = instrumentId(instrument);
    const page = await this.#api.bars({ venue, symbol, spec, limit: points, order: 'desc' }).catch(() => null);
    const closes = page?.bars.flatMap(({ close }) => (close === null ? [] : [close])).toReversed() ?? [];
    this.#kept.set(id, { closes, askedMs: Date.now() });
    this.#listeners.get(id)?.();
  }
}
