import { barState } from '../model/bar.ts';
import type { IndicatorColumns, IndicatorLine } from '../model/indicator.ts';
import type { BodyWriter } from './body-writer.ts';
import { prefixOf, valueJson } from './encode.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';
import { Forming } from './forming.ts';
import { FeedRows } from './recent-rows.ts';

export interface LinePlace extends IndicatorLine {
  /** Among all lines of the pipeline. */
  readonly index: number;
  /** Of its bars, among all specs. */
  readonly spec: number;
}

/** Values of one line of an indicator on the bars of one instrument: those of emitted bars, and that of the forming one. */
export class ValueFeed implements Feed {
  readonly kind = 'values';
  readonly instrument: NamedInstrument;
  readonly line: number;
  readonly #spec: number;
  readonly #context: FeedContext;
  readonly #prefix: string;
  readonly #rows: FeedRows;
  readonly #forming: Forming;

  constructor(instrument: NamedInstrument, line: LinePlace, context: FeedContext) {
    this.instrument = instrument;
    this.line = line.index;
    this.#spec = line.spec;
    this.#context = context;
    const { venue, symbol } = instrument;
    this.#prefix = prefixOf({ venue, symbol, spec: line.barSpec, indicator: line.indicator });
    this.#rows = new FeedRows('values', context);
    this.#forming = new Forming(instrument, context, (index) => this.#newest(index, barState.forming));
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

  put(rows: IndicatorColumns, row: number): void {
    this.#rows.put(rows.openTimeMs[row], rows.barIndex[row], valueJson(this.#prefix, rows, row));
    this.touch(); // It goes on from there.
  }

  writeSince(out: BodyWriter, since: number): void {
    this.#rows.writeSince(out, since);
    if (this.#forming.changedAt <= since) return;
    const forming = this.#forming.json();
    if (forming !== null) out.item('values', forming);
  }

  /** That of the newest bar that may still change; where all are settled, the newest that was seen here. */
  writeSnapshot(out: BodyWriter): void {
    const { index } = this.instrument;
    const newest = index === -1 ? null : this.#newest(index, null);
    if (newest === null) this.#rows.writeNewest(out);
    else out.item('values', newest);
  }

  /** Of the newest bar, where it is in this state; null: in whichever. */
  #newest(instrument: number, state: number | null): Buffer | null {
    const { lanes, changes } = this.#context;
    const values = lanes.newestValues(instrument, this.#spec, changes.last);
    if (values === null) return null;
    for (let row = 0; row < values.length; row++) {
      if (values.line[row] !== this.line) continue;
      return state === null || values.state[row] === state ? valueJson(this.#prefix, values, row) : null;
    }
    return null;
  }
}
