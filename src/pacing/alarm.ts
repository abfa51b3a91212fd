import type { Clock } from '../model/clock.ts';

/** Without a reason of ours each abort would make an error with a stack. */
const stopped = Symbol('stopped');

/**
 * The timer of a loop that sleeps and is woken thousands of times a second. One that was set for an earlier time than is
 * asked for now stays set, and wakes the loop once too early: making a timer for each sleep costs more than that.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #dueAtMs = Infinity;
  #setting = new AbortController();

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Calls `wake` at `dueAtMs`, ms since 1970 UTC, or earlier; never, where that is Infinity. */
  set(dueAtMs: number, nowMs: number): void {
    if (dueAtMs >= this.#dueAtMs) return;
    this.stop();
    const setting = this.#setting = new AbortController();
    this.#dueAtMs = dueAtMs;
    void this.#clock.wait(dueAtMs - nowMs, setting.signal).then(() => {
      if (setting.signal.aborted) return;
      this.#dueAtMs = Infinity;
      this.#wake();
    });
  }

  stop(): void {
    if (this.#dueAtMs === Infinity) return;
    this.#setting.abort(stopped);
    this.#dueAtMs = Infinity;
  }
}
