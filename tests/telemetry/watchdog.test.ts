import { describe, expect, it } from 'vitest';
import { Watchdog } from '../../src/telemetry/watchdog.ts';
import { eventually } from '../support/eventually.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** The loop stands still: no timer, no socket, no promise has its turn. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function watchdogOf(clock: VirtualClock, numbers = '{}'): Watchdog {
  return new Watchdog({
    stallMs: 600_000, pipeline: 'test', file: null, numbers: () => numbers, died: (error) => { throw error; }, clock,
  });
}

describe('the watchdog', () => {
  it('tells for a minute that the loop stood still, and counts the time', async () => {
    const clock = new VirtualClock();
    const watchdog = watchdogOf(clock);
    await eventually(() => {
      watchdog.beat();
      standStill(1_600); // Again while its thread is still starting.
      watchdog.beat();
      return watchdog.status().longestStallMs > 0;
    });
    const { longestStallMs, stalledMs } = watchdog.status();
    expect(longestStallMs).toBeGreaterThanOrEqual(1_000);
    expect(stalledMs).toBeGreaterThanOrEqual(longestStallMs);
    await clock.advance(61_000);
    watchdog.beat();
    expect(watchdog.status().longestStallMs).toBe(0);
    expect(watchdog.status().stalledMs).toBeGreaterThanOrEqual(stalledMs);
    await watchdog.close();
  });

  it('lives with numbers that are larger than its board', async () => {
    const clock = new VirtualClock();
    const watchdog = watchdogOf(clock, JSON.stringify('x'.repeat(100_000)));
    watchdog.beat();
    expect(watchdog.status()).toEqual({ longestStallMs: 0, stalledMs: 0 });
    await watchdog.close();
  });
});
