import type { BodyWriter } from './body-writer.ts';
import { prefixOf, quoteJson } from './encode.ts';
import type { Feed, FeedContext, NamedInstrument } from './feed.ts';

/** The quotes of instruments as JSON, each made once a change for all who want it. */
export class QuoteTexts {
  readonly #context: FeedContext;
  readonly #prefixes: (string | undefined)[] = [];
  readonly #texts: { readonly madeAt: number; readonly json: string }[] = [];

  constructor(context: FeedContext) {
    this.#context = context;
  }

  /** Of an instrument that has had a tick. */
  of(instrument: number): string {
    const { board, instruments } = this.#context;
    const changedAt = board.changedAtOf(instrument);
    const known = this.#texts[instrument];
    if (known !== undefined && known.madeAt >= changedAt) return known.json;
    const prefix = this.#prefixes[instrument] ??=
      prefixOf({ venue: instruments.venue(instrument), symbol: instruments.symbol(instrument) });
    const json = quoteJson(prefix, {
      price: board.price[instrument], previousClose: board.previousClose(instrument), eventMs: board.eventMs[instrument],
      receivedMs: board.receivedMs[instrument],
    });
    this.#texts[instrument] = { madeAt: changedAt, json };
    return json;
  }
}

/** The last price of one instrument. */
export class QuoteFeed implements Feed {
  readonly kind = 'quotes';
  readonly forgottenAt = 0;
  readonly instrument: NamedInstrument;
  readonly #context: FeedContext;
  readonly #texts: QuoteTexts;

  constructor(instrument: NamedInstrument, context: FeedContext, texts: QuoteTexts) {
    this.instrument = instrument;
    this.#context = context;
    this.#texts = texts;
  }

  get changedAt(): number {
    const { index } = this.instrument;
    return index === -1 ? 0 : this.#context.board.changedAtOf(index);
  }

  writeSince(out: BodyWriter, since: number): void {
    if (this.changedAt > since) out.item('quotes', this.#texts.of(this.instrument.index));
  }

  writeSnapshot(out: BodyWriter): void {
    this.writeSince(out, 0);
  }
}

/** The last prices of all instruments, or of all those of one venue. */
export class AllQuotesFeed implements Feed {
  readonly kind = 'quotes';
  readonly forgottenAt = 0;
  readonly #venue: string | null;
  readonly #context: FeedContext;
  readonly #texts: QuoteTexts;

  constructor(venue: string | null, context: FeedContext, texts: QuoteTexts) {
    this.#venue = venue;
    this.#context = context;
    this.#texts = texts;
  }

  get changedAt(): number {
    return this.#context.board.lastChange;
  }

  writeSince(out: BodyWriter, since: number): void {
    const { board, instruments } = this.#context;
    for (let instrument = 0; instrument < instruments.size; instrument++) {
      if (board.changedAtOf(instrument) <= since) continue;
      if (this.#venue !== null && instruments.venue(instrument) !== this.#venue) continue;
      out.item('quotes', this.#texts.of(instrument));
    }
  }

  writeSnapshot(out: BodyWriter): void {
    this.writeSince(out, 0);
  }
}
