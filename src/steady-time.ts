/**
 * Time that never goes back: everything that waits for a moment, from the next checkpoint to the next probe of a database
 * that is away, would otherwise wait an hour longer when somebody sets the machine's clock back by an hour. A step forward
 * is followed at once. After a step back it runs at half the rate until the machine's clock has caught up: for two hours,
 * where that was an hour. It decides and never looks at a clock itself.
 */
export class SteadyTime {
  #nowMs = -Infinity;
  #elapsedMs = 0;

  /** `wallMs`: what the machine's clock says, ms since 1970 UTC; `elapsedMs`: of a clock that nobody can set. Whole ms. */
  nowMs(wallMs: number, elapsedMs: number): number {
    const slowedMs = this.#nowMs + (elapsedMs - this.#elapsedMs) / 2;
    this.#nowMs = Math.max(wallMs, slowedMs);
    this.#elapsedMs = elapsedMs;
    return Math.floor(this.#nowMs);
  }
}
