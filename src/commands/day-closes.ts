import type { Config } from '../config.ts';
import type { LiveHub } from '../live/hub.ts';
import type { Look } from '../pacing/rounds.ts';
import { readLastCloses, type LastClose } from '../store/last-closes.ts';
import type { Happenings } from '../telemetry/happenings.ts';
import type { OpenStore } from './store.ts';

/** Instruments of one question. */
const instrumentsMax = 1_000;

type Named = Pick<LastClose, 'venue' | 'symbol'>;

export interface DayClosesParts {
  readonly instruments: { readonly size: number; venue(instrument: number): string; symbol(instrument: number): string };
  readonly read: (instruments: readonly Named[], abort: AbortSignal) => Promise<readonly LastClose[]>;
  readonly seed: (close: LastClose) => void;
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

  /** In every round: asks for what has come since the last one that succeeded. */
  async look(abort: AbortSignal): Promise<void> {
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

export interface DayCloseLookParts {
  readonly config: Config;
  readonly store: OpenStore;
  readonly happenings: Pick<Happenings, 'lookFailed'>;
  readonly hub: LiveHub;
  readonly instruments: DayClosesParts['instruments'];
}

export function dayClosesLook({ config, store, happenings, hub, instruments }: DayCloseLookParts): Look {
  const deadlineMs = config.store.read_timeout_ms;
  const closes = new DayCloses({
    instruments, seed: (close) => hub.seedClose(close),
    read: (wanted, abort) => readLastCloses(
      store.readDatabase, { deadlineMs, abort }, { spec: hub.daySpec, instruments: wanted }),
  });
  return {
    look: (abort) => closes.look(abort),
    onFailure: (error) => happenings.lookFailed('What prices are compared to could not be read.', error),
  };
}
