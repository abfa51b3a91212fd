import type { TickBatch } from '../model/tick-batch.ts';
import type { BodyWriter } from './body-writer.ts';
import { prefixOf, tradeJson } from './encode.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';

/** As many as a message has of one instrument. */
const tradesMax = 100;
/** Counts of trades at so many changes: some 400 batches a second for the longest conflation, twice. */
const marksMax = 8_192;

/** Time and sales of one instrument: the newest trades, and how many there have been. */
export class TradeFeed implements Feed {
  readonly kind = 'trades';
  readonly forgottenAt = 0;
  readonly instrument: NamedInstrument;
  changedAt = 0;
  readonly #context: FeedContext;
  readonly #prefix: string;
  /** Rings: the trade with number n (the first is 0) is at n % tradesMax. */
  readonly #eventMs = new Float64Array(tradesMax);
  readonly #price = new Float64Array(tradesMax);
  readonly #size = new Float64Array(tradesMax);
  readonly #side = new Uint8Array(tradesMax);
  readonly #json: (Buffer | null)[] = Array.from({ length: tradesMax }, () => null);
  #count = 0;
  /** How many trades there had been behind a change, in order. */
  #marks: { readonly change: number; count: number }[] = [];
  /** What the first of them was preceded by. */
  #countBefore = 0;

  constructor(instrument: NamedInstrument, context: FeedContext) {
    this.instrument = instrument;
    this.#context = context;
    this.#prefix = prefixOf({ venue: instrument.venue, symbol: instrument.symbol });
  }

  /** Under the number of the newest change; its ticks come in the order of the log. */
  put(ticks: TickBatch, index: number): void {
    const at = this.#count % tradesMax;
    this.#eventMs[at] = ticks.eventTimeMs[index];
    this.#price[at] = ticks.price[index];
    this.#size[at] = ticks.size[index];
    this.#side[at] = ticks.side[index];
    this.#json[at] = null;
    this.#count++;
    const change = this.#context.changes.last;
    const newest = this.#marks.at(-1);
    if (newest !== undefined && newest.change === change) {
      newest.count = this.#count;
      return;
    }
    this.changedAt = change;
    this.#marks.push({ change, count: this.#count });
    if (this.#marks.length > marksMax) this.#cutMarks(marksMax / 2);
  }

  writeSince(out: BodyWriter, since: number): void {
    if (this.changedAt <= since) return;
    const told = this.#countAt(since);
    const from = Math.max(told, this.#count - tradesMax);
    out.tradesSkipped += from - told;
    this.#write(out, from);
  }

  writeSnapshot(out: BodyWriter): void {
    this.#write(out, Math.max(0, this.#count - tradesMax));
  }

  /** The newest mark of these stays: it says what the count was from there on. */
  toldUntil(change: number): void {
    const next = this.#marks.findIndex((mark) => mark.change > change);
    const isTold = next === -1 ? this.#marks.length - 1 : next - 1;
    if (isTold > 0) this.#cutMarks(isTold);
  }

  #cutMarks(count: number): void {
    this.#countBefore = this.#marks.splice(0, count).at(-1)!.count;
  }

  #countAt(change: number): number {
    return this.#marks.findLast((mark) => mark.change <= change)?.count ?? this.#countBefore;
  }

  #write(out: BodyWriter, from: number): void {
    for (let trade = from; trade < this.#count; trade++) {
      const at = trade % tradesMax;
      const json = this.#json[at] ??= tradeJson(this.#prefix, {
        eventMs: this.#eventMs[at], price: this.#price[at], size: this.#size[at], side: this.#side[at],
      });
      out.item('trades', json);
    }
  }
}
