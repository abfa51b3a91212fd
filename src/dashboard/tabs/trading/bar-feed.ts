import type { Api } from '../../api.ts';
import { barOfApi, barOfStream, BarBook, gapOfApi, gapOfStream, isGapOf } from '../../bars.ts';
import type { Bar, Gap } from '../../bars.ts';
import { wordsOf } from '../../asked.ts';
import { priceDigits } from '../../instruments.ts';
import type { Session } from '../../session.tsx';
import { barKey, gapsKey } from '../../stream-keys.ts';
import { rolledBars } from './rolled-bars.ts';
import type { RolledBars } from './rolled-bars.ts';

/*
 * The bars of one instrument and spec: the stored ones, page by page as somebody scrolls back, and those of this moment as
 * the stream tells them. Where the stream may have missed something, the newest stored ones are asked for again, and until
 * they are here the hole is shown as one. Bars that nobody stores come from the server too, which makes them of stored ones;
 * that of this moment is made here (rolled-bars.ts).
 */

export interface Series {
  readonly venue: string;
  readonly symbol: string;
  readonly spec: string;
}

export interface BarFeedEvents {
  /** Bars from this index on are others, or new. */
  barsChanged(from: number): void;
  gapsChanged(): void;
  /** In words, or null when it is over. */
  faultChanged(fault: string | null): void;
}

/** A late trade changes bars that form or have just closed: what changes before so many was stored, and is waited for. */
export const momentBars = 16;

const pageBars = 600;
/** The digits of so many of the newest are looked at. */
const sampleBars = 50;
/** Late trades revise bars: this many behind the newest are asked again when something may have been missed. */
const lookBackBars = 120;
/** More than a screen holds, and what a browser draws without effort. Older ones are not loaded. */
const barsMax = 20_000;
/** Bars that the server makes may be others: by then what they are made of is stored, and many changes are one question. */
const askAgainMs = 2_000;

export class BarFeed {
  readonly #session: Session;
  readonly #api: Api;
  readonly #series: Series;
  readonly #events: BarFeedEvents;
  readonly #book = new BarBook();
  readonly #abort = new AbortController();
  #gaps: Gap[] = [];
  #hole: Gap | null = null;
  #isFailed = false;
  #madeFrom: string | null = null;
  #rolled: { readonly bars: RolledBars | null; readonly end: () => void } | null = null;
  /** The stream has bars of this very spec: the pipeline computes it, though nothing of it may be stored yet. */
  #isComputed = false;
  /** Open time of the newest window that a part has closed in. */
  #closedInMs = -Infinity;
  #again: { fromMs: number } | null = null;
  #older: 'unknown' | 'asking' | 'none' | { readonly until: string } = 'unknown';

  constructor(session: Session, series: Series, events: BarFeedEvents) {
    this.#session = session;
    this.#api = session.api;
    this.#series = series;
    this.#events = events;
  }

  get bars(): readonly Bar[] {
    return this.#book.bars;
  }

  /** Recorded ones, and the one that this page has while it catches up. */
  get gaps(): readonly Gap[] {
    return this.#hole === null ? this.#gaps : [...this.#gaps, this.#hole];
  }

  /** Whether the first page is here, or will not come. */
  get isLoaded(): boolean {
    return this.#older !== 'unknown';
  }

  /** Of which stored spec these bars are made; null where they are stored themselves, or computed by the pipeline. */
  get madeFrom(): string | null {
    return this.#isComputed ? null : this.#madeFrom;
  }

