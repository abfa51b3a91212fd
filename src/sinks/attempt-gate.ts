import type { Clock } from '../model/clock.ts';
import type { ValuesOf } from '../model/setting.ts';
import { CircuitBreaker, type BreakerState } from './circuit-breaker.ts';
import type { sinkBreakerSettings, sinkRetrySettings } from './settings.ts';
import type { Sink } from './sink.ts';

export interface AttemptGateOptions {
  readonly retry: ValuesOf<typeof sinkRetrySettings>;
  readonly breaker: ValuesOf<typeof sinkBreakerSettings>;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onBreakerChanged: (state: BreakerState) => void;
}

/** A sink, and where those wait who write to it. */
export interface GatedSink {
  readonly sink: Sink;
  readonly gate: AttemptGate;
}

/** Where the workers of a pool wait: before an attempt for the breaker, after a failed one for their turn. */
export class AttemptGate {
  readonly #options: AttemptGateOptions;
  readonly #breaker: CircuitBreaker;
  #wake = new AbortController();
  #aborted = false;
  #draining = false;

  constructor(options: AttemptGateOptions) {
    this.#options = options;
    this.#breaker = new CircuitBreaker(options.breaker);
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** Resolves true when an attempt may be made; its outcome must be reported. False after `abort`. */
  async enter(): Promise<boolean> {
    const { clock } = this.#options;
    while (!this.#aborted) {
      const waitMs = this.#observed(() => this.#breaker.waitMs(clock.nowMs()));
      if (waitMs === 0) return true;
      await clock.wait(waitMs, this.#wake.signal);
    }
    return false;
  }

  /** The other side answered, whatever it said. */
  succeeded(): void {
    this.#observed(() => this.#breaker.succeeded());
  }

  failed(): void {
    this.#observed(() => this.#breaker.failed(this.#options.clock.nowMs()));
  }

  /** Full jitter, so that workers that failed together do not come back together. `failures` counts from 1. */
  async backOff(failures: number): Promise<void> {
    const { retry, clock, random } = this.#options;
    const longestMs = this.#draining ? Math.min(retry.max_ms, this.#breaker.resetMs) : retry.max_ms;
    const waitMs = random() * Math.min(longestMs, retry.base_ms * retry.multiplier ** (failures - 1));
    if (!this.#aborted) await clock.wait(waitMs, this.#wake.signal);
  }

  /** From now on nobody waits for long. */
  drain(): void {
    this.#draining = true;
    this.#breaker.drain();
    this.#wakeAll();
  }

  /** From now on nobody waits. */
  abort(): void {
    this.#aborted = true;
    this.#wakeAll();
  }

  #observed<T>(step: () => T): T {
    const before = this.#breaker.state;
    const result = step();
    if (this.#breaker.state !== before) {
      this.#options.onBreakerChanged(this.#breaker.state);
      this.#wakeAll();
    }
    return result;
  }

  #wakeAll(): void {
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort();
  }
}
