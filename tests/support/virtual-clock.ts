import type { Clock } from '../../src/model/clock.ts';

interface Sleeper {
  readonly dueAtMs: number;
  readonly wake: () => void;
}

/** Time that passes only when a test says so: `advance` wakes whoever is due, in order. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  get sleepers(): number {
    return this.#sleepers.length;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        dueAtMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  yield(): Promise<void> {
    return Promise.resolve();
  }

  /** Lets `ms` pass; what each woken one does next happens before the next one wakes. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settled();
      const next = this.#sleepers.toSorted((a, b) => a.dueAtMs - b.dueAtMs)[0];
      if (next === undefined || next.dueAtMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
      next.wake();
    }
    this.#nowMs = untilMs;
    await settled();
  }
}

/** Everything that can go on without time passing has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
