import type { BarColumns } from '../model/bar.ts';
import type { Gap } from '../model/gap.ts';
import type { IndicatorColumns } from '../model/indicator.ts';
import type { Channel, StreamAlert, StreamGap, StreamHealth } from '../model/stream.ts';
import type { TickBatch } from '../model/tick-batch.ts';
import { keyOf, type KnownNames } from './channels.ts';
import { NamedInstrument, type Feed, type FeedContext } from './feed.ts';
import { HealthFeed, ListFeed } from './list-feed.ts';
import { AllQuotesFeed, QuoteFeed, QuoteTexts } from './quote-feed.ts';
import { RowFeed } from './row-feed.ts';
import { barSeries, valueSeries } from './row-series.ts';
import { TradeFeed } from './trade-feed.ts';

/** A feed that somebody is subscribed to. */
export interface OpenFeed {
  readonly key: string;
  /** Distinguishes it from all others that are open. */
  readonly number: number;
  readonly feed: Feed;
  users: number;
}

/** Of one instrument. */
type NamedFeed = RowFeed<'bars'> | RowFeed<'values'> | TradeFeed | QuoteFeed;

function namedOf(feed: Feed): NamedFeed | null {
  const isNamed = feed instanceof RowFeed || feed instanceof TradeFeed || feed instanceof QuoteFeed;
  return isNamed ? feed as NamedFeed : null;
}

/** The feeds that somebody is subscribed to, each there once; and what comes is put into them. */
export class FeedBook {
  readonly #context: FeedContext;
  readonly #names: KnownNames;
  readonly #open = new Map<string, OpenFeed>();
  /** By instrument, and spec or line. */
  readonly #bars = new Map<number, RowFeed<'bars'>>();
  readonly #values = new Map<number, RowFeed<'values'>>();
  readonly #trades = new Map<number, TradeFeed>();
  /** Those whose instruments nobody has heard of yet. */
  readonly #unknown = new Set<NamedFeed>();
  readonly #quoteTexts: QuoteTexts;
  readonly #gaps: ListFeed;
  readonly #alerts: ListFeed;
  readonly #health: HealthFeed;
  #numberNext = 0;
  #instrumentsSeen = 0;

  constructor(context: FeedContext, names: KnownNames) {
    this.#context = context;
    this.#names = names;
    this.#quoteTexts = new QuoteTexts(context);
    this.#gaps = new ListFeed('gaps', context.changes);
    this.#alerts = new ListFeed('alerts', context.changes);
    this.#health = new HealthFeed(context.changes);
  }

