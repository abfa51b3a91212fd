import type { Clock } from './model/clock.ts';
import type { Settings, ValuesOf } from './model/setting.ts';
import { SteadyTime } from './steady-time.ts';

export const shutdownSettings = {
  timeout_ms: {
    type: 'integer', default: 30_000, min: 1_000, max: 3_600_000, env: 'KAFKA_SHUTDOWN_TIMEOUT',
    doc: 'Time to drain after SIGTERM or SIGINT, in milliseconds. After three quarters of it what is left is given up ' +
      'and listed.',
  },
} as const satisfies Settings;

const steadyTime = new SteadyTime();

/** The real time, which never goes back: the one clock that everything else is handed. */
export const systemClock: Clock = {
  nowMs: () => steadyTime.nowMs(Date.now(), performance.now()),
  wait: (ms, signal) => new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    // Node fires a longer delay than 2^31 - 1 ms at once.
    const timer = setTimeout(done, Math.min(ms, 2_147_483_647));
    signal?.addEventListener('abort', done, { once: true });
  }),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
};

/**
 * How the daemon ends, left to right: running → draining → forced.
 *   running   nobody has asked.
 *   draining  sources stop on a record boundary; what is on its way goes on to the sinks.
 *   forced    three quarters of the deadline are gone, or somebody asked twice: what is left is given up and named.
 * SIGTERM closes no bar: an open one comes back from the log at the next start.
 */
export class Shutdown {
  readonly #drain = new AbortController();
  readonly #force = new AbortController();
  readonly #settings: ValuesOf<typeof shutdownSettings>;
  readonly #clock: Clock;
  #reason = '';

  constructor(settings: ValuesOf<typeof shutdownSettings>, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Fires when draining begins. */
  get drain(): AbortSignal {
    return this.#drain.signal;
  }

  /** Fires when waiting is over. */
  get force(): AbortSignal {
    return this.#force.signal;
  }

  get reason(): string {
    return this.#reason;
  }

  /** The first call starts draining, the second forces. */
  request(reason: string): void {
    if (this.#drain.signal.aborted) {
      this.forceNow(reason);
      return;
    }
    this.#reason = reason;
    this.#drain.abort();
    void this.#clock.wait(this.#settings.timeout_ms * 0.75, this.#force.signal).then(() => this.forceNow('the deadline'));
  }

  /** Stops at once. */
  forceNow(reason: string): void {
    if (this.#force.signal.aborted) return;
    this.#reason = this.#reason === '' ? reason : `${this.#reason}, then ${reason}`;
    this.#drain.abort();
    this.#force.abort();
  }

  /** Ends the deadline's timer once everything has ended by itself. */
  finish(): void {
    this.#force.abort();
  }
}

/**
 * Ends a process whose work is done, should something still keep it up: a library that waits for the answer of a server
 * that is frozen. The exit code stays what it is.
 */
export function endWithin(ms: number): void {
  setTimeout(() => process.exit(), ms).unref();
}
