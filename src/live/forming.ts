import type { FeedContext, NamedInstrument } from './feed.ts';

/** What follows from the newest bar of an instrument while it forms, as JSON: made once a change, however many want it. */
export class Forming {
  readonly #instrument: NamedInstrument;
  readonly #context: FeedContext;
  /** Null where the newest bar does not form: what it has come to was emitted. */
  readonly #make: (instrument: number) => Buffer | null;
  /** Something else than a tick may have changed it: a gap, a bar that has closed, another lane. */
  #touchedAt: number;
  #json: Buffer | null = null;
  #madeAt = 0;

  constructor(instrument: NamedInstrument, context: FeedContext, make: (instrument: number) => Buffer | null) {
    this.#instrument = instrument;
    this.#context = context;
    this.#make = make;
    this.#touchedAt = context.changes.last;
  }

  get changedAt(): number {
    const { index } = this.#instrument;
    const tickAt = index === -1 ? 0 : this.#context.board.changedAtOf(index);
    return Math.max(tickAt, this.#touchedAt);
  }

  /** Under the number of the newest change. */
  touch(): void {
    this.#touchedAt = this.#context.changes.last;
  }

  /** As it is now; null where there is none. Between two batches. */
  json(): Buffer | null {
    if (this.#madeAt < this.changedAt) {
      const { index } = this.#instrument;
      this.#json = index === -1 ? null : this.#make(index);
      this.#madeAt = this.#context.changes.last;
    }
    return this.#json;
  }
}
