import type { BarColumns } from '../model/bar.ts';
import { barState } from '../model/bar.ts';
import type { BarSpec } from '../model/bar-spec.ts';
import type { LaneView } from '../model/live.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import type { LaneWatch } from './lane-watch.ts';

/**
 * The last price of every instrument, by index; and what the day was worth that it is compared to. Kept whether somebody
 * looks or not: a client that comes sees prices at once. 56 bytes an instrument.
 */
export class QuoteBoard {
  /** Index of the spec whose closes prices are compared to. */
  readonly #daySpec: number;
  readonly #day: BarSpec;
  /** Number of the change that brought the last tick of any. */
  lastChange = 0;
  #changedAt = new Float64Array(1_024);
  price = new Float64Array(1_024);
  eventMs = new Float64Array(1_024).fill(-Infinity);
  receivedMs = new Float64Array(1_024);
  /** Open time and close of the two newest days: the newest may be that of the price itself. */
  #dayOpenMs = new Float64Array(2_048).fill(-Infinity);
  #dayClose = new Float64Array(2_048);

  /** `1d` where that is configured, else the longest spec. */
  constructor(specs: readonly BarSpec[]) {
    const longest = specs.reduce((best, spec) => (spec.intervalMs > best.intervalMs ? spec : best));
    this.#day = specs.find(({ name }) => name === '1d') ?? longest;
    this.#daySpec = specs.indexOf(this.#day);
  }

  /** Whose closes prices are compared to. */
  get daySpec(): string {
    return this.#day.name;
  }

  /** ONCE A TICK, whether somebody looks or not: the newest by event time stays, the later of two that are as new. */
  take(ticks: TickBatch, change: number, seen: { readonly view: LaneView; readonly lanes: LaneWatch }): void {
    const { instrument, price, eventTimeMs, receivedTimeMs, length } = ticks;
    const { view, lanes } = seen;
    this.lastChange = change;
    for (let index = 0; index < length; index++) {
      const id = instrument[index];
      if (id >= this.price.length) this.#reserve(id + 1);
      const isNew = this.#changedAt[id] !== change;
      this.#changedAt[id] = change;
      if (isNew) lanes.saw(view, id);
      if (eventTimeMs[index] < this.eventMs[id]) continue;
      this.price[id] = price[index];
      this.eventMs[id] = eventTimeMs[index];
      this.receivedMs[id] = receivedTimeMs;
    }
  }

  /** Number of the change that brought the last tick of an instrument; 0: none has come. */
  changedAtOf(instrument: number): number {
    return instrument < this.#changedAt.length ? this.#changedAt[instrument] : 0;
  }

  takeBars(rows: BarColumns): void {
    for (let row = 0; row < rows.length; row++) {
      if (rows.spec[row] !== this.#daySpec || rows.state[row] === barState.forming) continue;
      this.takeDay(rows.instrument[row], rows.openTimeMs[row], rows.close[row]);
    }
  }

  /** A day that closed; days that are older than the two newest are of no use. */
  takeDay(instrument: number, openMs: number, close: number): void {
    if (instrument >= this.price.length) this.#reserve(instrument + 1);
    const [newer, older] = [2 * instrument, 2 * instrument + 1];
    if (openMs > this.#dayOpenMs[newer]) {
      this.#dayOpenMs[older] = this.#dayOpenMs[newer];
      this.#dayClose[older] = this.#dayClose[newer];
      this.#dayOpenMs[newer] = openMs;
      this.#dayClose[newer] = close;
    } else if (openMs === this.#dayOpenMs[newer]) {
      this.#dayClose[newer] = close;
    } else if (openMs >= this.#dayOpenMs[older]) {
      this.#dayOpenMs[older] = openMs;
      this.#dayClose[older] = close;
    }
  }

  /** Close of the newest day before that of the last price; null where none is known. */
  previousClose(instrument: number): number | null {
    const openMs = this.#day.openAt(this.eventMs[instrument]);
    for (const at of [2 * instrument, 2 * instrument + 1]) {
      if (this.#dayOpenMs[at] > -Infinity && this.#dayOpenMs[at] < openMs) return this.#dayClose[at];
    }
    return null;
  }

  #reserve(count: number): void {
    const size = Math.max(count, 2 * this.price.length);
    this.#changedAt = grown(this.#changedAt, size);
    this.price = grown(this.price, size);
    this.eventMs = grown(this.eventMs, size).fill(-Infinity, this.eventMs.length);
    this.receivedMs = grown(this.receivedMs, size);
    const days = this.#dayOpenMs.length;
    this.#dayOpenMs = grown(this.#dayOpenMs, 2 * size).fill(-Infinity, days);
    this.#dayClose = grown(this.#dayClose, 2 * size);
  }
}

function grown(old: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const into = new Float64Array(size);
  into.set(old);
  return into;
}
