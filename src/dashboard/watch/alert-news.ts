/*
 * Which alerts somebody at this machine has not seen yet. What the stream says is compared with the history that was asked
 * for first: so an alert of yesterday calls nobody, and one that came while the connection was lost does.
 */

/** A turn of an alert: it was triggered, or withdrawn. */
export interface Turn {
  readonly id: string;
  readonly state: 'triggered' | 'withdrawn';
  readonly rule_id: string;
  readonly symbol: string;
  readonly value: number;
  readonly words: string;
}

/** More are not counted one by one; the server's lists hold 100 too. */
const keptMax = 500;

export const turnKey = ({ id, state }: Pick<Turn, 'id' | 'state'>): string => `${id} ${state}`;

export interface SeenStore {
  /** Null: nobody has ever looked here. */
  read(): readonly string[] | null;
  write(keys: readonly string[]): void;
}

export class AlertNews {
  readonly #store: SeenStore;
  readonly #called: (news: readonly Turn[]) => void;
  readonly #listeners = new Set<() => void>();
  /** Null until the history is known. */
  #known: Set<string> | null = null;
  #early: Turn[] = [];
  #unseen: readonly Turn[] = [];

  /** `called` is given what is new, once, oldest first. */
  constructor(store: SeenStore, called: (news: readonly Turn[]) => void) {
    this.#store = store;
    this.#called = called;
  }

  /** Oldest first; the same list until it changes. */
  get unseen(): readonly Turn[] {
    return this.#unseen;
  }

  /** Takes the newest of the history, oldest first. What it holds the first time is not new, seen or not. */
  takeHistory(history: readonly Turn[]): void {
    if (this.#known !== null) return this.hear(history);
    const seen = this.#store.read();
    const seenKeys = new Set(seen ?? history.map(turnKey));
    if (seen === null) this.#store.write([...seenKeys]);
    this.#known = new Set([...seenKeys, ...history.map(turnKey)]);
    this.#setUnseen(history.filter((turn) => !seenKeys.has(turnKey(turn))));
    const early = this.#early;
    this.#early = [];
    this.hear(early);
  }

  /** Takes what the stream says; the same may be said many times. */
  hear(turns: readonly Turn[]): void {
    const known = this.#known;
    if (known === null) {
      this.#early = [...this.#early, ...turns].slice(-keptMax);
      return;
    }
    const news = turns.filter((turn) => !known.has(turnKey(turn)) && known.add(turnKey(turn)));
    if (news.length === 0) return;
    this.#setUnseen([...this.#unseen, ...news].slice(-keptMax));
    // Who was not called for an alert, because it came and went in one moment, is not called for its withdrawal.
    const worth = news.filter(({ id, state }) => state === 'triggered' || known.has(turnKey({ id, state: 'triggered' })));
    if (worth.length > 0) this.#called(worth);
  }

  /** Somebody looks at the list. */
  seeAll(): void {
    if (this.#known === null || this.#unseen.length === 0) return;
    this.#store.write([...this.#store.read() ?? [], ...this.#unseen.map(turnKey)].slice(-keptMax));
    this.#setUnseen([]);
  }

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #setUnseen(turns: readonly Turn[]): void {
    this.#unseen = turns;
    for (const listener of this.#listeners) listener();
  }
}