  /** Listens and loads until the returned function is called. */
  start(): () => void {
    const { live, stream } = this.#session;
    const ends = [
      stream.subscribe([{ channel: 'bars', ...this.#series }, { channel: 'gaps' }]),
      live.listen(barKey(this.#series), (bars) => {
        this.#isComputed = true;
        this.#endRolling();
        this.#take(bars.map(barOfStream));
      }),
      live.listen(gapsKey, (gaps) => this.#takeGaps(gaps.filter((gap) => this.#isOurs(gap)).map(gapOfStream))),
    ];
    void this.#loadFirst();
    return () => {
      this.#abort.abort();
      this.#endRolling();
      for (const end of ends) end();
    };
  }

  #endRolling(): void {
    this.#rolled?.end();
    this.#rolled = null;
  }

  /** Something may have been missed between these times of the server's clock. */
  async catchUp(fromMs: number, untilMs: number): Promise<void> {
    // The first page comes of now, if it comes; if it did not, it is asked for once more.
    if (!this.isLoaded) return this.#isFailed ? this.#loadFirst() : undefined;
    this.#hole = { fromMs, untilMs, reason: 'the connection was lost; what is missing here is being fetched' };
    this.#events.gapsChanged();
    await this.#try(async () => {
      await this.#loadNewest();
      await this.#rolled?.bars?.load();
      this.#hole = null;
    });
    this.#events.gapsChanged();
  }

  /** The page before the oldest bar, unless it is being asked for or there is none. */
  async loadOlder(): Promise<void> {
    const older = this.#older;
    if (typeof older === 'string' || this.bars.length >= barsMax) return;
    this.#older = 'asking';
    await this.#try(() => this.#loadBefore(older.until));
    if (this.#older === 'asking') this.#older = older;
  }

  async #loadFirst(): Promise<void> {
    this.#isFailed = false;
    await this.#try(() => this.#loadBefore(undefined));
  }

  async #loadBefore(until: string | undefined): Promise<void> {
    const { bars, next, made_from: madeFrom } = await this.#api.bars({
      ...this.#series, limit: pageBars, order: 'desc', ...(until === undefined ? {} : { until }),
    }, this.#abort.signal);
    if (until === undefined) this.#madeFrom = madeFrom ?? null;
    this.#older = next === null ? 'none' : { until: next };
    const oldest = bars.at(-1);
    if (oldest !== undefined) await this.#loadGaps(oldest.open_time, until);
    this.#take(bars.flatMap((bar) => barOfApi(bar) ?? []).toReversed(), true);
    if (until === undefined) await this.#roll();
  }

  /** Begins to make the bar of this moment, where nobody else does. */
  async #roll(): Promise<void> {
    const { madeFrom } = this;
    if (madeFrom === null || this.#rolled !== null || this.#abort.signal.aborted) return;
    const bars = rolledBars({
      session: this.#session, series: this.#series, madeFrom, abort: this.#abort.signal, gaps: () => this.gaps,
      changed: (changed) => this.#take(changed), partClosed: (openMs) => this.#lookAgain(openMs),
    });
    this.#rolled = { bars, end: bars?.start() ?? (() => {}) };
    await bars?.load();
  }

  /** A window is told by the server when the first part behind it has closed; until it is, each part that closes asks. */
  #lookAgain(openMs: number): void {
    const newestMs = this.bars.at(-1)?.openMs ?? openMs;
    const open = this.bars.slice(-3).find((bar) => bar.state !== 'closed' && bar.openMs < newestMs);
    if (open === undefined && openMs >= newestMs && openMs <= this.#closedInMs) return;
    this.#closedInMs = Math.max(this.#closedInMs, openMs);
    const fromMs = Math.min(openMs, open?.openMs ?? newestMs, this.#again?.fromMs ?? Infinity);
    if (this.#again === null) setTimeout(() => { void this.#loadAgain(); }, askAgainMs);
    this.#again = { fromMs };
  }

  async #loadAgain(): Promise<void> {
    const again = this.#again;
    this.#again = null;
    if (again !== null && !this.#abort.signal.aborted) await this.#try(() => this.#loadFrom(again.fromMs));
  }

  async #loadNewest(): Promise<void> {
    const known = this.bars.at(-lookBackBars) ?? this.bars[0];
    if (known === undefined) return this.#loadBefore(undefined);
    await this.#loadFrom(known.openMs);
  }

  async #loadFrom(fromMs: number): Promise<void> {
    let from: string | null = new Date(fromMs).toISOString();
    await this.#loadGaps(from, undefined);
    while (from !== null) {
      const { bars, next } = await this.#api.bars({ ...this.#series, from, limit: 5_000, order: 'asc' }, this.#abort.signal);
      this.#take(bars.flatMap((bar) => barOfApi(bar) ?? []));
      from = next;
    }
  }

  async #loadGaps(from: string, until: string | undefined): Promise<void> {
    const { venue, symbol } = this.#series;
    const query = { venue, symbol, from, limit: 1_000, ...(until === undefined ? {} : { until }) };
    const gaps = await this.#api.gaps(query, this.#abort.signal);
    this.#takeGaps(gaps.filter((gap) => this.#isOurs(gap)).map(gapOfApi));
  }

  #isOurs(gap: Series): boolean {
    return isGapOf(gap, this.#series, this.#madeFrom);
  }

  #take(bars: readonly Bar[], always = false): void {
    const from = this.#book.put(bars) ?? (always ? 0 : null);
    if (from === null) return;
    const sample = this.bars.slice(Math.max(from, this.bars.length - sampleBars));
    for (const { open, close } of sample) priceDigits(this.#series, open, close);
    this.#events.barsChanged(from);
  }

  #takeGaps(gaps: readonly Gap[]): void {
    const known = new Map(this.#gaps.map((gap) => [`${gap.fromMs} ${gap.reason}`, gap]));
    for (const gap of gaps) known.set(`${gap.fromMs} ${gap.reason}`, gap);
    if (gaps.length === 0) return;
    this.#gaps = [...known.values()].sort((one, other) => one.fromMs - other.fromMs);
    this.#events.gapsChanged();
  }

  async #try(load: () => Promise<void>): Promise<void> {
    try {
      await load();
      this.#events.faultChanged(null);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#isFailed = true;
      this.#events.faultChanged(wordsOf(error));
    }
  }
}
