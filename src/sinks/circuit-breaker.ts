import type { ValuesOf } from '../model/setting.ts';
import type { sinkBreakerSettings } from './settings.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';

/**
 * One breaker for all workers of a pool and one of its sinks.
 *
 *   closed     everybody may try. `failures` failed attempts in a row open it.
 *   open       nobody may try until `reset_ms` have passed; then the next who asks becomes the probe.
 *   half-open  the probe is on its way. If it succeeds the breaker closes, if it fails it opens again.
 *
 * It decides and never waits: time is an argument. cockatiel's and opossum's read the clock themselves, and neither can
 * probe sooner once the program drains.
 */
export class CircuitBreaker {
  readonly #settings: ValuesOf<typeof sinkBreakerSettings>;
  #state: BreakerState = 'closed';
  #failures = 0;
  #openedAtMs = 0;
  #draining = false;

  constructor(settings: ValuesOf<typeof sinkBreakerSettings>) {
    this.#settings = settings;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** How long the open breaker lets nobody through, ms. */
  get resetMs(): number {
    return this.#draining ? Math.min(this.#settings.drain_reset_ms, this.#settings.reset_ms) : this.#settings.reset_ms;
  }

  /** From now on it probes more often. */
  drain(): void {
    this.#draining = true;
  }

  /** 0: try now, and report the outcome. Otherwise ask again after this many ms, or when the state has changed. */
  waitMs(nowMs: number): number {
    if (this.#state === 'closed') return 0;
    if (this.#state === 'half-open') return this.resetMs;
    const dueInMs = this.#openedAtMs + this.resetMs - nowMs;
    if (dueInMs > 0) return dueInMs;
    this.#state = 'half-open';
    return 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#state = 'closed';
  }

  failed(nowMs: number): void {
    this.#failures++;
    if (this.#state === 'closed' && this.#failures < this.#settings.failures) return;
    this.#state = 'open';
    this.#openedAtMs = nowMs;
  }
}
