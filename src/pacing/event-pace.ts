/**
 * Releases event time at a factor of real time: what happened `d` ms after the first tick is due `d / factor` ms after the
 * first release. Decides and never sleeps.
 */
export class EventPace {
  readonly #factor: number;
  #startedAtMs = 0;
  #firstEventMs: number | null = null;

  /** `factor`: 1 is real time, Infinity is as fast as it goes. */
  constructor(factor: number) {
    this.#factor = factor;
  }

  /** Ms until a batch whose newest event time is `eventTimeMs` is due; 0 when it is. */
  waitMs(eventTimeMs: number, nowMs: number): number {
    if (this.#factor === Infinity || !Number.isFinite(eventTimeMs)) return 0;
    if (this.#firstEventMs === null) {
      this.#firstEventMs = eventTimeMs;
      this.#startedAtMs = nowMs;
    }
    const dueMs = this.#startedAtMs + (eventTimeMs - this.#firstEventMs) / this.#factor;
    return Math.max(0, dueMs - nowMs);
  }
}
