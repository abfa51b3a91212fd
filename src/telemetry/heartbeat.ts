import type { Clock } from '../model/clock.ts';

/** Four a second show what an alert needs. Each wakes the process. */
export const beatMs = 250;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** At each beat. */
  readonly beat: () => void;
  /** So late was a beat, s. */
  readonly lagged: (seconds: number) => void;
}

/**
 * Beats with the event loop until `signal` fires, and tells how late each beat comes: whatever else waits for the loop waits
 * as long. A loop that stands still swallows beats, and each of them counts with what it would have waited, so that one long
 * stop weighs as much as it lasted (Tene's correction for coordinated omission, HdrHistogram
 * `recordValueWithExpectedInterval`).
 */
export async function beatWithTheLoop({ clock, beat, lagged }: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    beat();
    const dueAtMs = clock.nowMs() + beatMs;
    await clock.wait(beatMs, signal);
    if (signal.aborted) return;
    const lateMs = Math.max(0, clock.nowMs() - dueAtMs);
    lagged(lateMs / 1_000);
    for (let swallowedMs = lateMs - beatMs; swallowedMs > 0; swallowedMs -= beatMs) lagged(swallowedMs / 1_000);
  }
}
