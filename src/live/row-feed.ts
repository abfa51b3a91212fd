import { barState, type BarColumns } from '../model/bar.ts';
import type { IndicatorColumns } from '../model/indicator.ts';
import type { BodyWriter } from './body-writer.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';
import { FeedRows } from './recent-rows.ts';

interface ColumnsOf {
  readonly bars: BarColumns;
  readonly values: IndicatorColumns;
}

/** Told of one row after the other. */
export type SeeRow<K extends keyof ColumnsOf> = (rows: ColumnsOf[K], row: number) => void;

/** What rows are of, and how they are told. */
export interface RowSeries<K extends keyof ColumnsOf> {
  readonly kind: K;
  /** A bar spec, or a line of an indicator, among all of the pipeline. */
  readonly index: number;
  jsonOf(rows: ColumnsOf[K], row: number): Buffer;
  /** Shows the rows of the newest bar of an instrument and of each that forms, from older to newer. Between two batches. */
  showNewest(instrument: number, see: SeeRow<K>): void;
}

/** A row of a bar that may still change. */
interface NewestRow {
  readonly openMs: number;
  readonly isForming: boolean;
  /** Another one where a tick has changed it. */
  readonly position: number;
  /** Number of the change with which it was seen to be what it is. */
  readonly changedAt: number;
  readonly json: Buffer;
}

/**
 * Bars of one instrument and spec, or values of one line on them: each row that was emitted, and those of bars that form.
 * The watermark lets several form at a time: what they are is asked for when a client is due, and each is told when it has
 * changed itself.
 */
export class RowFeed<K extends keyof ColumnsOf> implements Feed {
  readonly kind: K;
  readonly instrument: NamedInstrument;
  /** That of its series. */
  readonly index: number;
  readonly #series: RowSeries<K>;
  readonly #context: FeedContext;
  readonly #emitted: FeedRows;
  /** As they were at the change `#seenAt`. */
  #newest: readonly NewestRow[] = [];
  #seenAt = 0;
  /** Something else than a tick may have changed them: a gap, a bar that has closed, another lane. */
  #touchedAt: number;

  constructor(instrument: NamedInstrument, series: RowSeries<K>, context: FeedContext) {
    this.kind = series.kind;
    this.instrument = instrument;
    this.index = series.index;
    this.#series = series;
    this.#context = context;
    this.#emitted = new FeedRows(series.kind, context);
    this.#touchedAt = context.changes.last;
  }

  get changedAt(): number {
    return Math.max(this.#newestChangedAt, this.#emitted.changedAt);
  }

  get forgottenAt(): number {
    return this.#emitted.forgottenAt;
  }

  /** Under the number of the newest change. */
  touch(): void {
    this.#touchedAt = this.#context.changes.last;
  }

  put(rows: ColumnsOf[K], row: number): void {
    this.#emitted.put(rows.openTimeMs[row], rows.barIndex[row], this.#series.jsonOf(rows, row));
    this.touch(); // That bar does not form any more, and values of later ones go on from there.
  }

  writeSince(out: BodyWriter, since: number): void {
    this.#emitted.writeSince(out, since);
    if (this.#newestChangedAt <= since) return;
    for (const { isForming, changedAt, json } of this.#newestRows()) {
      if (isForming && changedAt > since) out.item(this.kind, json);
    }
  }

  /** Of the newest bar that may still change and each that forms; where all are settled, the newest that was seen here. */
  writeSnapshot(out: BodyWriter): void {
    const newest = this.#newestRows();
    if (newest.length === 0) this.#emitted.writeNewest(out);
    for (const { json } of newest) out.item(this.kind, json);
  }

  /** Some of them may have changed then, and none has since. */
  get #newestChangedAt(): number {
    const { index } = this.instrument;
    const tickAt = index === -1 ? 0 : this.#context.board.changedAtOf(index);
    return Math.max(tickAt, this.#touchedAt);
  }

  #newestRows(): readonly NewestRow[] {
    const { index } = this.instrument;
    if (this.#seenAt >= this.#newestChangedAt || index === -1) return this.#newest;
    const newest: NewestRow[] = [];
    this.#series.showNewest(index, (rows, row) => newest.push(this.#newestRow(rows, row)));
    this.#newest = newest;
    this.#seenAt = this.#context.changes.last;
    return newest;
  }

  /** The one that was seen before, where nothing of it has changed. */
  #newestRow(rows: ColumnsOf[K], row: number): NewestRow {
    const [openMs, position, isForming] = [rows.openTimeMs[row], rows.position[row], rows.state[row] === barState.forming];
    const known = this.#newest.find((one) => one.openMs === openMs && one.isForming === isForming);
    if (known !== undefined && known.position === position && this.#touchedAt <= this.#seenAt) return known;
    const json = this.#series.jsonOf(rows, row);
    const isSame = known?.json.equals(json) === true;
    return { openMs, isForming, position, json, changedAt: isSame ? known.changedAt : this.#context.changes.last };
  }
}
