import type { Settings, ValuesOf } from '../model/setting.ts';

export const pacingSettings = {
  max_msgs_per_sec: {
    type: 'number', default: 0, min: 0, max: 1e9,
    doc: 'Ticks a second that a source may read on average; 0 means no limit. Only for sources that can be paused.',
  },
  burst: {
    type: 'number', default: 0, min: 0, max: 1e9,
    doc: 'Ticks that may come at once after a pause; 0 means one second of `max_msgs_per_sec`.',
  },
} as const satisfies Settings;

export type PacingSettings = ValuesOf<typeof pacingSettings>;

/**
 * A token bucket that decides and never sleeps: `take` says how long to wait. A batch larger than the burst waits for a
 * full bucket and leaves a debt, which the next one waits off: the average holds for batches of any size.
 */
export class TokenBucket {
  readonly #tokensPerMs: number;
  readonly #tokensMax: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(settings: PacingSettings, nowMs: number) {
    this.#tokensPerMs = settings.max_msgs_per_sec / 1_000;
    this.#tokensMax = settings.burst > 0 ? settings.burst : settings.max_msgs_per_sec;
    this.#tokens = this.#tokensMax;
    this.#filledAtMs = nowMs;
  }

  /** Takes `count` tokens and returns 0, or takes none and returns the ms until it is worth asking again. */
  take(count: number, nowMs: number): number {
    if (this.#tokensPerMs === 0) return 0;
    // A clock that steps back must not stop the flow: time only ever adds tokens.
    this.#tokens = Math.min(this.#tokensMax, this.#tokens + Math.max(0, nowMs - this.#filledAtMs) * this.#tokensPerMs);
    this.#filledAtMs = nowMs;
    const needed = Math.min(count, this.#tokensMax);
    if (this.#tokens < needed) return Math.ceil((needed - this.#tokens) / this.#tokensPerMs);
    this.#tokens -= count;
    return 0;
  }
}
