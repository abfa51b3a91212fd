import type { Clock } from '../model/clock.ts';
import type { LastClose } from '../store/last-closes.ts';

const lookEveryMs = 1_000;
/** Instruments of one question. */
const instrumentsMax = 1_000;

type Named = Pick<LastClose, 'venue' | 'symbol'>;

export interface DayClosesParts {
  readonly instruments: { readonly size: number; venue(instrument: number): string; symbol(instrument: number): string };
  readonly read: (instruments: readonly Named[], abort: AbortSignal) => Promise<readonly LastClose[]>;
  readonly seed: (close: LastClose) => void;
  readonly onFailure: (error: unknown) => void;
  readonly clock: Clock;
}

/**
 * Tells the live hub what the last stored day of each instrument closed at, once it is heard of: what a price has changed by
 * is known before a day of this run has closed.
 */
export class DayCloses {
  readonly #parts: DayClosesParts;
  #asked = 0;

  constructor(parts: DayClosesParts) {
    this.#parts = parts;
  }

  /** Until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted) {
      await this.#look(abort).catch((error: unknown) => {
        if (!abort.aborted) this.#parts.onFailure(error);
      });
      await this.#parts.clock.wait(lookEveryMs, abort);
    }
  }

  async #look(abort: AbortSignal): Promise<void> {
    const { instruments, read, seed } = this.#parts;
    while (this.#asked < instruments.size && !abort.aborted) {
      const until = Math.min(instruments.size, this.#asked + instrumentsMax);
      const wanted = Array.from({ length: until - this.#asked }, (_, index) => (
        { venue: instruments.venue(this.#asked + index), symbol: instruments.symbol(this.#asked + index) }));
      for (const close of await read(wanted, abort)) seed(close);
      this.#asked = until;
    }
  }
}
