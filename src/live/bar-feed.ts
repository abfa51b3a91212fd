import { barState, type BarColumns } from '../model/bar.ts';
import type { BodyWriter } from './body-writer.ts';
import { barJson, prefixOf } from './encode.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';
import { Forming } from './forming.ts';
import { FeedRows } from './recent-rows.ts';

/** Bars of one instrument and spec: each row that was emitted, and the newest bar while it is forming. */
export class BarFeed implements Feed {
  readonly kind = 'bars';
  readonly instrument: NamedInstrument;
  readonly spec: number;
  readonly #context: FeedContext;
  readonly #prefix: string;
  readonly #rows: FeedRows;
  readonly #forming: Forming;

  constructor(instrument: NamedInstrument, spec: { readonly index: number; readonly name: string }, context: FeedContext) {
    this.instrument = instrument;
    this.spec = spec.index;
    this.#context = context;
    this.#prefix = prefixOf({ venue: instrument.venue, symbol: instrument.symbol, spec: spec.name });
    this.#rows = new FeedRows('bars', context);
    this.#forming = new Forming(instrument, context, (index) => {
      const newest = context.lanes.newestBar(index, this.spec);
      return newest?.state[0] === barState.forming ? barJson(this.#prefix, newest, 0) : null;
    });
  }

  get changedAt(): number {
    return Math.max(this.#forming.changedAt, this.#rows.changedAt);
  }

  get forgottenAt(): number {
    return this.#rows.forgottenAt;
  }

  /** Under the number of the newest change. */
  touch(): void {
    this.#forming.touch();
  }

  put(rows: BarColumns, row: number): void {
    this.#rows.put(rows.openTimeMs[row], rows.barIndex[row], barJson(this.#prefix, rows, row));
    this.touch(); // The bar that was forming is not any more.
  }

  writeSince(out: BodyWriter, since: number): void {
    this.#rows.writeSince(out, since);
    if (this.#forming.changedAt <= since) return;
    const forming = this.#forming.json();
    if (forming !== null) out.item('bars', forming);
  }

  /** The newest bar that may still change; where all are settled, the newest that was seen here. */
  writeSnapshot(out: BodyWriter): void {
    const { index } = this.instrument;
    const newest = index === -1 ? null : this.#context.lanes.newestBar(index, this.spec);
    if (newest === null) this.#rows.writeNewest(out);
    else out.item('bars', barJson(this.#prefix, newest, 0));
  }
}
