import { barState, type BarColumns } from '../model/bar.ts';
import type { IndicatorColumns, IndicatorLine } from '../model/indicator.ts';
import type { BodyWriter } from './body-writer.ts';
import { barJson, prefixOf, valueJson } from './encode.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';
import { FeedRows } from './recent-rows.ts';

/** Bars of one instrument and spec: each row that was emitted, and the newest bar while it is forming. */
export class BarFeed implements Feed {
  readonly kind = 'bars';
  readonly instrument: NamedInstrument;
  readonly spec: number;
  readonly #context: FeedContext;
  readonly #prefix: string;
  readonly #rows: FeedRows;
  /** Something may have changed bars that are forming: a gap, or another lane. */
  #touchedAt: number;
  /** The newest bar as it was at change `#askedAt`; null where it is not forming. */
  #forming: Buffer | null = null;
  #askedAt = 0;

  constructor(instrument: NamedInstrument, spec: { readonly index: number; readonly name: string }, context: FeedContext) {
    this.instrument = instrument;
    this.spec = spec.index;
    this.#context = context;
    this.#prefix = prefixOf({ venue: instrument.venue, symbol: instrument.symbol, spec: spec.name });
    this.#rows = new FeedRows('bars', context);
    this.#touchedAt = context.changes.last;
  }

  get changedAt(): number {
    return Math.max(this.#formingAt(), this.#rows.changedAt);
  }

  get forgottenAt(): number {
    return this.#rows.forgottenAt;
  }

  /** Under the number of the newest change. */
  touch(): void {
    this.#touchedAt = this.#context.changes.last;
  }

  put(rows: BarColumns, row: number): void {
    this.#rows.put(rows.openTimeMs[row], rows.barIndex[row], barJson(this.#prefix, rows, row));
    this.touch(); // The bar that was forming is not any more.
  }

  writeSince(out: BodyWriter, since: number): void {
    this.#rows.writeSince(out, since);
    if (this.#formingAt() <= since) return;
    const forming = this.#newestForming();
    if (forming !== null) out.item('bars', forming);
  }

  /** The newest bar that may still change; where all are settled, the newest that was seen here. */
  writeSnapshot(out: BodyWriter): void {
    const { index } = this.instrument;
    const newest = index === -1 ? null : this.#context.lanes.newestBar(index, this.spec);
    if (newest === null) this.#rows.writeNewest(out);
    else out.item('bars', barJson(this.#prefix, newest, 0));
  }

  #formingAt(): number {
    const { index } = this.instrument;
    const tickAt = index === -1 ? 0 : this.#context.board.changedAtOf(index);
    return Math.max(tickAt, this.#touchedAt);
  }

  /** Asked and encoded once a change, however many clients want it. */
  #newestForming(): Buffer | null {
    if (this.#askedAt >= this.#formingAt()) return this.#forming;
    this.#askedAt = this.#context.changes.last;
    const { index } = this.instrument;
    const newest = index === -1 ? null : this.#context.lanes.newestBar(index, this.spec);
    const isForming = newest !== null && newest.state[0] === barState.forming;
    this.#forming = isForming ? barJson(this.#prefix, newest, 0) : null; // What is not was emitted.
    return this.#forming;
  }
}

/** Values of one line of an indicator on the bars of one instrument. */
export class ValueFeed implements Feed {
  readonly kind = 'values';
  readonly instrument: NamedInstrument;
  readonly line: number;
  readonly #prefix: string;
  readonly #rows: FeedRows;

  constructor(instrument: NamedInstrument, line: IndicatorLine & { readonly index: number }, context: FeedContext) {
    this.instrument = instrument;
    this.line = line.index;
    const { venue, symbol } = instrument;
    this.#prefix = prefixOf({ venue, symbol, spec: line.barSpec, indicator: line.indicator });
    this.#rows = new FeedRows('values', context);
  }

  get changedAt(): number {
    return this.#rows.changedAt;
  }

  get forgottenAt(): number {
    return this.#rows.forgottenAt;
  }

  put(rows: IndicatorColumns, row: number): void {
    this.#rows.put(rows.openTimeMs[row], rows.barIndex[row], valueJson(this.#prefix, rows, row));
  }

  writeSince(out: BodyWriter, since: number): void {
    this.#rows.writeSince(out, since);
  }

  writeSnapshot(out: BodyWriter): void {
    this.#rows.writeNewest(out);
  }
}
