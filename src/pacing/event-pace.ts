/** A jump beyond this is a poison time or a hole in the recording; nobody wants to wait it out. As `bars.max_jump_ms`. */
const jumpMsMax = 7 * 86_400_000;
/** So many batches in a row beyond the jump are the new time. */
const strayBatchesMax = 3;

/**
 * Releases event time at a factor of real time: what happened `d` ms after the first tick is due `d / factor` ms after the
 * first release. Decides and never sleeps.
 */
export class EventPace {
  readonly #factor: number;
  #startedAtMs = 0;
  #firstEventMs: number | null = null;
  #newestEventMs = -Infinity;
  #strayBatches = 0;

  /** `factor`: 1 is real time, Infinity is as fast as it goes. */
  constructor(factor: number) {
    this.#factor = factor;
  }

  /** Ms until a batch whose last tick happened at `eventTimeMs` is due; 0 when it is. Ask again after that wait. */
  waitMs(eventTimeMs: number, nowMs: number): number {
    if (this.#factor === Infinity || !Number.isFinite(eventTimeMs)) return 0;
    if (this.#firstEventMs === null) this.#startAt(eventTimeMs, nowMs);
    if (Math.abs(eventTimeMs - this.#newestEventMs) > jumpMsMax) {
      if (++this.#strayBatches < strayBatchesMax) return 0;
      this.#startAt(eventTimeMs, nowMs);
    }
    this.#strayBatches = 0;
    this.#newestEventMs = Math.max(this.#newestEventMs, eventTimeMs);
    return Math.max(0, this.#startedAtMs + (eventTimeMs - this.#firstEventMs!) / this.#factor - nowMs);
  }

  #startAt(eventTimeMs: number, nowMs: number): void {
    this.#firstEventMs = eventTimeMs;
    this.#newestEventMs = eventTimeMs;
    this.#startedAtMs = nowMs;
  }
}
