import type { Clock } from '../model/clock.ts';

/** By then the server listens, the store is known, and what a start compiles is compiled. */
const startMs = 8_000;
const lookMs = 1_000;
/** Of a second: a loop that has more to do makes garbage of its own, and is not to be held up for that of the start. */
const busyMax = 0.1;

export interface CollectOptions {
  /** Undefined where collecting cannot be asked for: Node offers it under --expose-gc. */
  readonly collect: (() => void) | undefined;
  /** The share of the time since the last call in which the event loop was at work. */
  readonly utilization: () => number;
  readonly clock: Clock;
}

/**
 * Collects once what the start has left, as soon as a second goes by with next to nothing to do. V8 waits for a heap to grow
 * before it looks at all of it: in a daemon that has little to do it keeps some 15 MiB of a start for ever.
 */
export async function collectStart({ collect, utilization, clock }: CollectOptions, abort: AbortSignal): Promise<void> {
  if (collect === undefined) return;
  await clock.wait(startMs, abort);
  do {
    utilization();
    await clock.wait(lookMs, abort);
    if (abort.aborted) return;
  } while (utilization() > busyMax);
  collect();
}
