import type { Clock } from '../model/clock.ts';
import type { PipelineStatus } from '../model/status.ts';

/** Samples in a look-back: a minute is looked back to within five seconds, and an hour takes no more memory. */
const samplesMax = 12;

/** The status of a while ago: what has changed since is recent. */
export class RecentStatus {
  readonly #status: () => PipelineStatus;
  readonly #lookBackMs: number;
  #samples: PipelineStatus[] = [];

  constructor(status: () => PipelineStatus, lookBackMs: number) {
    this.#status = status;
    this.#lookBackMs = lookBackMs;
  }

  /** Samples until `signal` fires. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.sample();
      await clock.wait(this.#lookBackMs / samplesMax, signal);
    }
  }

  /** Keeps the newest sample that is old enough, and all younger ones. */
  sample(): void {
    const status = this.#status();
    this.#samples.push(status);
    const oldEnough = this.#samples.findLastIndex((sample) => status.nowMs - sample.nowMs >= this.#lookBackMs);
    if (oldEnough > 0) this.#samples = this.#samples.slice(oldEnough);
  }

  /** The status of about `lookBackMs` before `nowMs`, or null while none is as old. */
  before(nowMs: number): PipelineStatus | null {
    const sample = this.#samples.findLast(({ nowMs: thenMs }) => nowMs - thenMs >= this.#lookBackMs);
    return sample ?? null;
  }
}
