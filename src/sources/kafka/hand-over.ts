interface Offer<T> {
  readonly item: T;
  readonly owner: object;
  readonly onTaken: () => void;
  readonly settle: (isTaken: boolean) => void;
}

/**
 * Where many loops hand items to one: an offer is settled once its item has been dealt with, that is when the one asks for
 * the next. Holds nothing else: what is offered waits with whoever offers it.
 */
export class HandOver<T> {
  readonly #offers = new Set<Offer<T>>();
  #wake: (() => void) | null = null;
  #isClosed = false;
  #error: Error | null = null;

  /**
   * Resolves true when the item has been dealt with, false when it was withdrawn or all was closed before it was taken.
   * `onTaken` is called in the moment from which on it cannot be withdrawn.
   */
  offer(item: T, onTaken: () => void, owner: object): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#offers.add({ item, owner, onTaken, settle });
      this.#wake?.();
    });
  }

  /** Gives back what this one has offered and nobody has taken. */
  withdraw(owner: object): void {
    for (const offer of this.#offers) {
      if (offer.owner === owner && this.#offers.delete(offer)) offer.settle(false);
    }
  }

  /** Ends the taking: what is still offered goes back. With an error it ends with that. */
  close(error: Error | null = null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#error = error;
    for (const offer of this.#offers) offer.settle(false);
    this.#offers.clear();
    this.#wake?.();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async *items(): AsyncGenerator<T, void> {
    while (!this.#isClosed) {
      const [offer] = this.#offers;
      if (offer === undefined) {
        await new Promise<void>((resolve) => { this.#wake = resolve; });
        continue;
      }
      this.#offers.delete(offer);
      offer.onTaken();
      try {
        yield offer.item;
      } finally {
        offer.settle(true); // Also to whoever wants no more after it.
      }
    }
    if (this.#error !== null) throw this.#error;
  }
}