  /** Of a channel that is not refused: one user more. */
  use(channel: Channel): OpenFeed {
    const key = keyOf(channel);
    let open = this.#open.get(key);
    if (open === undefined) {
      open = { key, number: this.#numberNext++, feed: this.#create(channel), users: 0 };
      this.#open.set(key, open);
    }
    open.users++;
    return open;
  }

  /** One user less. */
  leave(open: OpenFeed): void {
    if (--open.users > 0) return;
    this.#open.delete(open.key);
    const feed = namedOf(open.feed);
    if (feed === null) return;
    this.#unknown.delete(feed);
    const { index } = feed.instrument;
    switch (feed.kind) {
      case 'bars': this.#bars.delete(this.#barKey(index, feed.index)); return;
      case 'values': this.#values.delete(this.#valueKey(index, feed.index)); return;
      case 'trades': this.#trades.delete(index); return;
      case 'quotes':
    }
  }

  /** Feeds whose instruments have come since are theirs from now on. */
  findNew(): void {
    const { instruments } = this.#context;
    if (instruments.size === this.#instrumentsSeen) return;
    this.#instrumentsSeen = instruments.size;
    for (const feed of this.#unknown) this.#find(feed);
  }

  putTicks(ticks: TickBatch): void {
    if (this.#trades.size === 0) return;
    for (let index = 0; index < ticks.length; index++) this.#trades.get(ticks.instrument[index])?.put(ticks, index);
  }

  putBars(rows: BarColumns): void {
    if (this.#bars.size === 0) return;
    for (let row = 0; row < rows.length; row++) {
      this.#bars.get(this.#barKey(rows.instrument[row], rows.spec[row]))?.put(rows, row);
    }
  }

  putValues(rows: IndicatorColumns): void {
    if (this.#values.size === 0) return;
    for (let row = 0; row < rows.length; row++) {
      this.#values.get(this.#valueKey(rows.instrument[row], rows.line[row]))?.put(rows, row);
    }
  }

  /** Forming bars may be others from now on: they lack something, or another lane makes them. */
  touchBars(): void {
    for (const feed of this.#bars.values()) feed.touch();
    for (const feed of this.#values.values()) feed.touch();
  }

  putGap(gap: Gap): void {
    for (const item of gapsOf(gap, this.#context)) this.#gaps.put(item);
    if (gap.reason !== 'dropped-rows') this.touchBars(); // What was emitted and lost lacks no tick.
  }

  putAlert(alert: StreamAlert): void {
    this.#alerts.put(alert);
  }

  putHealth(health: StreamHealth): void {
    this.#health.put(health);
  }

  /** Every client has been told all changes up to this one. */
  toldUntil(change: number): void {
    for (const feed of this.#trades.values()) feed.toldUntil(change);
  }

  #create(channel: Channel): Feed {
    switch (channel.channel) {
      case 'bars': {
        const [instrument, spec] = [nameOf(channel), { index: this.#names.specs.indexOf(channel.spec), name: channel.spec }];
        return this.#find(new RowFeed(instrument, barSeries(instrument, spec, this.#context), this.#context));
      }
      case 'indicators': {
        const { lines, specs } = this.#names;
        const index = lines.findIndex((line) => line.barSpec === channel.spec && line.indicator === channel.indicator);
        const [instrument, line] = [nameOf(channel), { ...lines[index], index, spec: specs.indexOf(channel.spec) }];
        return this.#find(new RowFeed(instrument, valueSeries(instrument, line, this.#context), this.#context));
      }
      case 'trades': return this.#find(new TradeFeed(nameOf(channel), this.#context));
      case 'quotes': {
        const { venue, symbol } = channel;
        if (venue === undefined || symbol === undefined) {
          return new AllQuotesFeed(venue ?? null, this.#context, this.#quoteTexts);
        }
        return this.#find(new QuoteFeed(nameOf({ venue, symbol }), this.#context, this.#quoteTexts));
      }
      case 'gaps': return this.#gaps;
      case 'alerts': return this.#alerts;
      case 'health': return this.#health;
    }
  }

  /** Gives a feed its instrument, or keeps it until that has come. */
  #find<F extends NamedFeed>(feed: F): F {
    const { instrument } = feed;
    instrument.index = this.#context.instruments.find(instrument.venue, instrument.symbol);
    if (instrument.index === -1) {
      this.#unknown.add(feed);
      return feed;
    }
    this.#unknown.delete(feed);
    const named: NamedFeed = feed;
    switch (named.kind) {
      case 'bars': this.#bars.set(this.#barKey(instrument.index, named.index), named); break;
      case 'values': this.#values.set(this.#valueKey(instrument.index, named.index), named); break;
      case 'trades': this.#trades.set(instrument.index, named); break;
      case 'quotes':
    }
    return feed;
  }

  #barKey(instrument: number, spec: number): number {
    return instrument * this.#names.specs.length + spec;
  }

  #valueKey(instrument: number, line: number): number {
    return instrument * this.#names.lines.length + line;
  }
}

function nameOf({ venue, symbol }: { readonly venue: string; readonly symbol: string }): NamedInstrument {
  return new NamedInstrument(venue, symbol);
}

function gapsOf(gap: Gap, { instruments }: FeedContext): StreamGap[] {
  const { lane, fromMs, untilMs, reason, barSpec = '' } = gap;
  const stretch = { spec: barSpec, from_ms: fromMs, until_ms: untilMs, reason };
  if (gap.instruments === 'all') {
    const venue = gap.venue === 'all' ? '' : instruments.venueName(gap.venue);
    return [{ lane: lane.name, venue, symbol: '', ...stretch }];
  }
  return Array.from(gap.instruments, (instrument) => (
    { lane: lane.name, venue: instruments.venue(instrument), symbol: instruments.symbol(instrument), ...stretch }));
}
