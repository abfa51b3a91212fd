import { systemClock } from '../../../src/lifecycle.ts';
import type { Clock } from '../../../src/model/clock.ts';
import { SteadyTime } from '../../../src/steady-time.ts';

/** The system's clock on a machine whose time somebody sets while the program runs. Timers are not touched by that. */
export class SteppedClock implements Clock {
  readonly wait: Clock['wait'] = (ms, signal) => systemClock.wait(ms, signal);
  readonly yield: Clock['yield'] = () => systemClock.yield();
  readonly #time = new SteadyTime();
  #offMs = 0;
  /** Times that the clock was set, and the program has asked for the time since. */
  stepsSeen = 0;
  #isNew = false;

  step(ms: number): void {
    this.#offMs += ms;
    this.#isNew = true;
  }

  nowMs(): number {
    if (this.#isNew) this.stepsSeen++;
    this.#isNew = false;
    return this.#time.nowMs(Date.now() + this.#offMs, performance.now());
  }
}
